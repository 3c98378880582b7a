"""Measurements that nobody means well with: each is refused in little memory and time.

Each command may have so much memory that it does not come to an end without the limit that it tests.
"""

from __future__ import annotations

import io
import os
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from mpy_harness.errors import MeasurementsInvalid
from mpy_harness.limits import FOLDER_DEPTH, RUN_NAMES
from mpy_harness.measurements.archives import read_members
from mpy_harness.measurements.run import parse_run
from tests.bounded import bounded_command

HEAD = b'{"format": "mpy-harness measurements 1", "created": "2026-11-21T00:00:00Z", "measurements": ['
MEBIBYTES = 700  # of which Python and its packages take 160
NOT_COMPARED = 2


def zipped(files: dict[str, bytes]) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return data.getvalue()


def refused(*arguments: object, cwd: Path | None = None, mebibytes: int = MEBIBYTES) -> str:
    """Return why ``compare`` refused its arguments, and fail if it did anything else."""
    done = bounded_command("compare", *arguments, mebibytes=mebibytes, cwd=cwd)
    assert done.returncode == NOT_COMPARED, done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (HEAD + b"0," * 15_000_000 + b"0]}", "holds more than 1,500,000 values"),
        (HEAD + b"0," * 1_400_000 + b"0]}", r"measurements.0: Input should be an object"),
        (HEAD + b"{}," * 1_400_000 + b"{}]}", r"measurements.0.target: Field required"),
        (HEAD + b'{"parts":[' + b"0," * 1_400_000 + b"0]}]}", r"measurements.0"),
        (b"{" + b",".join(b'"%d":0' % number for number in range(1_400_000)) + b"}", f"more than {RUN_NAMES:,} names"),
        (
            b'{"provenance":{' + b",".join(
                b'"t%d":{%s}' % (n, b",".join(b'"%d":0' % name for name in range(1000))) for n in range(1400)
            ) + b"}}",
            f"more than {RUN_NAMES:,} names",
        ),
        (b"[" * 30_000_000, "nested too deep"),
    ],
    ids=["numbers", "fewer-numbers", "objects", "parts", "names", "names-of-targets", "deep"],
)  # fmt: skip
def test_a_small_archive_of_a_large_file_that_is_wrong_everywhere(content, why, tmp_path):
    (tmp_path / "run.zip").write_bytes(zipped({"run.json": content}))
    assert (tmp_path / "run.zip").stat().st_size < 8_000_000
    assert why in refused(tmp_path / "run.zip", tmp_path / "run.zip")


def test_an_archive_whose_directory_is_all_that_is_in_it(tmp_path):
    entry = b"PK\x01\x02" + bytes(24) + b"\1\0" + bytes(16) + b"x"
    directory = entry * 1_300_000
    end = b"PK\x05\x06" + bytes(4) + b"\xff\xff" * 2 + len(directory).to_bytes(4, "little") + bytes(6)
    (tmp_path / "run.zip").write_bytes(b"PK\x03\x04" + directory + end)
    assert "holds more than 1000 files" in refused(tmp_path / "run.zip", tmp_path / "run.zip")


def test_files_of_an_archive_are_counted_together():
    with pytest.raises(MeasurementsInvalid, match="64 MiB in all"):
        read_members(zipped({f"{name}.json": bytes(22 << 20) for name in "abc"}), lambda _: True, "an archive")


def test_many_names_of_one_blob_are_not_read(tmp_path):
    def git(*arguments: str, given: bytes | None = None) -> str:
        done = subprocess.run(
            ["git", *arguments], cwd=tmp_path, input=given, capture_output=True, timeout=60, check=True
        )
        return done.stdout.decode().strip()

    git("init", "-q", "-b", "main")
    blob = git("hash-object", "-w", "--stdin", given=b" " * (31 << 20))
    names = "".join(f"100644 blob {blob}\t{number}.json\n" for number in range(250))
    folder = git("mktree", given=names.encode())
    top = git("mktree", given=f"040000 tree {folder}\tbaselines\n".encode())
    who = ("-c", "user.name=somebody", "-c", "user.email=somebody@example.org")
    git("update-ref", "HEAD", git(*who, "commit-tree", "-m", "many", top))
    assert "is too large, or one of too many" in refused("HEAD", "HEAD", cwd=tmp_path, mebibytes=400)


def test_names_without_end_in_a_commit(tmp_path):
    def git(*arguments: str, given: bytes | None = None) -> str:
        done = subprocess.run(
            ["git", *arguments], cwd=tmp_path, input=given, capture_output=True, timeout=60, check=True
        )
        return done.stdout.decode().strip()

    git("init", "-q", "-b", "main")
    inner = git("mktree", given=f"100644 blob {git('hash-object', '-w', '--stdin', given=b'{}')}\tx.txt\n".encode())
    for _ in range(9):  # ten to the ninth files
        inner = git("mktree", given="".join(f"040000 tree {inner}\t{name}\n" for name in range(10)).encode())
    top = git("mktree", given=f"040000 tree {inner}\tbaselines\n".encode())
    who = ("-c", "user.name=somebody", "-c", "user.email=somebody@example.org")
    git("update-ref", "HEAD", git(*who, "commit-tree", "-m", "many", top))
    assert "printed more than 16 MiB" in refused("HEAD", "HEAD", cwd=tmp_path)


@pytest.fixture
def deep(tmp_path: Path) -> Iterator[Path]:
    """A folder that is deeper than a path can be written, and than pytest can remove."""
    here = os.open(tmp_path, os.O_RDONLY)
    for _ in range(3000):
        os.mkdir("d", dir_fd=here)
        inner = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inner
    os.close(here)
    yield tmp_path / "d"
    subprocess.run(["rm", "-rf", tmp_path / "d"], timeout=60, check=True)


def test_folders_in_folders(deep):
    assert f"folders more than {FOLDER_DEPTH} deep" in refused(deep, deep)


def test_text_that_is_no_utf8_or_another_encoding():
    for data in ("{}".encode("utf-16"), b'{"\xff": 1}'):
        with pytest.raises(MeasurementsInvalid, match="Invalid JSON"):
            parse_run(data, "x")
