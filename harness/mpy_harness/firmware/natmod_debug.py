"""An ELF file of a native module for debuggers: its object files, linked where MicroPython's linker put their parts.

``mpy_ld.py`` leaves symbols, types and lines out of the ``.mpy`` file, and the object files go after the build. The
file made here is never executed. It is an object file again: a debugger is told where each of the module's memories is,
and relocates what says so of variables, which an executable's would not have.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mpy_harness.firmware.natmod_symbols import Layout, NatmodSection
from mpy_harness.firmware.process import run
from mpy_harness.firmware.project_mirror import Mirror

FILE = "debug.elf"
_FACTS = "debug.json"
_SECONDS = 60.0
_SPACES = ("text", "rodata", "bss")
# Where the compiler's default is for cores of 64 bits.
_EMULATIONS = {"rv32imc": "elf32lriscv"}


@dataclass(frozen=True)
class DebugFile:
    """The file, the memories of the module that it has sections of, and where it has its sources.

    ``folder`` and ``project`` are the module's folder and the project around it, as they were called when it was built.
    """

    path: Path
    spaces: tuple[str, ...]
    folder: str
    project: str


def link(to: Path, layout: Layout, linker: Path, arch: str, mirror: Mirror) -> bool:
    """Make the file in the folder ``to``; tell whether that went well. A module is built without it as well."""
    sections = [each for each in layout.sections if each.object and (mirror.place / each.object).is_file()]
    objects = sorted({each.object for each in sections})
    if not objects:
        return False
    script = mirror.place / "mpy-harness-debug.ld"
    script.write_text(_script(sections), encoding="utf-8")
    emulation = ["-m", _EMULATIONS[arch]] if arch in _EMULATIONS else []
    command: list[str | Path] = [linker, *emulation, "-r", "-T", script, "-o", to / FILE, *objects]
    if run(command, timeout=_SECONDS, cwd=mirror.place).status != 0:
        (to / FILE).unlink(missing_ok=True)
        return False
    spaces = [space for space in _SPACES if any(each.space == space for each in sections)]
    facts = {"spaces": spaces, "folder": str(mirror.place), "project": os.path.realpath(mirror.root)}
    (to / _FACTS).write_text(json.dumps(facts) + "\n", encoding="utf-8")
    return True


def of_build(module: Path) -> DebugFile | None:
    """Return the file beside a built ``.mpy`` file, None where there is none."""
    try:
        facts: dict[str, Any] = json.loads((module.parent / _FACTS).read_text(encoding="utf-8"))
    except OSError:
        return None
    return DebugFile(module.parent / FILE, tuple(facts["spaces"]), facts["folder"], facts["project"])


def _script(sections: Sequence[NatmodSection]) -> str:
    parts = []
    for space in _SPACES:
        placed = sorted((each for each in sections if each.space == space), key=lambda each: each.offset)
        lines = [f'    . = {each.offset:#x};\n    "{each.object}"({each.name})\n' for each in placed if each.size]
        if lines:
            parts.append(f"  .{space} 0 : {{\n{''.join(lines)}  }}\n")
    return f"SECTIONS {{\n{''.join(parts)}  /DISCARD/ : {{ *(.comment) }}\n}}\n"
