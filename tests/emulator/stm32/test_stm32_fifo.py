"""A sensor with a FIFO on MicroPython's I2C: the accelerometer of cases/sensors/accelerometer, in the guest's time."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest

from cases.sensors.accelerometer import workload
from docs import drivers_on_bus, workload_tables
from mpy_harness.board import Board

FIFO_SRC, OUT = 0x2F, 0xA8
WATERMARK, FULL, EMPTY, LEVEL = 0x80, 0x40, 0x20, 0x1F
SAMPLE = 6


@pytest.fixture
def sensor(board: Board) -> Board:
    """A board whose sensor has begun to fill its FIFO, and counts more than 15 samples as a full mark."""
    for name in ("chip", "device"):
        board.machine.include(workload.Accelerometer.folder() / f"{name}.py")
    board.exec(
        "import machine, time\nbus = machine.I2C(1, freq=400_000)\n"
        "for register, value in ((0x20, 0x77), (0x24, 0x40), (0x2E, 0x8F)):\n"
        "    bus.writeto_mem(0x19, register, bytes((value,)))"
    )
    return board


def numbers(data: bytes) -> list[int]:
    """Return the numbers of samples, which are their x."""
    return [int.from_bytes(data[at : at + 2], "little") for at in range(0, len(data), SAMPLE)]


def test_a_fifo_fills_and_tells_of_it(sensor):
    # In one request from the sensor's start on: between requests the guest's time goes on.
    levels = sensor.eval(
        f"[bus.writeto_mem(0x19, 0x2E, b'\\x8f')]"
        f" + [(time.sleep_ms(1), bus.readfrom_mem(0x19, {FIFO_SRC}, 1)[0])[1] for _ in range(130)]",
        timeout=60,
    )[1:]
    assert levels[0] == EMPTY
    filling = [each for each in levels if not each & FULL]
    assert all(bool(each & WATERMARK) == (each & LEVEL > 15) for each in filling)
    steps = [after - before for before, after in pairwise(filling)]
    assert {each & LEVEL for each in filling} >= set(range(32))
    assert {step & LEVEL for step in steps} <= {0, 1}  # 400 a second, asked about 1000 times a second
    assert levels[-1] == WATERMARK | FULL | 31

    before, block, after = sensor.eval(
        f"[bus.readfrom_mem(0x19, register, n) for register, n in (({FIFO_SRC}, 1), ({OUT}, {32 * SAMPLE}),"
        f" ({FIFO_SRC}, 1))]"
    )
    found = numbers(block)
    assert before[0] & FULL
    assert found[0] > 0  # the oldest are gone
    assert found == list(range(found[0], found[0] + 32))
    assert after[0] & LEVEL in {2, 3}  # which came while the block took 5.5 ms
    assert not after[0] & (FULL | EMPTY | WATERMARK)


# Of what is asked for, the port makes 24 MHz over 75 and over 240.
@pytest.mark.parametrize(("asked", "hertz"), [(400_000, 320_000), (100_000, 100_000)])
def test_a_transfer_takes_the_buses_time(sensor, asked, hertz):
    sensor.exec(f"bus = machine.I2C(1, freq={asked})\nbus.readfrom_mem(0x19, {OUT}, 1)\ntaken = []")
    sensor.exec(
        "for n in (32, 192):\n"
        "    begun = time.ticks_us()\n"
        f"    bus.readfrom_mem(0x19, {OUT}, n)\n"
        "    taken.append(time.ticks_diff(time.ticks_us(), begun))"
    )
    few, many = sensor.eval("taken")
    assert many - few == pytest.approx(160 * 9e6 / hertz, rel=0.01)


@pytest.mark.parametrize("form", ["polled", "fifo"])
def test_what_the_documentation_says_of_the_drivers(board, form):
    measured = json.loads(workload_tables.ON_BUS.read_text(encoding="utf-8"))["figures"][f"busy ({form})"]
    assert drivers_on_bus.measure(board, form, "busy") == measured, "python -m docs.drivers_on_bus"
