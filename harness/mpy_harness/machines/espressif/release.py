"""Espressif's fork of QEMU: where it may be installed, and the release that is downloaded otherwise."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from mpy_harness.errors import SourceUnavailable, ToolMissing
from mpy_harness.firmware import cache
from mpy_harness.firmware.archives import unpack
from mpy_harness.firmware.process import run
from mpy_harness.firmware.progress import Progress
from mpy_harness.firmware.sources import verify
from mpy_harness.limits import ANSWER_SECONDS

_KIND = "qemu"
_RELEASE = "9.2.2-20260417"
_BASE = f"https://github.com/espressif/qemu/releases/download/esp-develop-{_RELEASE}"

# SHA-256 by platform, as ESP-IDF's tools/tools.json has them (master, commit 10212290, 2026-07-23).
_XTENSA = {
    "x86_64-linux-gnu": "0eecb2a34a5586c0e59110f77b9343b7b336e82fdb0e1a30e1dc1bab8a547e35",
    "aarch64-linux-gnu": "00de5985094c14e47d1b38464a006b8ed64fd0fa7a289c56da24f3a329f65339",
    "x86_64-apple-darwin": "ae8170fe46bcdfa54a7c0d7afcdb7a066711991be680f72ff7bbc6c4ae3ad88f",
    "aarch64-apple-darwin": "bb8c15810565d3df1665dc34962430885e11bc95575b228fb44698146be1e9d6",
}
_RISCV32 = {
    "x86_64-linux-gnu": "547f03e04701a92cbb699f7f7d015adc1f5b5ef93cbb94c0dd9b7107e2d84e77",
    "aarch64-linux-gnu": "a9f7b98636008edcf7a11c96f10b3a3ec83c2a890fc54c3e3ceb3ec9edace427",
    "x86_64-apple-darwin": "a47c38c6e2eb9f5028eda9585dce999ce02b8983a2cdf71c48cfb10a14ae25fe",
    "aarch64-apple-darwin": "67bff66ff7158f272ce167fc211c0f8f4c1a79b6f6174350678a6d5035644b30",
}


@dataclass(frozen=True)
class Release:
    """One of the fork's programs: its name, what ESP-IDF calls the tool, the variable that names it, its archives."""

    binary: str
    tool: str
    variable: str
    hashes: dict[str, str]


RELEASES = {
    program.binary: program
    for program in (
        Release("qemu-system-xtensa", "qemu-xtensa", "MPY_HARNESS_QEMU_XTENSA", _XTENSA),
        Release("qemu-system-riscv32", "qemu-riscv32", "MPY_HARNESS_QEMU_RISCV32", _RISCV32),
    )
}


def find(program: Release, machine: str, target: str) -> Path:
    """Return the first program of that name that has the machine.

    Raises ToolMissing, which names the programs that were found without it: the QEMU of a distribution is such a one.
    """
    given = os.environ.get(program.variable)
    if given:
        return _given(Path(given).expanduser(), program, machine)
    others: list[Path] = []
    for path in _candidates(program):
        if _has_machine(path, machine):
            return path
        if not any(path.samefile(other) for other in others):
            others.append(path)
    there = f"{' and '.join(map(str, others))} {'has' if len(others) == 1 else 'have'} no machine {machine!r}"
    raise ToolMissing(
        f"{there if others else f'there is no {program.binary}'}; running the firmware needs Espressif's fork of QEMU. "
        f"Fetch it: mpy-harness setup {target}; or install it with ESP-IDF (idf_tools.py install {program.tool}), "
        f"or name one: {program.variable}=PATH."
    )


def is_there(program: Release, machine: str) -> bool:
    """Tell whether a program that has the machine is installed, or named by the variable, which ``find`` checks."""
    return bool(os.environ.get(program.variable)) or any(_has_machine(path, machine) for path in _candidates(program))


def fetch(program: Release, target: str, progress: Progress) -> None:
    """Download the pinned release into the cache, unless it is there. Raises SourceUnavailable, HashMismatch."""
    archive = _archive(program)
    if archive is None:
        raise SourceUnavailable(
            f"Espressif publishes no {program.binary} for {_platform()}. "
            f"Build its fork (https://github.com/espressif/qemu) and name the program: {program.variable}=PATH."
        )

    def build(folder: Path) -> None:
        from mpy_harness.firmware.download import fetch as download  # noqa: PLC0415 - slow to import

        try:
            download(f"{_BASE}/{archive}", folder / archive, progress)
        except SourceUnavailable as error:
            raise SourceUnavailable(
                f"the emulator of {target} could not be fetched: {error}\n"
                f"Check the network, or fetch that file elsewhere, unpack it and name the program: "
                f"{program.variable}=PATH."
            ) from error
        verify(folder / archive, program.hashes[_platform()])
        progress.stage(f"unpacking {archive}")
        unpack(folder / archive, folder)
        (folder / archive).unlink()

    cache.build_once(_KIND, archive, build, progress=progress)


def _given(path: Path, program: Release, machine: str) -> Path:
    advice = f"Correct {program.variable}, or unset it to search the usual places."
    if not (path.is_file() and os.access(path, os.X_OK)):
        raise ToolMissing(f"{program.variable} names {path}, which is no program. {advice}")
    if not _has_machine(path, machine):
        raise ToolMissing(f"{program.variable} names {path}, which has no machine {machine!r}. {advice}")
    return path


def _candidates(program: Release) -> Iterator[Path]:
    for folder in os.environ.get("PATH", os.defpath).split(os.pathsep):
        if folder and (found := shutil.which(program.binary, path=folder)):
            yield Path(found)
    # ESP-IDF keeps each version of a tool in a folder of its own ("IDF Tools" in ESP-IDF's documentation).
    tools = Path(os.environ.get("IDF_TOOLS_PATH") or "~/.espressif").expanduser() / "tools" / program.tool
    installed = sorted(tools.glob(f"*/qemu/bin/{program.binary}"), reverse=True)
    archive = _archive(program)
    cached = cache.entry(_KIND, archive) if archive else None
    for path in (*installed, *([cached / "qemu" / "bin" / program.binary] if cached else [])):
        if path.is_file():
            yield path


def _has_machine(path: Path, machine: str) -> bool:
    return machine in _machines(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=16)
def _machines(path: Path, _changed: int) -> frozenset[str]:
    try:
        said = run([path, "-machine", "help"], timeout=ANSWER_SECONDS).output
    except OSError:
        return frozenset()
    return frozenset(line.split()[0] for line in said.splitlines()[1:] if line.split())


def _archive(program: Release) -> str | None:
    where = _platform()
    tag = _RELEASE.replace("-", "_")
    return f"{program.tool}-softmmu-esp_develop_{tag}-{where}.tar.xz" if where in program.hashes else None


def _platform() -> str:
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(platform.machine().lower(), platform.machine().lower())
    system = {"linux": "linux-gnu", "darwin": "apple-darwin"}.get(sys.platform, sys.platform)
    return f"{machine}-{system}"
