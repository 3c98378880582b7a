"""mpy-harness calibrate on a board whose time is known: each instruction takes eight nanoseconds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mpy_harness.cli.app import application
from mpy_harness.firmware.image import Firmware
from mpy_harness.targets import load_part
from tests.emulator.serial.conftest import command
from tests.emulator.serial.desk import Desk

#: Two to this power, in nanoseconds, is what an instruction takes (QEMU's -icount).
SHIFT = 3
# At this clock that is 4 cycles, which no instruction of the model takes on the average.
CLOCK = 500_000_000


@pytest.fixture
def steady_desk(nothing_left: None, firmware: Firmware, tmp_path: Path) -> Iterator[Desk]:
    board = Desk([*command(firmware), "-icount", f"shift={SHIFT}"], tmp_path)
    yield board
    board.close()


def test_a_board_becomes_a_part(steady_desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "mine.toml"
    words = ["calibrate", "--target", steady_desk.target, "-o", str(file), "--repeats", "3"]
    application("calibrate")([*words, "--clock", str(CLOCK)], standalone_mode=False)
    part = load_part(str(file))
    assert (part.core, part.arch, part.clock.value) == ("cortex-m33", "armv7emsp", CLOCK)
    assert 1_500_000 < part.ram.value < 2_097_152  # the heap of m33
    for memory in (part.modules, part.firmware):
        assert memory.waits is not None
        # 4 cycles an instruction, of which the model has 1.2 to 1.7; a turn of the flow fetches besides.
        assert memory.waits.value == 2
        assert "on m33" in memory.waits.source
    said = capsys.readouterr().out
    native = [line.split() for line in said.splitlines() if " native " in line]
    # The model's cycles an instruction are what the ratio is off from 4.
    assert len(native) >= 4
    assert all(2 < float(row[-1]) < 4 for row in native)
    assert "native modules: a fetch waits 2 cycles" in said
