"""Drivers on MicroPython's stm32 port meet devices that are written in Python (targets/renode-blackpill)."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest

from mpy_harness.board import Board
from mpy_harness.errors import EmulatorDied, EmulatorRefused
from tests.emulator.documented import examples

I2C = {"hardware": "machine.I2C(1)", "software": "machine.SoftI2C(scl='B4', sda='B5')"}


def said(board: Board, expression: str) -> Any:
    """Return what an expression is in Renode."""
    return ast.literal_eval(board.machine.execute(f'python "print(repr({expression}))"'))


@pytest.fixture
def devices(board: Board) -> Board:
    """A board with devices that are as new."""
    board.machine.include(Path(__file__).parent / "devices.py")
    board.exec("import machine, time")
    return board


@pytest.mark.parametrize("kind", I2C)
def test_a_device_with_registers(devices, kind):
    devices.exec(f"bus = {I2C[kind]}")
    assert {0x10, 0x48} <= set(devices.eval("bus.scan()"))
    assert devices.eval("bus.readfrom_mem(0x48, 0x0F, 1)") == b"\x5a"
    for length in (1, 2, 3, 6):
        assert devices.eval(f"bus.readfrom_mem(0x48, 0, {length})") == bytes(range(1, length + 1))
    devices.exec("bus.writeto_mem(0x48, 2, b'xyz')")
    assert devices.eval("bus.readfrom_mem(0x48, 0, 7)") == b"\1\2xyz\6\0"
    devices.machine.execute('python "thermometer.content[0] = 99"')
    assert devices.eval("bus.readfrom_mem(0x48, 0, 1)") == b"c"
    with pytest.raises(Exception, match="ENODEV"):
        devices.exec("bus.readfrom(0x49, 1)")


@pytest.mark.parametrize("kind", I2C)
def test_each_byte_is_taken_once(devices, kind):
    devices.exec(f"bus = {I2C[kind]}")
    devices.machine.execute('python "fifo.left, fifo.seen = list(range(100)), []"')
    begun = 0
    for length in (1, 2, 3, 4, 9, 1):
        assert devices.eval(f"bus.readfrom(0x10, {length})") == bytes(range(begun, begun + length))
        begun += length
    assert said(devices, "100 - len(fifo.left)") == begun
    assert said(devices, "fifo.seen") == ["r", "."] * 6
    assert devices.eval("bus.writeto(0x10, b'abc')") == 3
    acknowledged = devices.eval("bus.writeto(0x10, b'a\\xeeb')")
    assert acknowledged == 1  # the second byte was not acknowledged, and ended it
    assert said(devices, "fifo.seen[12:]") == ["w", 97, 98, 99, ".", "w", 97, 0xEE, "."]
    devices.exec("bus.readfrom_mem(0x10, 7, 2)")
    assert said(devices, "fifo.seen[21:]") == ["w", 7, "r", "."]


def test_a_device_on_spi(devices):
    devices.exec("bus = machine.SPI(2, baudrate=1_000_000)\nselect = machine.Pin('B12', machine.Pin.OUT, value=1)")
    devices.exec("data = bytearray(5)\nbus.write_readinto(b'hello', data)")
    assert devices.eval("bytes(data)") == b"\xff" * 5  # nobody was selected
    devices.exec("select(0)\nbus.write_readinto(b'hello', data)\nselect(1)")
    assert devices.eval("bytes(data)") == bytes(byte ^ 0xFF for byte in b"hello")
    assert said(devices, "inverter.seen") == list(b"hello")
    devices.exec("select(0)\nbus.write(b'x')\nbus.write(b'abc')")
    devices.exec("one = bus.read(1, 0x11)\nmore = bus.read(3, 0x22)\nselect(1)")
    assert devices.eval("one + more") == b"\xee\xdd\xdd\xdd"
    assert said(devices, "inverter.seen") == [*b"xabc", 0x11, 0x22, 0x22, 0x22]


def test_pins(devices):
    devices.exec("led = machine.Pin('C13', machine.Pin.OUT, value=1)")
    devices.machine.execute('python "del changes[:]"')
    devices.exec("for level in (0, 1, 1, 0): led(level)")
    assert said(devices, "changes") == [False, True, False]

    devices.exec("key, seen = machine.Pin('A0', machine.Pin.IN), []")
    devices.exec("key.irq(lambda pin: seen.append(pin()), machine.Pin.IRQ_FALLING | machine.Pin.IRQ_RISING)")
    devices.machine.execute("sysbus.gpioPortA.key Press")
    assert devices.eval("(key(), seen)") == (0, [0])
    devices.machine.execute("sysbus.gpioPortA.key Release")
    devices.machine.execute("python \"pin('A1').set(True)\"")
    assert devices.eval("(key(), seen, machine.Pin('A1', machine.Pin.IN)())") == (1, [0, 1], 1)
    devices.exec("key.irq(None)")


def test_levels_on_analog_pins(devices):
    devices.exec("level, ramp = machine.ADC('A1'), machine.ADC('B0')")
    assert devices.eval("[level.read_u16() >> 4, [ramp.read_u16() >> 4 for _ in range(3)]]") == [2048, [100, 200, 300]]
    assert devices.eval("__import__('pyb').ADC('A1').read()") == 2048
    devices.machine.execute("python \"adc.attach('A1', 4095)\"")
    assert devices.eval("level.read_u16()") == 0xFFFF


def test_a_timer_moves_a_pin(devices):
    devices.machine.execute('python "del edges[:]"')
    devices.exec("import pyb\ntimer = pyb.Timer(3, freq=1000)")
    devices.exec(
        "timer.channel(3, pyb.Timer.PWM, pin=pyb.Pin('B0'), pulse_width_percent=25)\ntime.sleep_ms(5)\ntimer.deinit()"
    )
    risen, fallen = (
        [at for at, level in said(devices, "sorted(set(edges))") if level is is_high] for is_high in (True, False)
    )
    assert len(risen) >= 4
    for rise in risen[:4]:
        fall = next(at for at in fallen if at > rise)
        assert fall - rise == pytest.approx(250, abs=3)
    assert risen[1] - risen[0] == pytest.approx(1000, abs=3)


def test_devices_know_the_guests_time(devices):
    devices.exec("bus = machine.I2C(1)\nfor _ in range(3):\n    bus.writeto(0x11, b'x')\n    time.sleep_ms(20)")
    first, second, third = said(devices, "clock.times")
    assert second - first == pytest.approx(20_000, abs=1500)
    assert third - second == pytest.approx(20_000, abs=1500)


LM75 = """
class LM75:
    def __init__(self, bus):
        self.bus = bus
    def celsius(self):
        high, low = self.bus.readfrom_mem(0x48, 0, 2)
        return (high << 8 | low) / 256 - (256 if high & 0x80 else 0)
