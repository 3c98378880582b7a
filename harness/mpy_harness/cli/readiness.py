"""Whether targets can be used."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from mpy_harness import machines, targets
from mpy_harness.errors import HarnessError
from mpy_harness.firmware import toolchain
from mpy_harness.firmware.image import cached_firmware
from mpy_harness.firmware.releases import versions
from mpy_harness.firmware.sources import cached_source
from mpy_harness.programs.build import check_tools
from mpy_harness.reports.names import harmless
from mpy_harness.reports.table import aligned

_SETUP = re.compile(r"mpy-harness setup [\w@.-]+\b")


@dataclass(frozen=True)
class Readiness:
    """Whether a target can be used, and why not."""

    name: str
    usable: bool
    detail: str


def readiness(name: str) -> Readiness:
    """Return whether the target can be used: its image is built, or everything to build it is there."""
    try:
        target = targets.load_target(name)
        machines.kind_of(target).version()
        if target.is_plain:
            check_tools(target)
            return Readiness(name, usable=True, detail="ready, for plain C")
        version = target.firmware.micropython
        if target.is_built:
            toolchain.toolchain(target.cross, version)
        source = cached_source(target.tools)
        firmware = cached_firmware(target, source)
    except HarnessError as error:
        return Readiness(name, usable=False, detail=str(error))
    if firmware is not None:
        return Readiness(name, usable=True, detail="ready")
    fetched = "fetched" if target.is_published else "built" if source else "fetched and built"
    return Readiness(name, usable=True, detail=f"firmware is {fetched} on first use")


def said_once(said: Iterable[tuple[str, str]]) -> list[str]:
    """Return lines of who says what, one for each text; texts that differ in a target's name alone are one."""
    together: dict[str, list[tuple[str, str]]] = {}
    for who, text in said:
        together.setdefault(_SETUP.sub("mpy-harness setup TARGET", text), []).append((who, text))
    lines = []
    for text, same in together.items():
        names = ", ".join(dict.fromkeys(who for who, _ in same))
        lines.append(harmless(f"- {names}: {text if len(same) > 1 else same[0][1]}"))
    return lines


def targets_as_data(states: Sequence[Readiness]) -> list[dict[str, Any]]:
    """Return targets with whether they can be used as JSON data; of one that is wrong, what is wrong with it."""
    found = []
    for state in states:
        facts: dict[str, Any] = {"name": state.name, "usable": state.usable, "detail": state.detail}
        with suppress(HarnessError):
            target = targets.load_target(state.name)
            facts |= {"core": target.core, "emulator": target.emulator, "arch": target.natmod.arch}
            facts |= {"micropython": target.firmware.micropython, "default": state.name == targets.DEFAULT_TARGET}
            facts["published"] = target.is_published
            if isinstance(target.firmware, targets.PublishedFirmware):
                facts["releases"] = target.firmware.pinned
            else:
                facts["releases"] = versions() if target.is_built else []
        found.append(facts)
    return found


def target_lines(states: Sequence[Readiness], said: str = "") -> list[str]:
    """Return a table of targets, what the unusable ones want, each thing once, and which releases can be asked for.

    What stands in ``said`` is not said again.
    """
    rows = [["target", "core", "emulator", "modules", "MicroPython", "state"]]
    wanted: list[tuple[str, str]] = []
    found = targets_as_data(states)
    for facts in found:
        usable = facts["usable"]
        default = " (default)" if facts.get("default") else ""
        details = [str(facts.get(name, "?") or "-") for name in ("core", "emulator", "arch", "micropython")]
        rows.append([facts["name"] + default, *details, facts["detail"] if usable else "not usable"])
        if not usable and facts["detail"] not in said:
            wanted.append((facts["name"], facts["detail"]))
    lines = aligned(rows)
    if wanted:
        lines += ["", *said_once(wanted)]
    example = f"{targets.DEFAULT_TARGET}@{versions()[0]}"
    lines += ["", f"Releases for targets that are built: {', '.join(versions())} (as {example})."]
    published = [facts for facts in found if facts.get("published") and len(facts["releases"]) > 1]
    return lines + [f"Releases of {each['name']}, published: {', '.join(each['releases'])}." for each in published]
