"""A driver that reads an accelerometer's FIFO in blocks against one that polls: what is lost, how late, at what price.

The sensor (``chip.py``) takes 400 samples a second of the guest's time; between blocks of 16 the program is busy with
something else. It is a register file in the guest (``register_file.py``), or a device on a bus in Renode
(``device.py``), where the guest has ``machine.I2C``.

- ``polled``: asks for the status of each sample
- ``fifo``: asks for the FIFO's level, and reads all samples at once

Both wait 1 ms before the next look. Counted are the drivers alone: with the register file neither the sensor nor the
wait; on the bus that of the port as well, with what its clock has to do meanwhile.

Cases: ``idle``; ``busy`` for 8 ms after each block, in which three samples come; ``late``, 100 ms, longer than the FIFO
is deep.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import pytest

from cases.signals import Array
from mpy_harness.targets import Target
from mpy_harness.workloads import Case, Check, Guest, Workload

RATE, SAMPLES, DEPTH = 400, 16, 32
PERIOD = 1_000_000 // RATE  # microseconds
_SECONDS = 120.0
#: Milliseconds for which the program is busy after a block, and how many blocks are taken.
CASES = {"idle": (0, 2), "busy": (8, 3), "late": (100, 2)}


@dataclass(frozen=True)
class Recorded:
    """Samples, (n, 3), how late each was seen, in microseconds, (n,), and whether the driver knows of lost ones.

    ``instructions`` are those of the driver on a bus; the register file's are counted by the board.
    """

    samples: Array
    late: Array
    noticed: bool
    instructions: int = 0

    @property
    def lost(self) -> int:
        """How many are missing between the first and the last."""
        numbers = self.samples[:, 0]
        return int(numbers[-1] - numbers[0]) + 1 - len(numbers)


class Accelerometer(Workload):
    """Both drivers."""

    guards = False

    def cases(self) -> Iterator[Case]:
        """Return how busy the program is."""
        for name in CASES:
            yield Case(name, partial(self.recorded, name))

    def recorded(self, name: str, guest: Guest) -> Iterator[Check]:
        """Record blocks."""
        busy, blocks = CASES[name]
        got = self.taken(guest, busy, blocks)
        per = len(got.samples)
        # What was read belongs together, and comes in order.
        numbers = got.samples[:, 0].astype(np.int64)
        made = np.stack([numbers, numbers * 37 % 2001 - 1000, 1000 - numbers * 11 % 300], axis=1)
        yield Check(got.samples, made, "exact", 0, per=per)
        yield Check(float((np.diff(numbers) <= 0).sum()), 0, "max_abs", 0, name="repeated", per=per)
        least, most = lost(guest.form.name, busy)
        gaps = blocks - 1
        yield Check(got.lost, gaps * (least + most) / 2, "max_abs", gaps * (most - least) / 2, name="lost", per=per)
        yield Check(float(got.noticed), float(most > 0), "max_abs", 0, name="noticed", per=per)
        # From the polls that are 1 ms apart, and from what a poll takes; a FIFO's first sample waits for its last one.
        limit = 2 * PERIOD + (SAMPLES * PERIOD if guest.form.name == "fifo" else 0)
        yield Check(got.late / 1000, np.zeros(per), "max_abs", (limit + 1000 * busy) / 1000, name="late_ms", per=per)

    def taken(self, guest: Guest, busy: int, blocks: int) -> Recorded:
        """Return what the form's driver takes, where the program is busy for some milliseconds after each block."""
        board = guest.board
        is_on_bus = is_bus(board.target)
        if not is_on_bus and not (board.target.emulator == "qemu" and board.target.is_built):
            pytest.skip(f"samples come by counted instructions, which are no time on {board.target.name}")
        files = ("on_bus", "recorder") if is_on_bus else ("in_guest", "recorder", "register_file", "chip")
        for name in files:
            board.files.put(self.folder() / f"{name}.py", f"/lib/{name}.py")
        board.exec("import sys\nif '/lib' not in sys.path:\n sys.path.append('/lib')")
        drivers = guest.load()
        board.exec(f"from {files[0]} import run")
        if not is_on_bus:
            # What is slept really passes on the host, and more of it where that is busy.
            samples, late, noticed = board.call("run", drivers, blocks, SAMPLES, busy, timeout=_SECONDS)
            return Recorded(samples.reshape(-1, 3), late, noticed)
        for name in ("chip", "device"):
            board.machine.include(self.folder() / f"{name}.py")
        samples, noticed = board.call("run", drivers, blocks, SAMPLES, busy, timeout=_SECONDS)
        said = board.machine.execute('python "print([accelerometer.chip.seen, counter.spans])"')
        late, (empty, *spans) = ast.literal_eval(said)
        return Recorded(samples.reshape(-1, 3), np.array(late), noticed, sum(spans) - empty * len(spans))


def is_bus(target: Target) -> bool:
    """Tell whether a target has a bus, with devices that are written in Python: MicroPython's own images in Renode."""
    return target.emulator == "renode" and not target.is_built


def lost(form: str, busy: int) -> tuple[int, int]:
    """Return how many samples are lost in a pause of some milliseconds, at least and at most.

    The driver itself takes time as well, up to two samples' on the slowest clock, and a pause ends a little late.
    """
    room = DEPTH if form == "fifo" else 1
    come = busy * 1000 // PERIOD
    return (come - room, come - room + 3 + busy // 50) if come > room else (0, 0)
