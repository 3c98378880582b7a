"""What a run of the harness could leave behind on this machine, and a check that it did not."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

MARK = "MPY_HARNESS_TEST_MARK"  # an environment variable by which a run's processes are known
_EMULATORS = ("qemu-", "renode", "mono", "node")  # mono runs Renode where that is built for it, node a Pico
_GONE_SECONDS = 30.0


@dataclass(frozen=True)
class Leftovers:
    """The folders and emulators that there are; ``check()`` finds those that came later and stayed."""

    folders: frozenset[Path] = field(default_factory=lambda: frozenset(_folders()))
    emulators: frozenset[int] = field(default_factory=lambda: frozenset(emulators_of(os.getpid())))

    def __sub__(self, earlier: Leftovers) -> Leftovers:
        return Leftovers(self.folders - earlier.folders, self.emulators - earlier.emulators)

    def __or__(self, other: Leftovers) -> Leftovers:
        return Leftovers(self.folders | other.folders, self.emulators | other.emulators)

    def check(self) -> None:
        """Fail if an emulator of ours or a temporary folder has come since and does not go."""
        (Leftovers() - self).check_gone()

    def check_gone(self) -> None:
        """Fail if one of these emulators still runs, or one of these folders does not go."""
        pids = self.emulators & set(emulators_of(os.getpid()))
        assert not pids, f"emulators still run: {sorted(pids)}"
        assert soon(lambda: not _left(self.folders)), f"left behind: {sorted(_left(self.folders))}"


def soon(condition: Callable[[], bool], seconds: float = _GONE_SECONDS) -> bool:
    """Tell whether something becomes true within a time."""
    deadline = time.monotonic() + seconds
    while not (met := condition()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return met


def emulators_of(parent: int) -> list[int]:
    """Return the process ids of the emulators that a process has started."""
    return [pid for pid, name, its_parent in processes() if its_parent == parent and name.startswith(_EMULATORS)]


def marked(mark: str) -> list[tuple[int, str]]:
    """Return ids and names of the processes whose environment says ``MARK=mark``."""
    wanted = f"{MARK}={mark}".encode()
    found = []
    for pid, name, _ in processes():
        try:
            environment = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if wanted in environment:
            found.append((pid, name))
    return found


def sockets() -> set[str]:
    """Return the paths of all UNIX sockets of ours that this machine knows."""
    lines = Path("/proc/net/unix").read_text(encoding="utf-8").splitlines()
    return {line.split()[-1] for line in lines if "mpy-harness-" in line}


def _folders() -> Iterator[Path]:
    for root in (Path(tempfile.gettempdir()), Path("/dev/shm")):  # noqa: S108 - where they could be
        if root.is_dir():
            yield from root.glob("mpy-harness-*")


def _left(folders: Iterable[Path]) -> list[Path]:
    """Return the folders that are there and are no emulator's of another test process, which may keep it for long."""
    there = [folder for folder in folders if folder.exists()]
    return [folder for folder in there if not _is_others(folder)]


def _is_others(folder: Path) -> bool:
    parents = {pid: parent for pid, _, parent in processes()}
    for pid in parents:
        try:
            names_it = f"{folder}/".encode() in Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            continue
        ancestors = [pid]
        while (parent := parents.get(ancestors[-1], 0)) > 1:
            ancestors.append(parent)
        # One whose parent has gone is an emulator that was left behind, whoever did that.
        if names_it and len(ancestors) > 1 and os.getpid() not in ancestors:
            return True
    return False


def processes() -> Iterator[tuple[int, str, int]]:
    """Return the id, the name and the parent of each process that has not ended."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                # "pid (name) state ppid ...", and a name may hold anything but its end is the last ")".
                head, _, rest = (entry / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")
            except OSError:
                continue
            if rest.split()[0] != "Z":
                yield int(entry.name), head.partition("(")[2], int(rest.split()[1])
