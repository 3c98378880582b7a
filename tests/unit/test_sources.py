"""Where sources come from, with real archives and a real HTTP server on this machine."""

from __future__ import annotations

import hashlib
import io
import multiprocessing
import os
import shutil
import socket
import subprocess
import tarfile
import tempfile
from pathlib import Path

import pytest

from mpy_harness.errors import HashMismatch, SourceUnavailable
from mpy_harness.firmware import cache, debian, download, sources
from mpy_harness.firmware.progress import Silent
from mpy_harness.firmware.releases import Release, release
from tests.unit.answering import Server

CONFIG = (
    "#define MICROPY_VERSION_MAJOR 1\n#define MICROPY_VERSION_MINOR 99\n"
    "#define MICROPY_VERSION_MICRO 2\n#define MICROPY_VERSION_PRERELEASE 0\n"
)


@pytest.fixture(autouse=True)
def _private_cache(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv(cache.ENVIRONMENT, str(tmp_path / "cache"))
    monkeypatch.delenv(sources.ENVIRONMENT, raising=False)


def tree(folder: Path, config: str = CONFIG) -> Path:
    for name, text in {
        "py/mpconfig.h": config,
        "tools/run.py": "#!/usr/bin/env python3\n",
        "lib/libm/math.c": "",
        "lib/btstack/big.c": "",
        "docs/index.rst": "",
    }.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (folder / "tools/run.py").chmod(0o755)
    return folder


def archive(path: Path, folder: Path, **more: str) -> Path:
    """Pack ``folder`` as ``path``, with ``more`` members (name: text) as they are named."""
    with tarfile.open(path, "w:xz") as tar:
        tar.add(folder, "micropython-1.99.2")
        for name, text in more.items():
            member = tarfile.TarInfo(name)
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text.encode()))
    return path


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def address(server: Server) -> str:
    return f"http://127.0.0.1:{server.server_port}/micropython-1.99.2.tar.xz"


def pinned(url: str, upstream_sha256: str) -> Release:
    return Release("1.99.2", 0, url, upstream_sha256, "1.99.2+ds-1", "0" * 64)


def test_what_is_downloaded_is_checked_and_unpacked_without_what_is_not_built(server, tmp_path):
    packed = archive(tmp_path / "a.tar.xz", tree(tmp_path / "tree"), **{"micropython-1.99.2/../../escape": "x"})
    server.answers = [(200, packed.read_bytes())]
    entry = tmp_path / "entry"
    entry.mkdir()
    sources._fetch(pinned(address(server), sha256(packed)), entry, Silent())
    source = sources._load(entry)
    files = sorted(str(path.relative_to(source.path)) for path in source.path.rglob("*") if path.is_file())
    assert files == ["lib/libm/math.c", "py/mpconfig.h", "tools/run.py"]
    assert os.access(source.path / "tools/run.py", os.X_OK)
    assert not list(tmp_path.rglob("escape"))
    assert (source.version, source.sha256) == ("1.99.2", cache.hash_tree(source.path))
    assert source.origin.startswith("upstream release archive micropython-1.99.2.tar.xz")
    assert not (entry / "downloads").exists()


def test_a_download_with_the_wrong_hash_is_refused_with_both_hashes(server, tmp_path):
    server.answers = [(200, b"<html>Please log in</html>")]
    wrong = hashlib.sha256(b"<html>Please log in</html>").hexdigest()
    with pytest.raises(HashMismatch) as caught:
        sources._fetch(pinned(address(server), "a" * 64), tmp_path, Silent())
    assert "a" * 64 in str(caught.value)
    assert wrong in str(caught.value)


def test_a_given_archive_with_the_wrong_hash_is_refused_with_both_hashes(tmp_path):
    packed = archive(tmp_path / "micropython-1.26.1.tar.xz", tree(tmp_path / "tree"))
    with pytest.raises(HashMismatch) as caught:
        sources.micropython_source("1.26.1", given=packed)
    assert release("1.26.1").upstream_sha256 in str(caught.value)
    assert sha256(packed) in str(caught.value)
    assert not (tmp_path / "cache").exists()


def test_a_server_error_is_tried_once_more(server, tmp_path):
    server.answers = [(503, b""), (200, b"content")]
    assert download.fetch(address(server), tmp_path / "file", Silent()).read_bytes() == b"content"
    assert server.requests == 2