"""


def test_the_example_of_the_documentation(board, tmp_path):
    sensor, test = [each.text for each in examples("python") if each.page == "docs/stm32.md"]
    (tmp_path / "sensor.py").write_text(sensor, encoding="utf-8")
    (tmp_path / "lm75.py").write_text(LM75, encoding="utf-8")
    names: dict[str, Any] = {"HERE": tmp_path}
    exec(test, names)  # noqa: S102 - it is ours
    names["test_driver"](board)


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("first = 1\n\ni2c[7].attach(1, first)\n", r"script\.py, line 3: KeyError: 7"),
        ("class Device(object)\n    pass\n", r"script\.py, line 1: unexpected token"),
        ("def inner():\n    return 1 // 0\n\ninner()\n", r"script\.py, line 2: ZeroDivisionError"),
    ],
)
def test_a_script_that_fails_is_told_with_its_line(board, tmp_path, script, said):
    file = tmp_path / "script.py"
    file.write_text(script, encoding="utf-8")
    with pytest.raises(EmulatorRefused, match=said):
        board.machine.include(file)
    with pytest.raises(EmulatorRefused, match=r"there is no script .*none\.py"):
        board.machine.include(tmp_path / "none.py")
    assert board.eval("6 * 7") == 42


def test_an_error_in_a_device_is_told(devices):
    devices.machine.execute('python "fifo.left = []"')
    with pytest.raises(EmulatorDied, match=r"read\(\) of the device Fifo failed in line \d+: IndexError"):
        devices.exec("machine.I2C(1).readfrom(0x10, 1)")
