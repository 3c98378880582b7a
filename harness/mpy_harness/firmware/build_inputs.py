"""Which files a build read, and in which folders it looked for some: as long as they are the same, the result is.

Every program of a build tells what it reads. The compiler does so itself (environment variable DEPENDENCIES_OUTPUT,
GCC manual, section "Environment Variables Affecting GCC"), make by its variable MAKEFILE_LIST, Python by an audit hook
(in_build/sitecustomize.py), mpy-cross by its arguments. What other programs read (``cp``, ``sed``) is not seen.
"""

from __future__ import annotations

import os
import re
import shlex
import sysconfig
from collections.abc import Iterable, Iterator
from importlib import resources
from pathlib import Path

from mpy_harness.firmware.project_mirror import Mirror

_NOTES = "read"
_MAKEFILE = "note_makefiles.mk"
# A control character as an argument of its own, "group separator".
_END_OF_CALL = "\x1d\0"
_SPACES = re.compile(rb"(?<!\\)\s+")


def compiler_wrapper(tools: Path, compiler: Path, *flags: str) -> None:
    """Put a program of the compiler's name into ``tools`` that notes what the compiler reads; ``flags`` are added.

    How it is called is noted as well, for ``compiler_calls``. It runs with our ``PATH``, in which ``tools`` is not: the
    compiler may be ccache under the compiler's name, which looks there for the next program of that name.
    """
    notes = shlex.quote(str(tools / _NOTES))
    path = shlex.quote(os.environ.get("PATH", os.defpath))
    added = "".join(f" {shlex.quote(flag)}" for flag in flags)
    _write_program(
        tools / compiler.name,
        f"DEPENDENCIES_OUTPUT={notes}/compiler-$$\nexport DEPENDENCIES_OUTPUT\n"
        f'printf "%s\\0" "$PWD" "$@" "$(printf "\\035")" >>{notes}/call-$$\n'
        f'PATH={path}\nexport PATH\nexec {shlex.quote(str(compiler))} "$@"{added}\n',
    )


def compiler_calls(tools: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield how the compilers were called: in which folder, and with which arguments, without the flags added."""
    for file in sorted((tools / _NOTES).glob("call-*")):
        for call in os.fsdecode(file.read_bytes()).split(_END_OF_CALL)[:-1]:
            folder, *arguments = call.split("\0")[:-1]
            yield folder, arguments


def program_wrapper(tools: Path, name: str, program: str, *, notes_arguments: bool = False) -> None:
    """Put a program ``name`` into ``tools`` that runs another; with ``notes_arguments``, files among its arguments."""
    note = f'printf "%s\\n" "$@" >>{shlex.quote(str(tools / _NOTES))}/arguments-$$\n' if notes_arguments else ""
    _write_program(tools / name, f'{note}exec {shlex.quote(program)} "$@"\n')


def prepare(tools: Path, *variables: str) -> dict[str, str]:
    """Make the folder ``tools`` ready for notes; return what to add to the build's environment.

    Variables of the makefiles are noted as well, for ``variable``.
    """
    (tools / _NOTES).mkdir()
    hook = resources.files("mpy_harness.firmware") / "in_build" / "sitecustomize.py"
    (tools / "python").mkdir()
    (tools / "python" / hook.name).write_bytes(hook.read_bytes())
    # Read as the last makefile, when the variable names all the others.
    noted = {"makefiles": "MAKEFILE_LIST"} | {f"variable-{name}": name for name in variables}
    lines = [f"$(file >{tools / _NOTES}/{file},$({name}))\n" for file, name in noted.items()]
    (tools / _MAKEFILE).write_text("".join(lines), encoding="utf-8")
    return {"PYTHONPATH": str(tools / "python"), "MPYH_BUILD_NOTES": str(tools / _NOTES)}


def last_makefile(tools: Path) -> Path:
    """Return the makefile that make is to read after the build's own."""
    return tools / _MAKEFILE


def makefiles(tools: Path, folder: Path) -> list[Path]:
    """Return the makefiles that make read for a build in ``folder``, without the one that notes them."""
    found = [folder / os.fsdecode(name) for name in _makefiles(tools)]
    return [file for file in found if file != last_makefile(tools)]


def _makefiles(tools: Path) -> list[bytes]:
    noted = tools / _NOTES / "makefiles"
    return noted.read_bytes().split() if noted.is_file() else []


def variable(tools: Path, name: str) -> str:
    """Return the value of a makefile's variable that was noted, "" where it had none."""
    noted = tools / _NOTES / f"variable-{name}"
    return noted.read_text(encoding="utf-8").strip() if noted.is_file() else ""


def files_read(
    tools: Path,
    folder: Path,
    *,
    mirror: Mirror | None = None,
    depfiles: Iterable[Path] = (),
    without: Iterable[Path] = (),
) -> list[Path]:
    """Return the files that a build in ``folder`` read and the folders that it listed, links resolved, sorted.

    Of the ``mirror`` it is the user's own files. ``depfiles`` are rules for make that the compiler was asked for. Left
    out is what is below the folders ``without``, what Python programs read of the Python installation (headers in it
    count), and what the build made itself.
    """
    notes = tools / _NOTES
    names: set[bytes] = set()
    for file in [*notes.glob("compiler-*"), *depfiles]:
        names |= set(_prerequisites(file.read_bytes()))
    for file in notes.glob("arguments-*"):
        names |= {line for line in file.read_bytes().splitlines() if not line.startswith(b"-")}
    names |= set(_makefiles(tools))
    opened = {line for file in notes.glob("python-*") for line in file.read_bytes().splitlines()}
    found = set(_originals(names, folder, mirror, (tools, *without)))
    found |= set(_originals(opened, folder, mirror, (tools, *without, *_python_folders())))
    return sorted(file for file in found if file.exists())


def _originals(names: Iterable[bytes], folder: Path, mirror: Mirror | None, without: Iterable[Path]) -> Iterator[Path]:
    left_out = [Path(os.path.realpath(each)) for each in without]
    for name in names:
        file = Path(os.path.realpath(folder / os.fsdecode(name)))
        original = file if mirror is None else mirror.original(file)
        if original is not None:
            file = Path(os.path.realpath(original))
            if not any(map(file.is_relative_to, left_out)):
                yield file


def _prerequisites(rules: bytes) -> Iterator[bytes]:
    # "target: one two \<newline> three"; blanks in names are escaped, "$" is doubled.
    for rule in rules.replace(b"\\\r\n", b" ").replace(b"\\\n", b" ").splitlines():
        _, colon, listed = rule.partition(b": ")
        if colon:
            yield from (name.replace(b"\\ ", b" ").replace(b"$$", b"$") for name in _SPACES.split(listed) if name)


def _python_folders() -> Iterator[Path]:
    paths = sysconfig.get_paths()
    return (Path(paths[name]) for name in ("stdlib", "platstdlib", "purelib", "platlib"))


def _write_program(file: Path, body: str) -> None:
    file.write_text(f"#!/bin/sh\n{body}", encoding="utf-8")
    file.chmod(0o755)
