"""Modules that guest code imports from host files: each is looked at when the guest reads it."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path

from mpy_harness.architectures.instruction_set import FirmwareFloats
from mpy_harness.board.hostfiles import HostFiles, path_of
from mpy_harness.errors import CorruptModule, FloatAbiWarning, GuestException, HarnessError, IncompatibleModule
from mpy_harness.firmware import mpyfile

_REFUSED = b"-"
_LOADER_REFUSED = "incompatible .mpy"  # how MicroPython's own message begins (py/persistentcode.c)


class ServedModules:
    """Answers a guest's questions about host files, and observes its requests (see ``Observer``).

    A ``.mpy`` file that is damaged, or whose numbers would be wrong, is not handed to the guest. Others that do not
    fit are: MicroPython refuses them, and a program may have a second choice. ``abi`` asks the guest which files it
    takes; ``floats`` are the registers in which its firmware passes C floats. ``served`` is told each file that the
    guest gets, as some have names that only the program computes.
    """

    def __init__(
        self,
        target: str,
        floats: FirmwareFloats,
        abi: Callable[[], mpyfile.MpyAbi],
        served: Callable[[Path], None] = lambda _: None,
    ) -> None:
        self._target = target
        self._floats = floats
        self._abi = abi
        self._served = served
        self._read: mpyfile.MpyFile | None = None
        self._refused: CorruptModule | IncompatibleModule | None = None
        self._to_warn: dict[Path, mpyfile.MpyFile] = {}

    def answer(self, files: HostFiles, question: bytes, most: int) -> bytes:
        """Return the answer of ``files``, or that there is no such file where it must not be loaded."""
        path = path_of(question) if question.endswith(b".mpy") else ""
        if path:
            file = files.file(path)
            if file is not None and not self._may_load(file):
                return _REFUSED
        return files.answer(question, most)

    def explain(self, error: GuestException) -> HarnessError:
        """Return what an exception of the guest means: where a module was refused, why; else the exception itself."""
        unfit = self._refused if error.type == "OSError" else None
        read = self._read
        if error.type == "ValueError" and error.message.startswith(_LOADER_REFUSED) and read is not None:
            try:
                mpyfile.check(read, self._abi(), self._target)
            except IncompatibleModule as reason:
                unfit = reason
        return error if unfit is None else type(unfit)(f"{unfit}\nThe guest imported it here:\n{error.traceback}")

    def begin(self, *, is_program: bool) -> int:  # noqa: ARG002 - any request may import
        """Forget what an earlier request read."""
        self.lose()
        return 0

    def end(self, mode: int) -> None:  # noqa: ARG002
        """Warn of modules that were loaded although they pass floats in another way."""
        warned = list(self._to_warn.values())
        self._to_warn.clear()
        for file in warned:
            warn_of_floats(file, self._target, stacklevel=3)

    def lose(self) -> None:
        """Forget what a request read."""
        self._read = self._refused = None
        self._to_warn.clear()

    def _may_load(self, path: Path) -> bool:
        try:
            file = mpyfile.inspect(path)
            mpyfile.check_floats(file, self._floats, self._target)
        except (CorruptModule, IncompatibleModule) as reason:
            self._refused = reason
            return False
        self._read = file
        self._served(path)
        if mpyfile.float_abi_differs(file, self._floats):
            self._to_warn[path] = file
        return True


def warn_of_floats(file: mpyfile.MpyFile, target: str, stacklevel: int) -> None:
    """Warn that a module takes C floats in other registers than the firmware; ``stacklevel`` as of ``warnings``."""
    warnings.warn(
        f"{file.path.name} is built for {file.abi.arch}, but the firmware of {target} passes C floats in the "
        "registers of its FPU: it loads, but C floats that pass between them arrive as garbage. Build it for the "
        "arch of the target to be sure.",
        FloatAbiWarning,
        stacklevel=stacklevel + 1,
    )
