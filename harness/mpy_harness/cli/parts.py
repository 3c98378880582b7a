"""The command ``parts``: the chips that an estimate can be for, and the sources of what is known of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Annotated

import typer

from mpy_harness.cli.options import AsJson, known_parts
from mpy_harness.reports.names import printable
from mpy_harness.reports.table import aligned
from mpy_harness.targets import Fact, Part, available_parts, load_part


def command(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="PART...", help="Parts whose facts are shown.", autocompletion=known_parts),
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """List the parts that estimates can be for; of those that are named, each fact with its source."""
    parts = [load_part(name) for name in names or available_parts()]
    if as_json:
        print(json.dumps([_data(part) for part in parts], indent=1))
    elif names:
        print("\n\n".join("\n".join(_facts(part)) for part in parts))
    else:
        print("\n".join(aligned([_HEAD, *map(_row, parts)])))


_HEAD = ["part", "what it is", "core", "native modules", "clock", "RAM B", "time"]


def _row(part: Part) -> list[str]:
    time = "no cycle model" if part.model is None else "estimated"
    facts = [f"{part.clock.value / 1e6:g} MHz", f"{part.room:,}", time]
    return [part.name, part.description, part.core, part.arch, *facts]


def _facts(part: Part) -> Iterator[str]:
    yield f"{printable(part.name)}: {printable(part.description)}, {part.core}, native modules {part.arch}"
    yield from aligned([["", "value", "source"], *_fact_rows(part)])


def _fact_rows(part: Part) -> Iterator[list[str]]:
    model = "no cycle model" if part.model is None else part.model.source
    yield ["cycles", "", model]
    for what, fact in (("clock, Hz", part.clock), ("RAM, B", part.ram), ("taken of it, B", part.taken)):
        yield _fact_row(what, fact)
    for whose, memory in (("firmware", part.firmware), ("modules", part.modules)):
        yield [f"{whose}: code in", "", printable(memory.memory)]
        yield _fact_row(f"{whose}: waits, cycles", memory.waits)
        yield _fact_row(f"{whose}: bytes of a fetch", memory.line)
        yield _fact_row(f"{whose}: cache, B", memory.cache)
        if memory.measured is not None:
            told = f"× {memory.measured.work:g} + {memory.measured.calls:g} waits a call"
            yield [f"{whose}: cycles of the interpreter", told, printable(memory.measured.source)]
        if memory.longer is not None:
            yield _fact_row(f"{whose}: longer at most, %", memory.longer)
        if memory.shared is not None:
            yield [f"{whose}: data on the same bus", "yes", printable(memory.shared)]


def _fact_row(what: str, fact: Fact | None) -> list[str]:
    if fact is None:
        return [what, "", "not known: no source"]
    return [what, f"{fact.value:,}", printable(fact.source)]


def _data(part: Part) -> dict[str, object]:
    return {**part.model_dump(), "room": part.room}
