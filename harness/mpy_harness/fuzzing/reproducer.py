"""A test file that shows what was found: a few lines, to run, to mend by, and to keep."""

from __future__ import annotations

import os
import re
from pathlib import Path

from mpy_harness.firmware.natmods import NatmodBuild
from mpy_harness.fuzzing.hunt import Found
from mpy_harness.fuzzing.subject import Subject

_FILE = """\
# {headline}
# Found by: {command}
from contextlib import suppress

import pytest

from mpy_harness.errors import GuestException


@pytest.mark.memcheck
def test_{name}(board{natmod}):
    {load}
    with suppress(GuestException):  # an exception is the right answer to nonsense
        board.exec('''
{source}
        ''')
"""


def write_test(found: Found, subject: Subject, folder: Path, command: str) -> Path:
    """Write the test into a folder, which is made if need be; return its path. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    name = _name(found, subject.name)
    path = folder / f"test_{name}.py"
    number = 1
    while path.exists() and path.read_text(encoding="utf-8").splitlines()[:1] != [f"# {headline(found)}"]:
        number += 1
        path = folder / f"test_{name}_{number}.py"
    path.write_text(_text(found, subject, folder, command, name), encoding="utf-8")
    return path


def headline(found: Found) -> str:
    """Return in one line what was found, without addresses, which are others the next time."""
    kind, place = found.key
    return f"{kind}: {place}" if place else kind


def _text(found: Found, subject: Subject, folder: Path, command: str, name: str) -> str:
    source = subject.source(found.steps, bare=found.bare).replace("\\", "\\\\").replace("'''", '"""')
    indented = "\n".join(f"            {line}" for line in source.splitlines() if line.strip())
    if isinstance(subject.module, NatmodBuild) and subject.module.folder is not None:
        path, call, natmod = subject.module.folder, "natmod({!r})", ", natmod"
    else:
        path = subject.module.path if isinstance(subject.module, NatmodBuild) else subject.module
        call, natmod = "board.import_native({!r})", ""
    where = os.path.relpath(path, folder) if natmod else str(path.absolute())
    return _FILE.format(
        headline=headline(found),
        command=command,
        name=name,
        natmod=natmod,
        load=call.format(where if "/" in where else f"./{where}"),
        source=indented,
    )


def _name(found: Found, module: str) -> str:
    kind, place = found.key
    function = re.search(r"(\w+)\(\)|\w(\+0x[0-9a-f]+)", place)
    words = (module, kind, (function[1] or function[2]) if function else "")
    return "_".join(re.sub(r"\W+", "_", word).strip("_").lower() for word in words if word)
