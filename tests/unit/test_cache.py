"""The cache: whole or nothing, made by one process, swept after a kill. The makers are real processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mpy_harness.errors import MachineryError
from mpy_harness.firmware import cache
from tests.powers import files_as_anybody

# Makes entry `key`: says "begun" in a file, leaves a half-written file for `seconds`, then completes.
MAKER = """
import os, sys, time
from pathlib import Path
from mpy_harness.firmware import cache

key, seconds, diary = sys.argv[1], float(sys.argv[2]), Path(sys.argv[3])

def build(folder):
    (folder / "image").write_text("half")
    with diary.open("a") as file:
        file.write(f"begun {os.getpid()}\\n")
    time.sleep(seconds)
    (folder / "image").write_text("whole")

print(cache.build_once("things", key, build))
"""


@pytest.fixture
def root(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv(cache.ENVIRONMENT, str(tmp_path / "cache"))
    return tmp_path / "cache"


def maker(key: str, seconds: float, diary: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", MAKER, key, str(seconds), str(diary)], stdout=subprocess.PIPE, text=True
    )


def wait_for(diary: Path, begun: int = 1, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if diary.is_file() and diary.read_text().count("begun") >= begun:
            return
        time.sleep(0.01)
    pytest.fail(f"no maker began within {seconds} s")


def write(text: str):
    return lambda folder: (folder / "image").write_text(text) and None


def test_an_entry_is_made_once_and_then_found(root):
    calls: list[Path] = []
    for _ in range(2):
        assert cache.build_once("things", "k", calls.append) == root / "things" / "k"
    assert cache.entry("things", "k") == root / "things" / "k"
    assert len(calls) == 1


def test_force_makes_it_anew(root):
    cache.build_once("things", "k", write("old"))
    path = cache.build_once("things", "k", write("new"), force=True)
    assert (path / "image").read_text() == "new"
    assert list((root / "things").glob(".part-*")) == []


def test_a_failing_builder_leaves_nothing(root):
    def fail(folder: Path) -> None:
        (folder / "image").write_text("half")
        raise MachineryError("no compiler")

    with pytest.raises(MachineryError, match="no compiler"):
        cache.build_once("things", "k", fail)
    assert cache.entry("things", "k") is None
    assert list((root / "things").glob(".part-*")) == []
    assert (cache.build_once("things", "k", write("whole")) / "image").read_text() == "whole"


def test_a_failing_forced_build_keeps_the_old_entry(root):
    cache.build_once("things", "k", write("old"))

    def fail(_: Path) -> None:
        raise MachineryError("no compiler")

    with pytest.raises(MachineryError):
        cache.build_once("things", "k", fail, force=True)
    assert (root / "things" / "k" / "image").read_text() == "old"


def test_two_processes_at_once_make_it_once(root, tmp_path):
    diary = tmp_path / "diary"
    makers = [maker("k", 0.5, diary) for _ in range(2)]
    outputs = [process.communicate(timeout=60)[0] for process in makers]
    assert [process.returncode for process in makers] == [0, 0]
    assert outputs[0] == outputs[1] == f"{root / 'things' / 'k'}\n"
    assert diary.read_text().count("begun") == 1
    assert (root / "things" / "k" / "image").read_text() == "whole"


@pytest.mark.parametrize("next_key", ["k", "another"])
def test_a_killed_maker_leaves_no_entry_and_its_part_is_swept(root, tmp_path, next_key):
    diary = tmp_path / "diary"
    killed = maker("k", 60, diary)
    wait_for(diary)
    os.kill(killed.pid, signal.SIGKILL)
    killed.communicate(timeout=30)
    assert cache.entry("things", "k") is None
    assert len(list((root / "things").glob(".part-k-*"))) == 1

    path = cache.build_once("things", next_key, write("whole"))
    assert (path / "image").read_text() == "whole"
    assert list((root / "things").glob(".part-*")) == []


def test_the_part_of_a_living_maker_is_left_alone(root, tmp_path):
    diary = tmp_path / "diary"
    process = maker("slow", 1.0, diary)
    wait_for(diary)
    cache.build_once("things", "quick", write("whole"))
    assert process.communicate(timeout=60)[0]
    assert process.returncode == 0
    assert (root / "things" / "slow" / "image").read_text() == "whole"


def test_waiting_for_another_process_is_said(root, tmp_path):
    said = []

    class Recorder:
        def stage(self, message: str) -> None:
            said.append(message)

        def detail(self, message: str) -> None:
            pass

    diary = tmp_path / "diary"
    process = maker("k", 2.0, diary)
    wait_for(diary)
    cache.build_once("things", "k", write("mine"), progress=Recorder())
    process.communicate(timeout=60)
    assert said == ["waiting for another process that makes this entry of things"]
    assert (root / "things" / "k" / "image").read_text() == "whole"


def test_a_cache_folder_that_make_cannot_use_is_refused(monkeypatch, tmp_path):
    monkeypatch.setenv(cache.ENVIRONMENT, str(tmp_path / "my cache"))
    with pytest.raises(MachineryError, match=r"has ' ' in its path.*Set MPY_HARNESS_CACHE"):
        cache.cache_root()


def test_a_cache_folder_that_cannot_be_made_is_named(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(cache.ENVIRONMENT, str(tmp_path / "file" / "cache"))
    with pytest.raises(MachineryError, match=r"cannot be made.*Set MPY_HARNESS_CACHE"):
        cache.build_once("things", "k", write("whole"))


def test_a_tree_hash_sees_names_contents_and_modes_but_not_caches_of_python(tmp_path):
    (tmp_path / "a").write_text("1")
    first = cache.hash_tree(tmp_path)
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "a.pyc").write_text("2")
    assert cache.hash_tree(tmp_path) == first
    (tmp_path / "a").chmod(0o755)
    executable = cache.hash_tree(tmp_path)
    (tmp_path / "a").rename(tmp_path / "b")
    renamed = cache.hash_tree(tmp_path)
    (tmp_path / "b").write_text("2")
    assert len({first, executable, renamed, cache.hash_tree(tmp_path)}) == 4


def test_an_entry_is_found_for_each_set_of_files_that_was_read(root, tmp_path):
    """Two folders of one name and one key: their builds read different files, and neither forgets the other's."""

    def build(folder: Path, name: str) -> Path:
        def reading(to: Path) -> list[Path]:
            (to / "image").write_text(name)
            return [folder / name]

        return cache.build_from_inputs("things", "k", reading, anchor=folder, project=folder)

    folders = {}
    for name in ("one", "two"):
        folders[name] = tmp_path / name / "same"
        folders[name].mkdir(parents=True)
        (folders[name] / name).write_text("")
    made = {name: build(folder, name) for name, folder in folders.items()}
    for name, folder in folders.items():
        assert cache.entry_from_inputs("things", "k", folder) == made[name]
        assert (made[name] / "image").read_text() == name