@pytest.mark.parametrize(("status", "requests"), [(404, 1), (503, 2)])
def test_a_lasting_error_names_the_address_and_leaves_no_file(server, tmp_path, status, requests):
    server.answers = [(status, b"gone")]
    with pytest.raises(SourceUnavailable, match=rf"127\.0\.0\.1.*{status}"):
        download.fetch(address(server), tmp_path / "file", Silent())
    assert server.requests == requests
    assert list(tmp_path.iterdir()) == []


def test_a_refused_connection_is_unavailable(tmp_path):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # bound, but nobody listens
        port = unused.getsockname()[1]
        with pytest.raises(SourceUnavailable, match="Connection refused"):
            download.fetch(f"http://127.0.0.1:{port}/file", tmp_path / "file", Silent())


def test_a_tree_of_no_release_has_the_date_of_its_commit(tmp_path):
    given = tree(tmp_path / "given", CONFIG.replace("PRERELEASE 0", "PRERELEASE 1"))
    os.utime(given / "py/mpconfig.h", (1_600_000_000, 1_600_000_000))
    source = sources.micropython_source("1.99.2-preview", given=given)
    assert (source.version, source.released) == ("1.99.2-preview", 1_600_000_000)
    env = {**os.environ, "GIT_COMMITTER_DATE": "1700000000 +0200"}
    name = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
    for command in (["init", "-q"], ["add", "py"], [*name, "commit", "-q", "-m", "x"]):
        subprocess.run(["git", *command], cwd=given, env=env, check=True, timeout=60)
    (given / "py" / "new.c").touch()  # another tree: the first one is in the cache with its date
    assert sources.micropython_source("1.99.2-preview", given=given).released == 1_700_000_000


def test_a_release_has_its_date_wherever_it_comes_from(tmp_path):
    config = CONFIG.replace("MINOR 99", "MINOR 28").replace("MICRO 2", "MICRO 0")
    source = sources.micropython_source("1.28.0", given=tree(tmp_path / "given", config))
    assert source.released == release("1.28.0").released == 1_775_481_169


def test_an_archive_without_a_known_date_has_that_of_its_files(tmp_path):
    folder = tree(tmp_path / "tree")
    os.utime(folder, (1_650_000_000, 1_650_000_000))
    packed = archive(tmp_path / "a.tar.xz", folder)
    known = Release("1.99.2", None, "http://127.0.0.1/a.tar.xz", sha256(packed))
    source = sources._from_archive(packed, known, Silent())
    assert source.released == 1_650_000_000
    assert known.hashes == {"a.tar.xz": sha256(packed)}


def test_when_no_origin_has_it_every_one_and_the_way_out_are_told(server, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))  # no apt-get there
    server.answers = [(404, b"")]
    with pytest.raises(SourceUnavailable) as caught:
        sources._fetch(pinned(address(server), "a" * 64), tmp_path, Silent())
    message = str(caught.value)
    assert "upstream release archive: http://127.0.0.1" in message
    assert "Debian source package: apt-get is not installed" in message
    assert "--micropython PATH or MPY_HARNESS_MICROPYTHON=PATH" in message


def test_a_given_folder_is_copied_and_a_change_in_it_makes_another_copy(tmp_path):
    folder = tree(tmp_path / "mine")
    (folder / "ports/qemu/build-X").mkdir(parents=True)
    (folder / "ports/qemu/build-X/main.o").write_text("")
    (folder / "lib/btstack/.git").write_text("gitdir: ../../.git/modules/lib/btstack\n")
    first = sources.micropython_source("1.99.2", given=folder)
    assert not first.path.is_relative_to(folder)
    assert not (first.path / "ports").exists()
    assert (first.path / "lib/btstack/big.c").is_file()  # its submodules stay
    assert not (first.path / "lib/btstack/.git").exists()
    assert first.origin == f"given folder {folder}"
    assert sources.micropython_source("1.99.2", given=folder).path == first.path
    (folder / ".mpy-harness/console").mkdir(parents=True)
    (folder / ".mpy-harness/console/m33-0.log").write_text("what a test run in the tree leaves there")
    assert sources.micropython_source("1.99.2", given=folder).path == first.path
    (folder / "tools/run.py").write_text("pass\n")
    second = sources.micropython_source("1.99.2", given=folder)
    assert second.sha256 != first.sha256
    assert second.path != first.path


