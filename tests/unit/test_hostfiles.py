"""What a guest may read of the host, and that it is nothing else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mpy_harness.board.hostfiles import HostFiles
from tests.powers import files_as_anybody


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder to offer, with something worth protecting in and beside it."""
    offered = tmp_path / "offered"
    (offered / "sub" / ".git").mkdir(parents=True)
    (offered / "sub" / ".git" / "config").write_bytes(b"secret")
    (offered / "sub" / "data").write_bytes(b"data")
    (offered / ".env").write_bytes(b"secret")
    (offered / "plain").write_bytes(b"plain")
    (tmp_path / "beside").write_bytes(b"secret")
    (tmp_path / "offered-too").mkdir()
    (tmp_path / "offered-too" / "file").write_bytes(b"secret")
    (offered / "out").symlink_to(tmp_path / "beside")
    (offered / "up").symlink_to("..")
    (offered / "to-hidden").symlink_to(".env")
    (offered / "inside").symlink_to("sub/data")
    (offered / "circle").symlink_to("circle")
    (offered / "dangling").symlink_to("nothing")
    os.mkfifo(offered / "pipe")
    return offered


@pytest.fixture
def files(place: Path) -> HostFiles:
    return HostFiles([place])


def test_sizes_and_contents(files):
    assert files.answer(b"s/plain") == b"+5"
    assert files.answer(b"r/plain") == b"+plain"
    assert files.answer(b"s/sub") == b"+-1"
    assert files.answer(b"s/") == b"+-1"
    assert files.answer(b"r/sub") == b"-"
    assert files.answer(b"r/sub/data") == b"+data"
    assert files.answer(b"r/inside") == b"+data"
    assert files.answer(b"r//sub//data") == b"+data"
    assert files.answer(b"s/nothing") == b"-"


def test_listing(files):
    names = files.answer(b"l/")[1:].split(b"\n")
    assert {b"fplain", b"dsub", b"finside"} <= set(names)
    assert not {b"fout", b"dup", b"fto-hidden", b"f.env"} & set(names)
    assert names == sorted(names, key=lambda line: line[1:])
    assert files.answer(b"l/sub") == b"+fdata"
    assert files.answer(b"l/nothing") == b"+"


@pytest.mark.parametrize(
    "path",
    ["/../beside", "/sub/../../beside", "/up/beside", "/out", "/../offered-too/file", "/.env", "/sub/.git/config",
     "/sub/../.env", "/./.env", "/to-hidden", "/up/offered/.env", "/circle", "/dangling", "/pipe", "//etc/passwd",
     "/plain/", "/plain\0", "\0", "/\0/../beside", "beside", "../beside", "", "/" + "a" * 300, "/sub" * 2000],
)  # fmt: skip
@pytest.mark.parametrize("kind", [b"s", b"r", b"l"])
def test_no_way_out(files, path, kind):
    answer = files.answer(kind + path.encode())
    assert b"secret" not in answer
    assert b"config" not in answer
    assert b"beside" not in answer
    if kind == b"r" and path != "/plain/":
        assert answer == b"-"


def test_hidden_folders_are_not_listed(files):
    assert files.answer(b"l/sub/.git") == b"+"
    assert files.answer(b"l/up") == b"+"


@pytest.mark.parametrize("question", [b"", b"x", b"w/plain", b"d/plain", b"r", b"\xff\xfe", b"r/\xff\xfe"])
def test_questions_that_make_no_sense_change_nothing(files, place, question):
    before = sorted(place.rglob("*"))
    assert files.answer(question)[:1] in {b"-", b"+"}
    assert b"plain" not in files.answer(question)
    assert sorted(place.rglob("*")) == before


def test_the_first_root_goes_first(place, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "plain").write_bytes(b"other")
    (other / "more").write_bytes(b"more")
    both = HostFiles([place, other])
    assert both.answer(b"r/plain") == b"+plain"
    assert both.answer(b"r/more") == b"+more"
    assert both.answer(b"l/").count(b"plain") == 1
    assert b"fmore" in both.answer(b"l/")


def test_mounts(place, tmp_path):
    mounted = HostFiles([place], {"extra": tmp_path / "offered-too"})
    assert mounted.answer(b"r/extra/file") == b"+secret"  # offered: no secret
    assert mounted.answer(b"l/extra") == b"+ffile"
    names = mounted.answer(b"l/")[1:].split(b"\n")
    assert {b"dextra", b"fplain", b"finside", b"dsub"} <= set(names)
    assert not {b"fcircle", b"fdangling", b"fpipe", b"fout", b"dup"} & set(names)
    assert mounted.answer(b"s/extra") == b"+-1"
    for path in (b"/extra/../plain", b"/extra/../../beside", b"/extra/.."):
        assert mounted.answer(b"r" + path) == b"-"
    only = HostFiles((), {"extra": tmp_path / "offered-too"})
    assert only.answer(b"l/") == b"+dextra"
    assert only.answer(b"s/plain") == b"-"
    assert HostFiles((), {"extra": tmp_path / "gone"}).answer(b"s/extra") == b"-"


def test_mounted_files(place, tmp_path):
    outside = tmp_path / "offered-too" / "file"
    folders = {"built": {"one.mpy": outside, "two.mpy": tmp_path / "gone"}, "extra": tmp_path / "offered-too", "no": {}}
    mounted = HostFiles([place], folders)
    assert mounted.imports == ["/built", "/extra", "/no"]
    assert mounted.answer(b"s/built") == mounted.answer(b"s/no") == b"+-1"
    assert mounted.answer(b"l/built") == b"+fone.mpy\nftwo.mpy"
    assert mounted.answer(b"l/no") == mounted.answer(b"l/built/one.mpy") == b"+"
    assert {b"dbuilt", b"dextra", b"dno", b"fplain"} <= set(mounted.answer(b"l/")[1:].split(b"\n"))
    assert mounted.answer(b"s/built/one.mpy") == b"+6"
    assert mounted.answer(b"r/built/one.mpy") == mounted.answer(b"r//built//one.mpy") == b"+secret"
    for path in ("", "/two.mpy", "/file", "/.", "/..", "/../beside", "/one.mpy/..", "/one.mpy/x", "/../plain", "\0"):
        assert mounted.answer(b"r/built" + path.encode()) == b"-"
    assert mounted.answer(b"x/built/one.mpy") == b"-"


def test_odd_names_do_not_hide_the_others(place):
    for name in (b"\xff\xfe", b"two\nlines"):
        Path(os.fsdecode(bytes(place) + b"/" + name)).write_bytes(b"x")
    (place / "ä €").write_bytes(b"umlaut")
    names = HostFiles([place]).answer(b"l/")[1:].split(b"\n")
    assert "fä €".encode() in names
    assert b"fplain" in names
    assert b"lines" not in names
    assert HostFiles([place]).answer("r/ä €".encode()) == b"+umlaut"


def test_nothing_offered():
    nothing = HostFiles()
    assert nothing.answer(b"l/") == b"+"
    assert nothing.answer(b"s/") == b"-"
    assert nothing.answer(b"r/etc/passwd") == b"-"


def test_what_we_may_not_read(files, place):
    (place / "plain").chmod(0)
    with files_as_anybody():
        assert files.answer(b"r/plain") == b"-"
