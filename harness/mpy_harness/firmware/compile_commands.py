"""How the compiler was called for a native module, for editors and other tools that read C.

The format is Clang's, "JSON Compilation Database". What is kept with a build holds for every checkout of the project,
so places are written as names here, and as paths when somebody asks.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mpy_harness.firmware import build_inputs
from mpy_harness.firmware.project_mirror import Mirror

_FILE = "commands.json"
_GENERATED = "generated"
_MODULE, _PROJECT, _ENTRY = "<module>", "<project>", "<entry>"
_SOURCES = (".c", ".S", ".s", ".cc", ".cpp", ".cxx")


def keep(entry: Path, tools: Path, mirror: Mirror, compiler: Path) -> None:
    """Write into ``entry`` how the sources of a module were compiled in the mirror of its project.

    Headers that the build made are kept as well, because the sources include them.
    """
    for header in (mirror.place / "build").rglob("*.h"):
        kept = entry / _GENERATED / header.relative_to(mirror.place)
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(header, kept)
    # Links in `tools` go when the build is over. The innermost folder comes first: the others' paths begin its path.
    names = {str(link): os.path.realpath(link) for link in tools.iterdir() if link.is_symlink()}
    places = {mirror.place: _MODULE, mirror.root: _PROJECT, entry: _ENTRY}
    names |= {str(each): name for place, name in places.items() for each in (os.path.realpath(place), place)}
    found: list[dict[str, Any]] = []
    for folder, arguments in build_inputs.compiler_calls(tools):
        source = next((each for each in reversed(arguments) if each.endswith(_SOURCES)), None)
        if "-c" in arguments and source is not None:
            words = [str(compiler), *arguments, f"-I{entry / _GENERATED}"]
            found.append(
                {
                    "directory": _replaced(folder, names),
                    "file": _replaced(source, names),
                    "arguments": [_replaced(word, names) for word in words],
                }
            )
    text = json.dumps(sorted(found, key=lambda call: str(call["file"])), indent=1)
    (entry / _FILE).write_text(text + "\n", encoding="utf-8")


def read(entry: Path, folder: Path, project: Path) -> list[dict[str, Any]]:
    """Return the entries of a compilation database for the module in ``folder`` of a project; paths are absolute."""
    places = {_MODULE: str(folder), _PROJECT: str(project), _ENTRY: str(entry)}
    return [
        {
            "directory": _replaced(call["directory"], places),
            "file": os.path.normpath(Path(_replaced(call["directory"], places), _replaced(call["file"], places))),
            "arguments": [_replaced(word, places) for word in call["arguments"]],
        }
        for call in json.loads((entry / _FILE).read_text(encoding="utf-8"))
    ]


def _replaced(text: str, names: Mapping[str, str]) -> str:
    for old, new in names.items():
        text = text.replace(old, new)
    return text
