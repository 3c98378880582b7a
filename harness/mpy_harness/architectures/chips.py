"""Which core a chip has, by what MicroPython says of the board (``sys.implementation._machine``).

Sources: the data sheets of the chips. The names of the cores are those that ``core`` in ``target.toml`` has.
"""

from __future__ import annotations

import re

_CHIPS = (
    (r"cortex-m(\d+)\b", r"cortex-m\1"),
    (r"RP2040", "cortex-m0plus"),
    (r"RP2350.*RISC-?V", "hazard3"),
    (r"RP2350", "cortex-m33"),
    (r"ESP32-?S[23]", "xtensa-lx7"),
    (r"ESP32-?(C\d)", r"esp32-\1"),
    (r"ESP32", "xtensa-lx6"),
    (r"ESP8266", "xtensa-lx106"),
    (r"STM32[FGL]0", "cortex-m0plus"),
    (r"STM32(F[12]|L1)", "cortex-m3"),
    (r"STM32([FGL][34]|WB)", "cortex-m4"),
    (r"STM32([FH]7)|MIMXRT", "cortex-m7"),
    (r"STM32([HUL]5|U3)", "cortex-m33"),
    (r"SAMD21", "cortex-m0plus"),
    (r"SAMD51|NRF52", "cortex-m4"),
    (r"NRF51", "cortex-m0"),
    (r"NRF91", "cortex-m33"),
)


def core_of(machine: str) -> str | None:
    """Return the core of a board, None where its chip is not known."""
    for pattern, core in _CHIPS:
        found = re.search(pattern, machine, re.IGNORECASE)
        if found is not None:
            return found.expand(core).lower()
    return None
