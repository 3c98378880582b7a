"""Renode, 1.16 and newer."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from pydantic import Field, model_validator

from mpy_harness.counting.instrument import Instrument, Mode
from mpy_harness.counting.marks import MarkSites, mark_sites
from mpy_harness.errors import EmulatorRefused, SourceUnavailable, TargetInvalid, ToolMissing
from mpy_harness.firmware import toolchain
from mpy_harness.firmware.process import last_lines, run
from mpy_harness.firmware.progress import Progress
from mpy_harness.machines.base import MachineKind
from mpy_harness.machines.renode.kept import Kept
from mpy_harness.machines.renode.machine import Renode, RenodeSetup, Shared
from mpy_harness.machines.storage import Storage
from mpy_harness.targets import FILE_NAME, Table, Target, Text

#: Names a program to use instead of those that are found.
VARIABLE = "MPY_HARNESS_RENODE"

_OLDEST = (1, 16)
_VERSION = re.compile(r"v(\d+)\.(\d+)[.\d]*")
_RELEASE = "1.16.1"
_ARCHIVE = (
    f"https://github.com/renode/renode/releases/download/v{_RELEASE}/renode-{_RELEASE}.linux-portable-dotnet.tar.gz"
)
_INSTALL_SECONDS = 1800.0
# renode-run keeps what it installs in a file of its own: "renode-run list" (its renode_run/defaults.py, utils.py).
_RENODE_RUN = Path("~/.config/renode/renode-run.json")
_GET_RENODE_RUN = "pip install git+https://github.com/antmicro/renode-run"


class RenodeTable(Table):
    """The table ``[renode]``: what describes the machine to Renode.

    ``platform`` is a file beside ``target.toml``, ``console`` the UART in it, ``shared`` the memory in it that the host
    maps: the target's window where it has one, else its RAM. ``mips`` is how many million instructions the core
    executes in a second of the guest's time. ``scripts`` are Python files beside it that Renode runs when it has the
    platform. ``kept`` is a memory in the platform that outlives the machine, a flash chip, of ``kept_size`` bytes.
    """

    platform: Text
    console: Text
    shared: Text
    mips: Annotated[int, Field(gt=0)]
    scripts: list[Text] = Field(default_factory=list)
    kept: Text | None = None
    kept_size: Annotated[int, Field(gt=0, multiple_of=0x1000)] | None = None

    @model_validator(mode="after")
    def _knows_sizes(self) -> RenodeTable:
        if (self.kept is None) != (self.kept_size is None):
            raise ValueError("kept and kept_size belong together: a memory of the platform and its size in bytes")
        return self


class RenodeKind(MachineKind[RenodeTable]):
    """Renode, which models boards, sensors and networks as well as cores."""

    table_model = RenodeTable
    name = "renode"

    def __init__(self, target: Target) -> None:
        super().__init__(target)
        # Renode's own counter does not tell instructions apart. What is published has no symbols, by which marks in
        # loaded code are found.
        self.modes: tuple[Mode, ...] = () if target.is_published else ("count",)

    def find(self) -> Path:
        """Return the program that the variable names, that on PATH, or that of renode-run (``MachineKind.find``)."""
        given = os.environ.get(VARIABLE)
        if given:
            path = Path(given).expanduser()
            if not (path.is_file() and os.access(path, os.X_OK)):
                raise ToolMissing(
                    f"{VARIABLE} names {path}, which is no program. Correct it, or unset it to search the usual places."
                )
            return path
        found = shutil.which("renode")
        for path in ([Path(found)] if found else []) + list(_installed()):
            return path
        raise ToolMissing(f"renode is not on PATH and renode-run has installed none. {self._hint()}")

    def version(self) -> str:
        """Return what Renode says of its version. Raises ToolMissing where it is absent or too old."""
        binary = self.find()
        line = toolchain.version(binary)
        match = _VERSION.search(line)
        if match is None or (int(match.group(1)), int(match.group(2))) < _OLDEST:
            oldest = ".".join(map(str, _OLDEST))
            raise ToolMissing(f"{binary} is too old: {line}. Renode {oldest} or newer is needed. {self._hint()}")
        return line

    def set_up(self, progress: Progress) -> None:
        """Install Renode with renode-run, unless one is there (see ``MachineKind.set_up``)."""
        try:
            self.version()
        except ToolMissing as missing:
            # Beside this Python first: a virtual environment that is not activated has it there.
            places = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
            tool = shutil.which("renode-run", path=places)
            if tool is None:
                raise ToolMissing(f"{missing}") from None
            progress.stage(f"installing Renode {_RELEASE} with renode-run")
            result = run([tool, "install", _ARCHIVE, "--version-override", _RELEASE], timeout=_INSTALL_SECONDS)
            if result.status != 0:
                raise SourceUnavailable(
                    f"renode-run did not install Renode {_RELEASE} (status {result.status}). Check the network, or "
                    f"unpack {_ARCHIVE} yourself and name the program: {VARIABLE}=PATH. "
                    f"It said:\n{last_lines(result.output)}"
                ) from None
            self.version()

    def start(self, image: Path, instrument: Instrument | None = None, storage: Storage | None = None) -> Renode:
        """Start Renode with a firmware image (see ``MachineKind.start``)."""
        table = self.table
        platform = self._file("platform", table.platform)
        kept = None
        if table.kept is not None and table.kept_size is not None:
            kept = Kept(table.kept, table.kept_size, storage or Storage())
        setup = RenodeSetup(
            binary=self.find(),
            platform=platform,
            console=table.console,
            shared=self._shared(),
            mips=table.mips,
            image=image,
            hint=self._hint(),
            scripts=tuple(self._file("scripts", name) for name in table.scripts),
            kept=kept,
            vectors=self._vectors(),
        )
        with contextlib.ExitStack() as undo:
            return Renode.launch(setup, instrument if isinstance(instrument, MarkSites) else None, undo)

    def describe_counting(self) -> str:
        """Return how Renode counts (see ``MachineKind.describe_counting``)."""
        self.find()
        if not self.modes:
            return super().describe_counting()
        return "its own counter, read where marks are executed (mode count only)"

    def prepare_counting(self, image: Path, mode: Mode, progress: Progress) -> Instrument:
        """Return where Renode looks for marks (see ``MachineKind.instrument``)."""
        del progress
        return mark_sites(self.target, image, mode)

    def check_gdb(self) -> None:
        """Refuse GDB: that of Renode listens on all interfaces (see ``MachineKind.check_gdb``)."""
        raise EmulatorRefused(f"no GDB attaches to {self.target.name}, which runs in {self.name}. {self.advice}")

    def _file(self, key: str, name: str) -> Path:
        file = self.target.folder / name
        if not file.is_file():
            raise TargetInvalid(f"{self.target.folder / FILE_NAME}: renode.{key}: there is no file {file}.")
        return file

    def _vectors(self) -> int | None:
        if not self.target.is_published:  # our own boards tell of faults themselves
            return None
        return next((memory.origin for memory in self.target.memory if memory.kind == "flash"), None)

    def _shared(self) -> Shared:
        target, variable = self.target, self.table.shared
        if target.window is not None:
            return Shared(variable, target.window.address, target.window.size, is_window=True)
        for memory in target.memory:
            if memory.kind == "ram":
                return Shared(variable, memory.origin, memory.length, is_window=False)
        raise TargetInvalid(f"{target.folder / FILE_NAME}: renode.shared: the target has neither a window nor RAM.")

    def _hint(self) -> str:
        if shutil.which("renode-run"):
            return f"Install it: mpy-harness setup {self.target.name}; or name one: {VARIABLE}=PATH."
        return (
            f"Install renode-run ({_GET_RENODE_RUN}), then: mpy-harness setup {self.target.name}. Or unpack a release "
            f"(https://github.com/renode/renode/releases) and put it on PATH or name its program: {VARIABLE}=PATH."
        )


def _installed() -> Iterator[Path]:
    try:
        known = json.loads(_RENODE_RUN.expanduser().read_text(encoding="utf-8"))
        folders = [*known.get("default", {}).values(), *known.get("installations", {})]
    except (OSError, ValueError, AttributeError, TypeError):  # there is none, or it is of another version
        return
    for folder in folders:
        path = Path(str(folder)) / "renode"
        if path.is_file() and os.access(path, os.X_OK):
            yield path