def test_a_folder_that_was_listed_counts_by_the_names_in_it(root, tmp_path):
    listed = tmp_path / "listed"
    listed.mkdir()
    (listed / "a").write_text("a")
    first = cache.build_from_inputs("things", "k", lambda _: [listed], anchor=tmp_path, project=tmp_path)
    (listed / "a").write_text("changed")
    (listed / ".a.swp").write_text("an editor's")
    assert cache.entry_from_inputs("things", "k", tmp_path) == first
    (listed / "b").write_text("")
    assert cache.entry_from_inputs("things", "k", tmp_path) is None


def test_a_disk_without_room_is_told_and_leaves_nothing(root):
    limited = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"  # for a disk that is full
    code = f"""{limited}
from mpy_harness.errors import MachineryError
from mpy_harness.firmware import cache
try:
    cache.build_once("things", "k", lambda folder: (folder / "image").write_bytes(bytes(100_000)))
except MachineryError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert f"the cache folder {root / 'things'} cannot be written: File too large. Make room there" in done.stdout
    assert list((root / "things").glob(".part-*")) == []
    assert cache.entry("things", "k") is None


def test_a_cache_that_cannot_be_written_is_told(root):
    (root / "things" / ".locks" / "k").mkdir(parents=True)
    with pytest.raises(MachineryError, match=f"the cache folder {root / 'things'} cannot be written: Is a directory"):
        cache.build_once("things", "k", write("new"))


def test_a_cache_of_somebody_else_is_told(root):
    (root / "things" / ".locks").mkdir(parents=True)
    (root / "things").chmod(0o555)
    (root / "things" / ".locks").chmod(0o555)
    with files_as_anybody(), pytest.raises(MachineryError, match="cannot be written: Permission denied"):
        cache.build_once("things", "k", write("new"))
    (root / "things").chmod(0o755)


def test_what_a_builder_finds_missing_elsewhere_is_its_own_error(root, tmp_path):
    with pytest.raises(FileNotFoundError):
        cache.build_once("things", "k", lambda _: (tmp_path / "nothing").read_bytes())
