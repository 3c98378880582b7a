"""Where each function of a native module is in its ``.mpy`` file: noted when it is linked, kept with the build.

``mpy_ld.py`` of MicroPython writes no symbols into the file, and the object files are gone after the
build. So the linker is listened to (natmod_link.py); what it says holds for static functions and for
those of the compiler's libraries as well.
"""

from __future__ import annotations

import hashlib
import json
import shlex
import sys
from dataclasses import asdict, dataclass
from importlib import resources
from pathlib import Path

from mpy_harness.errors import CorruptModule
from mpy_harness.firmware import mpyfile

FILE = "symbols.json"
_LAYOUT = "layout.json"


@dataclass(frozen=True)
class NatmodFunction:
    """A function of a native module: ``offset`` into the native text and ``size``, in bytes."""

    name: str
    offset: int
    size: int


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


def keep(tools: Path, module: Path, to: Path) -> None:
    """Write the functions of the built ``module`` to the file ``to``: none where another text was linked last."""
    functions: list[NatmodFunction] = []
    layout = tools / _LAYOUT
    if layout.is_file():
        facts = json.loads(layout.read_text(encoding="utf-8"))
        try:
            texts = [native.text for native in mpyfile.inspect(module).native_modules]
        except CorruptModule:
            texts = []  # whoever loads it will be told
        if facts["text_sha256"] in {hashlib.sha256(text).hexdigest() for text in texts}:
            functions = [NatmodFunction(**function) for function in facts["functions"]]
    content = {"functions": [asdict(function) for function in functions]}
    to.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def read(path: Path) -> tuple[NatmodFunction, ...]:
    """Return a build's functions by offset."""
    facts = json.loads(path.read_text(encoding="utf-8"))
    return tuple(NatmodFunction(**function) for function in facts["functions"])
