"""Write what was measured of a board as a part (targets/parts.py), each fact with how it was found."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from mpy_harness.rates.calibrate import LINE, Fit


@dataclass(frozen=True)
class Calibration:
    """A board's facts: what it says of itself, its clock and where that comes from, its heap, what was fitted.

    ``reference`` is the target that counted, ``repeats`` how often each kernel was timed.
    """

    said: str
    core: str
    arch: str
    clock: int
    clock_source: str
    heap: int
    reference: str
    repeats: int
    modules: Fit | None = None
    firmware: Fit | None = None


def part_file(found: Calibration) -> str:
    """Return the text of the file."""
    return "\n".join([
        f"# Measured on a board by mpy-harness calibrate, against what {found.reference} counts.",
        f"description = {_text(f'{found.said}, as calibrated')}",
        f"core = {_text(found.core)}",
        f"arch = {_text(found.arch)}",
        "",
        "[clock]",
        f"value = {found.clock}",
        f"source = {_text(found.clock_source)}",
        "",
        "[ram]",
        f"value = {found.heap}",
        f"source = {_text('gc.mem_free() + gc.mem_alloc() on the board: its heap, without what lies beside it')}",
        *_memory("firmware", "where the firmware is", found.firmware, found, "; the firmware is another build"),
        *_memory("modules", "RAM", found.modules, found, ""),
        "",
    ])  # fmt: skip


def _memory(name: str, memory: str, fit: Fit | None, found: Calibration, but: str) -> Iterator[str]:
    yield from ("", f"[{name}]", f"memory = {_text(memory)}")
    if fit is None:
        return
    how = (
        f"fitted: {fit.points} kernels, time.ticks_us, medians of {found.repeats}, against instructions by class on "
        f"{found.reference}{but}; with it, times are off by {fit.least:+.0f} % to {fit.most:+.0f} %"
    )
    yield f"waits = {{ value = {fit.waits}, source = {_text(how)} }}"
    yield f"line = {{ value = {LINE}, source = {_text('taken for the fit: a fetch of 32 bits')} }}"


def _text(text: str) -> str:
    # A string of JSON is one of TOML, where no character beyond the first plane is escaped.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
