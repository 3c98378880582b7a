"""Where each function and variable of a native module is: noted when it is linked, kept with the build.

``mpy_ld.py`` of MicroPython writes no symbols into the file, and the object files are gone after the
build. So the linker is listened to (natmod_link.py); what it says holds for static functions and for
those of the compiler's libraries as well.
"""

from __future__ import annotations

import hashlib
import json
import shlex
import sys
from dataclasses import asdict, dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

from mpy_harness.errors import CorruptModule
from mpy_harness.firmware import mpyfile
from mpy_harness.firmware.natmod_lines import LineTable

FILE = "symbols.json"
_LAYOUT = "layout.json"


@dataclass(frozen=True)
class NatmodFunction:
    """A function of a native module: ``offset`` into the native text and ``size``, in bytes."""

    name: str
    offset: int
    size: int


@dataclass(frozen=True)
class NatmodVariable:
    """A variable or constant: ``offset`` into text, rodata or bss of the module (``space``) and ``size``, in bytes."""

    name: str
    space: str
    offset: int
    size: int


@dataclass(frozen=True)
class NatmodSection:
    """An input section: where it went, as a variable's place is told, and its object file ("" for the linker's)."""

    name: str
    space: str
    offset: int
    size: int
    object: str

    @property
    def constant(self) -> bool:
        """Tell whether it holds constants, wherever they were put."""
        return self.name.startswith((".rodata", ".data.rel.ro"))


@dataclass(frozen=True)
class Layout:
    """What is where in a native module; empty where that is not known."""

    functions: tuple[NatmodFunction, ...] = ()
    variables: tuple[NatmodVariable, ...] = ()
    sections: tuple[NatmodSection, ...] = ()
    lines: LineTable = field(default_factory=LineTable)


def listen(tools: Path) -> None:
    """Let the build whose ``python3`` is in ``tools`` write down there where functions go.

    The wrapper recognises the linker by its name: a module's Makefile may call it in a way of its own.
    """
    link = tools / "natmod_link.py"
    link.write_bytes((resources.files("mpy_harness.firmware") / link.name).read_bytes())
    python = shlex.quote(sys.executable)
    (tools / "python3").write_text(
        "#!/bin/sh\n"
        'case "$1" in\n'
        f'*/mpy_ld.py) exec {python} {shlex.quote(str(link))} {shlex.quote(str(tools / _LAYOUT))} "$@" ;;\n'
        f'*) exec {python} "$@" ;;\n'
        "esac\n",
        encoding="utf-8",
    )


def linked(tools: Path, module: Path) -> Layout:
    """Return the layout of the built ``module``, without lines: an empty one where another text was linked last."""
    noted = tools / _LAYOUT
    if noted.is_file():
        facts = json.loads(noted.read_text(encoding="utf-8"))
        try:
            texts = [native.text for native in mpyfile.inspect(module).native_modules]
        except CorruptModule:
            texts = []  # whoever loads it will be told
        if facts.pop("text_sha256") in {hashlib.sha256(text).hexdigest() for text in texts}:
            return _layout(facts)
    return Layout()


def keep(layout: Layout, to: Path) -> None:
    """Write a layout to the file ``to``."""
    facts = {name: [asdict(each) for each in getattr(layout, name)] for name in ("functions", "variables", "sections")}
    to.write_text(json.dumps(facts | {"lines": layout.lines.as_json()}, indent=1) + "\n", encoding="utf-8")


def read(path: Path) -> Layout:
    """Return a build's layout."""
    return _layout(json.loads(path.read_text(encoding="utf-8")))


def _layout(facts: dict[str, Any]) -> Layout:
    return Layout(
        tuple(NatmodFunction(**function) for function in facts["functions"]),
        tuple(NatmodVariable(**variable) for variable in facts["variables"]),
        tuple(NatmodSection(**section) for section in facts["sections"]),
        LineTable.from_json(facts["lines"]) if "lines" in facts else LineTable(),
    )
