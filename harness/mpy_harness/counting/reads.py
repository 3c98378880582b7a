"""What a region read that its program does not decide: the clock and random numbers.

Such a count is exact, and another one in the next run: it is reported, and not compared as if it were the program's.
"""

from __future__ import annotations

from collections.abc import Mapping

#: Functions of MicroPython's ports that tell the time (py/mphal.h; ``mp_hal_ticks_us_64`` is the rp2 port's).
CLOCK = (
    "mp_hal_ticks_us",
    "mp_hal_ticks_ms",
    "mp_hal_ticks_cpu",
    "mp_hal_ticks_us_64",
    "mp_hal_time_ns",
    "esp_timer_get_time",
)
#: Functions that give random numbers: that of the module ``random`` (extmod/modrandom.c), and those of hardware.
RANDOM = ("yasmarang", "rng_get", "esp_random", "trng_random_u32", "get_rand_32", "mp_hal_get_random")


def described(calls: Mapping[str, int]) -> str:
    """Return what was read in words, by function and number of calls: ``the clock (mp_hal_ticks_us 12 times)``.

    The text is empty where nothing was.
    """
    of_clock = {name: times for name, times in calls.items() if name in CLOCK}
    others = {name: times for name, times in calls.items() if name not in CLOCK}
    kinds = (("the clock", of_clock), ("random numbers", others))
    return " and ".join(f"{kind} ({_times(found)})" for kind, found in kinds if found)


def _times(calls: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {'once' if times == 1 else f'{times:,} times'}" for name, times in sorted(calls.items()))
