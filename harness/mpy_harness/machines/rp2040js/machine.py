"""A running Pico: a process of Node, with sockets for the guest's serial port and for what the host asks."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from mpy_harness.counting.instrument import Instrument, Records
from mpy_harness.counting.marks import MarkRecords
from mpy_harness.errors import GuestFailure, GuestFault, GuestMemoryFailed
from mpy_harness.machines.base import End, Machine
from mpy_harness.machines.descriptors import nameless, pair
from mpy_harness.machines.fault_line import add_places, callers, find_fault
from mpy_harness.machines.process import EmulatorProcess
from mpy_harness.machines.rp2040js.control import Control
from mpy_harness.machines.streams import DescriptorStream

# MiB of objects: some 20 are used. Flash and RAM of the chip are beside that, 17 in sum.
_HEAP = 128
_SP, _PC = 13, 15


@dataclass(frozen=True)
class MarkNumbers(Instrument):
    """The marks that are looked for at each instruction, by their encodings."""

    encodings: Mapping[int, int]


@dataclass(frozen=True)
class PicoSetup:
    """What a Pico is started with: the programs, the chip's ROM, a descriptor of the flash and its size in bytes."""

    node: Path
    package: Path
    rom: Path
    flash: int
    size: int
    hint: str


class Pico(Machine):
    """A running Pico."""

    @classmethod
    def launch(cls, setup: PicoSetup, instrument: MarkNumbers | None, undo: contextlib.ExitStack) -> Pico:
        """Start it; ``undo`` holds what belongs to it and is closed with it."""
        with contextlib.ExitStack() as theirs:
            console, its_console = pair(undo, theirs)
            control, its_control = pair(undo, theirs)
            inherited = [setup.flash, its_console, its_control]
            facts = {
                "package": str(setup.package.absolute()),
                "bootrom": str(setup.rom.absolute()),
                "size": setup.size,
                "flash": setup.flash,
                "console": its_console,
                "control": its_control,
                "marks": None,
            }
            records = None
            if instrument is not None:
                output = nameless(undo)
                inherited.append(output)
                records = MarkRecords(output)
                facts |= {
                    "marks": {str(code): int(mark) for code, mark in instrument.encodings.items()},
                    "output": output,
                }
            script = undo.enter_context(resources.as_file(resources.files(__package__) / "in_node"))
            options = [f"--max-old-space-size={_HEAP}", str(script / "board.mjs")]
            process = EmulatorProcess(
                [str(setup.node), *options, json.dumps(facts)], inherited, install_hint=setup.hint
            )
            undo.callback(process.close)
            return cls(process, DescriptorStream(console), Control(control, process.clock), records, undo.pop_all())

    def __init__(
        self,
        process: EmulatorProcess,
        console: DescriptorStream,
        control: Control,
        records: Records | None,
        owned: contextlib.ExitStack,
    ) -> None:
        self.process = process
        self.clock = process.clock
        self.console = console
        self.memory = self.control = control
        self.records = records
        self._owned = owned

    def ended(self) -> End | None:
        """Return how the process ended, or None while it runs."""
        ended = self.process.ended()
        return ended.end if ended else None

    def close(self) -> None:
        """End the process and free what it used."""
        self._owned.close()

    def program_counter(self) -> int | None:
        """Return the core's program counter."""
        return self._register(_PC)

    def stack_pointer(self) -> int | None:
        """Return the core's stack pointer."""
        return self._register(_SP)

    def explain_crash(self, console: bytes, where: Callable[[int], str]) -> GuestFailure | None:
        """Return the fault that ended the guest, with the reason that the emulator knows and the chip would not."""
        fault = find_fault(console)
        ended = self.process.ended()
        if fault is None or ended is None:
            return None
        try:
            reason = json.loads(ended.stderr.splitlines()[-1])["reason"]
        except (ValueError, LookupError, TypeError):  # the guest printed the line by itself
            return None
        address = fault.registers.get("address")
        at = "" if address is None else f" at address 0x{address:08x}"
        values = " ".join(f"{name}=0x{value:08x}" for name, value in fault.registers.items() if name != "address")
        explained = GuestFault(fault.kind, fault.registers, f"the core took a {fault.kind}: {reason}{at}\n  {values}")
        return add_places(explained, where, callers(console))

    def _register(self, number: int) -> int | None:
        try:
            return self.control.registers().core[number]
        except GuestMemoryFailed:
            return None