def test_the_environment_variable_gives_a_folder(tmp_path, monkeypatch):
    monkeypatch.setenv(sources.ENVIRONMENT, str(tree(tmp_path / "mine")))
    assert sources.micropython_source("1.99.2").origin == f"given folder {tmp_path / 'mine'}"


@pytest.mark.parametrize(
    ("prepare", "message"),
    [
        (lambda folder: folder.mkdir(), "is not a source tree of MicroPython: it has no py/mpconfig.h"),
        (lambda folder: tree(folder, CONFIG.replace("99", "98")), "is MicroPython 1.98.2, but 1.99.2 is needed"),
        (lambda folder: tree(folder, CONFIG.replace("PRERELEASE 0", "PRERELEASE 1")), "1.99.2-preview"),
        (lambda _: None, "does not exist: give a folder or an archive of MicroPython 1.99.2"),
    ],
)
def test_a_given_path_that_is_not_that_version_is_refused(tmp_path, prepare, message):
    prepare(tmp_path / "mine")
    with pytest.raises(SourceUnavailable, match=message):
        sources.micropython_source("1.99.2", given=tmp_path / "mine")


def test_an_unknown_version_says_which_are_pinned():
    with pytest.raises(
        SourceUnavailable, match=r"no archive of MicroPython 0\.1\.0 is pinned here \(pinned: 1\.25\.0, .*1\.29\.0\)"
    ):
        sources.micropython_source("0.1.0")


def _fetch_as_nobody(folder: str, results: multiprocessing.SimpleQueue[str]) -> None:
    try:
        if os.getuid() == 0:
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
        os.environ["HOME"] = "/nonexistent"
        os.chdir("/")
        found = debian.fetch(release("1.26.1"), Path(folder), Silent())
        sources.verify(found, release("1.26.1").debian_sha256)
        results.put(f"{found.name} {os.getuid()}")
    except Exception as error:  # noqa: BLE001 - reported by the parent
        results.put(f"failed: {error!r}")


@pytest.mark.skipif(shutil.which("apt-get") is None, reason="no apt")
def test_debian_mirrors_are_found_before_apt_has_any_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sources_list, lists, parts = tmp_path / "sources.list", tmp_path / "lists", tmp_path / "parts"
    lists.mkdir()
    parts.mkdir()
    sources_list.write_text(
        "deb http://mirror.example/debian bookworm main\n"
        "deb http://mirror.example/debian bookworm-updates main\n"
        "deb http://mirror.example/debian-security bookworm-security main\n"
        "deb https://packages.example/apt stable main\n"
    )
    places = {"State::Lists": lists, "Etc::SourceList": sources_list, "Etc::SourceParts": parts}
    settings = tmp_path / "apt.conf"
    settings.write_text("".join(f'Dir::{name} "{place}";\n' for name, place in places.items()))
    monkeypatch.setenv("APT_CONFIG", str(settings))
    assert debian._mirrors() == ["http://mirror.example/debian"]
    sources_list.write_text("deb https://packages.example/apt stable main\n")
    assert debian._mirrors() == []


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("apt-get") is None or not debian._mirrors(), reason="no apt with a Debian mirror")
@pytest.mark.skipif(not Path("/").stat().st_mode & 0o001, reason="the root folder is closed to other users")
def test_the_debian_source_comes_without_root_and_leaves_nothing_else():
    machine = {path: path.stat().st_mtime_ns for path in Path("/var/lib/apt").glob("*")}
    # Not in the temporary folder of this run, which is closed to other users.
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        if os.getuid() == 0:
            os.chown(folder, 65534, 65534)
        context = multiprocessing.get_context("fork")
        results = context.SimpleQueue()
        child = context.Process(target=_fetch_as_nobody, args=(folder, results))
        child.start()
        child.join(300)
        result = results.get()
        assert result == f"micropython_1.26.1+ds.orig.tar.xz {os.getuid() or 65534}"
        assert [path.name for path in Path(folder).iterdir()] == ["micropython_1.26.1+ds.orig.tar.xz"]
    assert {path: path.stat().st_mtime_ns for path in Path("/var/lib/apt").glob("*")} == machine
