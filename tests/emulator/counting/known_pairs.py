"""Pairs of instructions in code that is known, as plain C: what ten more rounds of it add to their counts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from mpy_harness.programs.build import build_program
from mpy_harness.programs.program import CProgram
from mpy_harness.targets import Target

FEW, MANY = 1, 11


def counted_pairs(
    target: Target, program: str, region: str, bodies: Mapping[str, str], folder: Path
) -> dict[str, dict[str, int]]:
    """Return by the body's name how often each kind of pair is in one round of it.

    ``program`` has a place for ``regions``; ``region`` for ``name``, ``times`` and ``body``.
    """
    regions = [
        region.format(name=name, times=times, body=body) for name, body in bodies.items() for times in (FEW, MANY)
    ]
    source = folder / "pairs.c"
    source.write_text(program.format(regions="\n".join(regions)), encoding="utf-8")
    count = CProgram(build_program(target, [source], folder / "built"), folder / "log", "classes").run().count
    assert count is not None
    found = {}
    for name in bodies:
        few, many = count[f"{name} {FEW}"].words, count[f"{name} {MANY}"].words
        more = {pair: many[pair] - few[pair] for pair in many if pair.endswith(("_used", "_later", "_row"))}
        assert all(number % (MANY - FEW) == 0 for number in more.values()), (name, more)
        found[name] = {pair: number // (MANY - FEW) for pair, number in more.items()}
    return found
