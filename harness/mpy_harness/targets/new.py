"""Write a target for a machine of QEMU's: its target.toml, and the header of its chip."""

from __future__ import annotations

from dataclasses import replace
from importlib import resources
from pathlib import Path
from string import Template

from mpy_harness.errors import TargetInvalid
from mpy_harness.targets.copying import check_new
from mpy_harness.targets.files import DEFAULT_TARGET, available, core_model, load_target
from mpy_harness.targets.inventory import Inventory, Region
from mpy_harness.targets.target import FILE_NAME, Target

#: By what QEMU calls a UART: its header in targets/boards/cortex-m/peripherals, and how that calls its address.
_DRIVERS = {
    "cmsdk-apb-uart": ("cmsdk_uart.h", "UART_BASE"),
    "nrf51_soc.uart": ("nrf51_uart.h", "UART_BASE"),
    "pl011": ("pl011_uart.h", "UART_BASE"),
    "pl011_luminary": ("pl011_uart.h", "UART_BASE"),
    "stm32f2xx-usart": ("stm32_usart.h", "USART_BASE"),
}
#: What native modules for a core are built for.
_ARCHES = {
    "cortex-m0": "armv6m",
    "cortex-m0plus": "armv6m",
    "cortex-m3": "armv7m",
    "cortex-m4": "armv7emsp",
    "cortex-m33": "armv7emsp",
}
#: In bytes: what MicroPython with the program of the harness takes at least.
_FLASH, _RAM = 256 << 10, 64 << 10
_FAULT_STACK, _VARIABLES, _LARGEST_HEAP = 1 << 10, 5 << 10, 2 << 20
_OWN = "A target can be written by hand: docs/own-target.md says what a board must offer."


def target_of_machine(machine: str) -> str | None:
    """Return the carried target that runs on a machine of QEMU's, None where there is none."""
    for name in (DEFAULT_TARGET, *available()):
        target = load_target(name)
        if target.emulator == "qemu" and target.machine.get("machine") == machine:
            return name
    return None


def new_target(inventory: Inventory, folder: Path) -> Target:
    """Write a target for a machine into a new folder, whose name is the target's; return it.

    Raises TargetInvalid, which says what the machine lacks, or what is wrong with the folder.
    """
    check_new(folder)
    words = {**_chip(inventory), **_firmware(inventory), "name": folder.name, "machine": inventory.machine}
    try:
        folder.mkdir(parents=True)
        for skeleton, file in (("target.toml", FILE_NAME), ("chip.h", f"{folder.name}.h")):
            text = (resources.files(__package__) / "skeletons" / f"{skeleton}.txt").read_text(encoding="utf-8")
            (folder / file).write_text(Template(text).substitute(words), encoding="utf-8")
    except OSError as error:
        raise TargetInvalid(f"{folder} cannot be made: {error}. Choose another place.") from error
    return load_target(str(folder.absolute()))


def _chip(inventory: Inventory) -> dict[str, str]:
    """Return the words of the chip's header."""
    uart, machine = inventory.console, inventory.machine
    if uart is None:
        raise TargetInvalid(f"{machine} has nothing on QEMU's first serial port, where the console must be. {_OWN}")
    if uart.kind not in _DRIVERS:
        raise TargetInvalid(
            f"the console of {machine} is a {uart.kind}, for which there is no driver. There are drivers for "
            f"{', '.join(_DRIVERS)} (targets/boards/cortex-m/peripherals). {_OWN}"
        )
    if uart.address is None or uart.interrupt is None:
        raise TargetInvalid(
            f"QEMU does not tell where {machine} has its console, a {uart.kind}, and which interrupt: that is so where "
            f"the machine has a secure and a non-secure side. Take both from the data sheet. {_OWN}"
        )
    driver, base = _DRIVERS[uart.kind]
    clock = max(1, round(inventory.clock / 1e6))
    facts = {"base": base, "address": f"{uart.address:#010x}", "interrupt": str(uart.interrupt)}
    return {**facts, "driver": driver, "clock": str(clock)}


def _firmware(inventory: Inventory) -> dict[str, str]:
    """Return the words of target.toml."""
    flash, ram, shared = _memories(inventory)
    stack = 16 << 10 if ram.length > _RAM else 8 << 10
    heap = min((ram.length - stack - _FAULT_STACK - _VARIABLES) >> 10 << 10, _LARGEST_HEAP)
    memories = [_memory("FLASH", flash, "flash"), _memory("RAM", ram, "ram")]
    if shared is not None:
        memories.append(f"# In a file that the host maps too.\n{_memory('SHARED', shared, 'window')}")
    has_costs = inventory.clock and core_model(inventory.core) is not None
    return {
        "binary": inventory.binary,
        "core": inventory.core,
        "core_name": inventory.core.replace("cortex-m", "Cortex-M").replace("plus", "+"),
        "arch": _arch(inventory),
        "release": load_target(DEFAULT_TARGET).built.micropython,
        "heap": f"{heap:_}",
        "stack": f"{stack:_}",
        "fault_stack": f"{_FAULT_STACK:_}",
        "cycles": f"\n[cycles]\nclock = {inventory.clock:_}\n" if has_costs else "",
        "memories": "\n\n".join(memories),
    }


def _arch(inventory: Inventory) -> str:
    if inventory.core not in _ARCHES:
        raise TargetInvalid(
            f"{inventory.machine} has a {inventory.core}, and what native modules for it are built for is not known "
            f"here. There are {', '.join(_ARCHES)}. {_OWN}"
        )
    return _ARCHES[inventory.core]


def _memories(inventory: Inventory) -> tuple[Region, Region, Region | None]:
    """Return the memories for code and for data, and the one that host and guest share, where there is one to spare."""
    # The core begins at address 0. Where its memory is elsewhere as well, that is its usual place, and code that calls
    # address 0 does not find any.
    first = next((each for each in inventory.regions if each.holds(0)), None)
    if first is None:
        raise TargetInvalid(f"{inventory.machine} has no memory at address 0, where a Cortex-M begins. {_OWN}")
    flash = [each for each in inventory.regions if each.name == first.name][-1]
    shared = next((each for each in inventory.regions if each.name == inventory.main and each.is_writable), None)
    others = [each for each in inventory.regions if each.is_writable and each.name not in (first.name, inventory.main)]
    ram = max(others, key=lambda each: each.length, default=Region("none", 0, 0, is_writable=True))
    if shared is not None and ram.length < _RAM:  # then there is none to spare
        ram, shared = shared, None
    for least, what, region in ((_FLASH, "code", flash), (_RAM, "data", ram)):
        if region.length < least:
            raise TargetInvalid(
                f"{inventory.machine} has too little memory for {what}: {region.length >> 10} KB. MicroPython with "
                f"what the harness needs takes {least >> 10} KB. Plain C programs may fit (docs/small-cores.md)."
            )
    return _region(flash), _region(ram), _region(shared) if shared is not None else None


def _region(memory: Region) -> Region:
    # Of memory, what a region of the MPU can be: a power of two at a multiple of itself (Arm DDI 0403, section B3.5.9).
    length = 1 << (memory.length.bit_length() - 1)
    while memory.origin % length:
        length >>= 1
    return replace(memory, length=length)


def _memory(name: str, region: Region, kind: str) -> str:
    lines = [f'name = "{name}"', f"origin = {region.origin:#010x}", f"length = {region.length:#010x}"]
    return "\n".join(["[[memory]]", *lines, f'kind = "{kind}"'])
