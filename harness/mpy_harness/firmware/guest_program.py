"""The program that runs in the guest and answers requests: its files joined, and compiled on the host.

A firmware that is built here has it frozen in. Any other gets it after every reset, in a fraction of the time that
compiling its source there would take (board/guest_loader.py).
"""

from __future__ import annotations

import hashlib
import subprocess
from functools import lru_cache
from importlib import resources
from pathlib import Path

from mpy_harness import architectures
from mpy_harness.architectures.marks import Marks
from mpy_harness.errors import MachineryError
from mpy_harness.firmware.mpy_cross import mpy_cross
from mpy_harness.limits import ANSWER_SECONDS
from mpy_harness.targets import Target, Window

#: The module's name.
NAME = "_mpyh"
# Where words of the guest are of 8 bytes: an array's typecode (py/objarray.h) and the argument of a seek (py/stream.h).
_WORD = 8
_OF_WORDS = (
    (b"id(v) + 4,", b"id(v) + 8,"),
    (b'"offset": 0 | uctypes.INT32, "whence": 4 |', b'"offset": 0 | uctypes.INT64, "whence": 8 |'),
)


def joined(
    marks: Marks | None = None, settle: str = "", window: Window | None = None, *, keeps_files: bool = False
) -> bytes:
    """Return the program's source (see ``compiled``), which sets ``marks``; None for none.

    Frozen into a firmware that shares a ``window`` with the host, it knows where that is.
    """
    folder = resources.files("mpy_harness") / "guest"

    def part(name: str) -> bytes:
        return (folder / name).read_bytes()

    # The class of requests.py begins in values.py.
    requests = part("requests.py").partition(b"class Runtime:\n")[2]
    place, size = (window.address, window.size) if window is not None else (0, 0)
    return b"\n".join([
        b'_SETTLE = const("%s")' % settle.encode(),
        b"_WINDOW = const(%d)\n_WINDOW_SIZE = const(%d)" % (place, size),
        part("common.py"), part("links.py"), part("values.py"), requests,
        part("streams.py"), part("files.py"), part("keeping.py" if keeps_files else "mounting.py"),
        part(marks.guest if marks else "marks_none.py"),
        part("counting.py"),
        part("empty_native.py") if marks else b"",
        part("allocations.py"),
    ])  # fmt: skip


@lru_cache(maxsize=4)
def compiled(
    micropython: str, decoder: str | None = None, arch: str = "", settle: str = "", *, keeps_files: bool = False
) -> bytes:
    """Return the program as a .mpy file for that MicroPython version.

    With a ``decoder`` it can mark regions, and holds code for native modules' ``arch``; without, it is bytecode.
    ``settle`` names what it waits for before a request that is counted (guest/counting.py), "" for nothing. With
    ``keeps_files`` the guest's own files stay as they are.
    """
    which = architectures.instruction_set(arch)
    marks = which.marks if decoder and which is not None else None
    source = for_words_of(arch, joined(marks, settle, keeps_files=keeps_files))
    return _compiled(source, micropython, arch if decoder else "", marks)


def for_words_of(arch: str, source: bytes) -> bytes:
    """Return the program for the words of an architecture: as it is written, they have 4 bytes."""
    known = architectures.mpy_arch(arch)
    if known is not None and known.word == _WORD:
        for of_4, of_8 in _OF_WORDS:
            source = source.replace(of_4, of_8)
    return source


def freeze(target: Target, micropython: str, folder: Path) -> str:
    """Write the program for a target's firmware to a new folder; return the statement of a manifest that freezes it.

    The statement is empty where it is not frozen: ``frozen_source`` says when.
    """
    source = frozen_source(target)
    which = architectures.instruction_set(target.natmod.arch)
    if not source or which is None:
        return ""
    folder.mkdir()
    (folder / f"{NAME}.mpy").write_bytes(_compiled(source, micropython, target.natmod.arch, which.marks))
    return f"freeze_mpy({str(folder)!r}, {NAME + '.mpy'!r})\n"


def frozen_source(target: Target) -> bytes:
    """Return the source of the program that is frozen into a target's firmware, b"" where none is.

    It is where the firmware runs on board code of ours: of others it is not known whether they take native code. It
    ends with its own hash, by which an image that has it is known.
    """
    which = architectures.instruction_set(target.natmod.arch)
    if not target.is_built or target.shared_board is None or which is None or which.marks is None:
        return b""
    source = joined(which.marks, window=target.window)
    return source + b'\nprogram = "%s"\n' % _hash(source)


def is_frozen_in(image: Path, target: Target) -> bool:
    """Tell whether an image of a target's firmware has this very program."""
    source = frozen_source(target)
    if not source:
        return False
    about = image.stat()
    return _holds(image, _hash(source.rpartition(b"\nprogram = ")[0]), about.st_mtime_ns, about.st_size)


@lru_cache(maxsize=8)
def _holds(image: Path, text: bytes, _changed: int, _size: int) -> bool:
    return text in image.read_bytes()


def _hash(source: bytes) -> bytes:
    return hashlib.sha256(source).hexdigest()[:32].encode()


def _compiled(source: bytes, micropython: str, arch: str, marks: Marks | None) -> bytes:
    options = [f"-march={arch}"] if arch else []
    try:  # from standard input to standard output: no file that could be left behind
        made = subprocess.run(
            [mpy_cross(micropython), *options, "-s", f"{NAME}.py", "-"],
            input=source,
            capture_output=True,
            timeout=ANSWER_SECONDS,
            check=True,
        )
    except subprocess.SubprocessError as error:
        words = (getattr(error, "stderr", None) or b"").decode("utf-8", "replace")
        raise MachineryError(f"mpy-cross did not compile the guest's program: {error} {words}") from error
    return marks.put_into(made.stdout) if marks else made.stdout
