"""Forms: the ways in which a workload is written, each a file of its folder or a native module."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mpy_harness.board.imports import imports_of
from mpy_harness.errors import NatmodInvalid
from mpy_harness.resources import natmods_dir

#: What compiles a file, which is the first part of the file's name, and how measurements call the form.
EMITTERS = {
    "bytecode": "python",
    "native": "@native",
    "viper": "viper",
    "asm_thumb": "asm",
    "asm_rv32": "asm",
    "asm_xtensa": "asm",
}
_FOLDER = "natmod"  # a native module that is the workload's own


@dataclass(frozen=True)
class Form:
    """One form: ``name`` as in measurements, and where it comes from.

    That is a native module (``natmod``, its name or folder), the Python twin that it has (``twin`` as well), or a file
    of MicroPython source, of which ``decorated`` functions get ``@micropython.native``.
    """

    name: str
    natmod: str | Path = ""
    twin: bool = False
    file: Path | None = None
    decorated: tuple[str, ...] = ()

    def source(self) -> bytes:
        """Return the source that the guest gets, of a form that is a file. Raise ValueError for a missing function."""
        if self.file is None:
            raise ValueError(f"the form {self.name} is no file")
        text = self.file.read_text(encoding="utf-8")
        for function in self.decorated:
            text, count = re.subn(rf"(?m)^( *)(?=def {re.escape(function)}\()", r"\1@micropython.native\n\1", text)
            if count != 1:
                raise ValueError(f"{self.file} has {count} functions {function!r} to decorate, not one")
        return text.encode()

    def neighbours(self) -> list[Path]:
        """Return the files that the form imports, and those that these import in turn.

        They are in the form's folder or in the folders above it, as far as these are of the same Python package.
        """
        if self.file is None:
            return []
        folders = [self.file.parent]
        while (folders[-1].parent / "__init__.py").is_file():
            folders.append(folders[-1].parent)
        found = imports_of(self.file, folders, natmods=(), last=())
        return [file for file in found.sources if file.parent in folders and file.stem != "__init__"]


def forms_in(folder: Path, natmod: str = "", decorated: Sequence[str] = ()) -> dict[str, Form]:
    """Return the forms of the workload in ``folder`` by name.

    A file ``<emitter>.py`` is one, and ``<emitter>_<variant>.py`` another, named after its variant; so are the native
    module, by name or in the folder ``natmod``, its Python twin, and ``@native``, which is the bytecode with some of
    its functions ``decorated``.
    """
    found: dict[str, Form] = {}
    own = folder / _FOLDER
    module: str | Path = own if own.is_dir() else natmod
    if module:
        found["native"] = Form("native", natmod=module)
        twin = (natmods_dir() / module) / f"{Path(module).name}_python.py"
        if twin.is_file():
            found["python"] = Form("python", natmod=module, twin=True, file=twin)
    for file in sorted(folder.glob("*.py")):
        if (name := _name(file.stem)) is not None:
            found[name] = Form(name, file=file)
    if decorated:
        if "python" not in found:
            raise NatmodInvalid(f"{folder} has no bytecode whose functions {', '.join(decorated)} could be decorated")
        found["@native"] = Form("@native", file=found["python"].file, decorated=tuple(decorated))
    return found


def _name(stem: str) -> str | None:
    for emitter, name in EMITTERS.items():
        if stem == emitter:
            return name
        if stem.startswith(f"{emitter}_"):
            return stem.removeprefix(f"{emitter}_")
    return None
