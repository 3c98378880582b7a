"""Write something new that runs at once: a workload, or a native module, from the skeletons beside this file."""

from __future__ import annotations

import keyword
from importlib import resources
from pathlib import Path
from typing import Literal

from mpy_harness.errors import PlaceInvalid
from mpy_harness.golden import VectorStore
from mpy_harness.golden.pins import FILE
from mpy_harness.golden.store import SCRIPT

Kind = Literal["workload", "natmod"]
_SUFFIX = ".txt"  # so that no tool takes a skeleton for code


def write_new(kind: Kind, folder: Path) -> list[Path]:
    """Write the files of a kind into a new folder, whose name is the thing's, pin its vectors, and return the files.

    Raise PlaceInvalid where the name is none or the folder is there.
    """
    name = folder.name
    if not (name.isascii() and name.isidentifier()) or keyword.iskeyword(name):
        raise PlaceInvalid(f"the folder's name is a module's, and {name!r} cannot be one: letters, digits and _ only.")
    if folder.exists():
        raise PlaceInvalid(f"{folder} is there already. Name a folder that is not, or remove it.")
    words = {"NAME": name, "CLASS": "".join(word.capitalize() for word in name.split("_")) or "Workload"}
    written = []
    try:
        folder.mkdir(parents=True)
        for skeleton in sorted(
            (resources.files(__package__) / "skeletons" / kind).iterdir(), key=lambda each: each.name
        ):
            file = folder / _filled(skeleton.name.removesuffix(_SUFFIX), words)
            file.write_text(_filled(skeleton.read_text(encoding="utf-8"), words), encoding="utf-8")
            written.append(file)
    except OSError as error:
        raise PlaceInvalid(f"{folder} cannot be made: {error}. Choose another place.") from error
    if (folder / SCRIPT).is_file():
        VectorStore(folder / SCRIPT).pin()
        written.append(folder / FILE)
    return written


def _filled(text: str, words: dict[str, str]) -> str:
    for word, value in words.items():
        text = text.replace(word, value)
    return text
