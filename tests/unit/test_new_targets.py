"""Targets that are written from what a machine consists of."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mpy_harness.errors import TargetInvalid
from mpy_harness.targets import available, load_target, new_target, target_of_machine
from mpy_harness.targets.inventory import Inventory, Region, Uart

FLASH = Region("flash", 0, 1 << 20, is_writable=False)
MIRROR = replace(FLASH, origin=0x08000000)
RAM = Region("sram", 0x20000000, 128 << 10, is_writable=True)
CHIP = Inventory(
    "qemu-system-arm", "a-board", "cortex-m3", 120_000_000, (FLASH, MIRROR, RAM), Uart("pl011", 0x40011000, 37)
)


def test_what_the_emulator_tells_is_in_the_files(tmp_path):
    target = new_target(CHIP, tmp_path / "boards" / "mine")
    assert target == load_target(str(tmp_path / "boards" / "mine"))
    assert (target.name, target.core, target.natmod.arch) == ("mine", "cortex-m3", "armv7m")
    assert target.machine == {"binary": "qemu-system-arm", "machine": "a-board"}
    assert [(each.name, each.origin, each.length) for each in target.memory] == [
        ("FLASH", 0x08000000, 1 << 20),
        ("RAM", 0x20000000, 128 << 10),
    ]
    assert target.cycles is not None
    assert target.cycles.clock == 120_000_000
    header = (target.folder / "mine.h").read_text()
    for line in ("#define UART_BASE 0x40011000", "#define CONSOLE_INTERRUPT 37", "#define CLOCK_MHZ 120"):
        assert line in header.splitlines()
    assert '#include "peripherals/pl011_uart.h"' in header


def test_a_memory_that_is_to_spare_is_shared_and_regions_are_those_of_an_mpu(tmp_path):
    odd = Region("ssram", 0x00400000, 8 << 20, is_writable=True)
    main = Region("main", 0x21000000, 16 << 20, is_writable=True)
    target = new_target(replace(CHIP, regions=(FLASH, odd, RAM, main), main="main"), tmp_path / "mine")
    assert [(each.kind, each.origin, each.length) for each in target.memory] == [
        ("flash", 0, 1 << 20),
        ("ram", 0x00400000, 4 << 20),
        ("window", 0x21000000, 16 << 20),
    ]


def test_the_only_ram_is_not_shared(tmp_path):
    target = new_target(replace(CHIP, main="sram"), tmp_path / "mine")
    assert [each.kind for each in target.memory] == ["flash", "ram"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"console": None}, "nothing on QEMU's first serial port"),
        ({"console": Uart("stm32l4x5-usart", 0x40013800, 37)}, "stm32l4x5-usart, for which there is no driver"),
        ({"console": Uart("pl011", None, 37)}, "does not tell where a-board has its console"),
        ({"console": Uart("pl011", 0x40011000, None)}, "and which interrupt"),
        ({"core": "cortex-m85"}, "has a cortex-m85"),
        ({"regions": (RAM,)}, "no memory at address 0"),
        ({"regions": (FLASH,)}, "too little memory for data: 0 KB"),
        ({"regions": (FLASH, replace(RAM, length=8 << 10))}, "too little memory for data: 8 KB"),
        ({"regions": (replace(FLASH, length=64 << 10), RAM)}, "too little memory for code: 64 KB"),
    ],
)
def test_what_a_machine_lacks_is_said_and_nothing_is_written(tmp_path, changes, message):
    with pytest.raises(TargetInvalid, match=message):
        new_target(replace(CHIP, **changes), tmp_path / "mine")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("folder", "message"), [("m4", "is one that is carried"), (".", "has other than letters")])
def test_a_folder_that_cannot_be_a_target(tmp_path, folder, message):
    with pytest.raises(TargetInvalid, match=message):
        new_target(CHIP, tmp_path / folder / ("" if folder == "m4" else ".."))


def test_each_carried_machine_is_found():
    for name in available():
        target = load_target(name)
        if target.emulator == "qemu":
            found = target_of_machine(target.machine["machine"])
            assert found is not None
            assert load_target(found).machine["machine"] == target.machine["machine"]
    assert target_of_machine("netduino2") is None
