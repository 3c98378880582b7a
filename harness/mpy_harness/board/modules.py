"""Modules in the guest: checked on the host, loaded, and known by name to what names addresses."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from mpy_harness.architectures.instruction_set import FirmwareFloats
from mpy_harness.board.address_names import AddressNames
from mpy_harness.board.allocations import Heap
from mpy_harness.board.files import BoardFiles
from mpy_harness.board.objects import GuestObject
from mpy_harness.board.requests import Requests
from mpy_harness.board.served_modules import warn_of_floats
from mpy_harness.errors import CorruptModule, WrongModule
from mpy_harness.firmware import mpyfile
from mpy_harness.firmware.natmods import NatmodBuild

_FOLDER = "/natmods"


class GuestModules:
    """Loads modules; ``heap`` learns what importing each took.

    ``floats`` are those of the firmware; ``abi`` returns which .mpy files it takes.
    """

    def __init__(
        self,
        requests: Requests,
        files: BoardFiles,
        heap: Heap,
        names: AddressNames,
        *,
        floats: FirmwareFloats,
        abi: Callable[[], mpyfile.MpyAbi],
    ) -> None:
        #: The native modules that were loaded, by name.
        self.native: dict[str, Path | NatmodBuild] = {}
        self._requests = requests
        self._files = files
        self._heap = heap
        self._names = names
        self._floats = floats
        self._abi = abi

    def import_native(self, module: str | Path | NatmodBuild) -> GuestObject:
        """Load a .mpy file, or a module that was built, and return its module (see ``Board.import_native``)."""
        file = mpyfile.inspect(module.path if isinstance(module, NatmodBuild) else Path(module))
        mpyfile.check(file, self._abi(), self._requests.target)
        mpyfile.check_floats(file, self._floats, self._requests.target)
        if mpyfile.float_abi_differs(file, self._floats):
            warn_of_floats(file, self._requests.target, stacklevel=3)  # who called Board.import_native
        self.native[file.path.stem] = module if isinstance(module, NatmodBuild) else file.path
        self._names.loaded(self.native[file.path.stem])
        place = f"{_FOLDER}/{file.path.name}"
        self._files.put(file.path, place)
        return self.import_file(file.path.stem, place)

    def import_file(self, name: str, file: str) -> GuestObject:
        """Import a module from a file that the guest has, and make sure that it came from there."""
        module, origin = self._heap.import_from(file.rpartition("/")[0] or "/", name)
        if origin is None or origin.lstrip("/") != file.lstrip("/"):
            raise WrongModule(
                f"importing {name!r} gave {origin or 'a module built into the firmware'}, not {file}. "
                "Rename the file, or use a firmware without that module."
            )
        assert isinstance(module, GuestObject)  # noqa: S101 - modules are not transferable
        return module

    def forget(self) -> None:
        """Forget what was loaded: the code of another test is not named after it."""
        self.native.clear()
        self._names.forget()

    def may_import(self, modules: Iterable[Path | NatmodBuild]) -> None:
        """Take note of native modules that programs may import from host files; those not whole are left out."""
        for module in modules:
            with suppress(CorruptModule):
                self._names.loaded(module)
