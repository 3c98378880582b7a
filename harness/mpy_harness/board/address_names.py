"""Names for addresses in a guest: functions of the firmware, of MicroPython and of native modules."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from mpy_harness.board.requests import Requests
from mpy_harness.counting.attribution import Names, call_tree
from mpy_harness.counting.glimpses import CodeGlimpses
from mpy_harness.counting.locate import Block, CodeImage, ModulePlacements, images_of
from mpy_harness.counting.plugin_lines import Record
from mpy_harness.counting.profile import Profile
from mpy_harness.firmware.natmods import NatmodBuild
from mpy_harness.firmware.symbols import Symbols

# MicroPython's types of function objects; the first is that of running generators (guest/counting.py).
_FUNCTION_TYPES = (
    "mp_type_gen_instance",
    "mp_type_fun_bc",
    "mp_type_fun_native",
    "mp_type_fun_viper",
    "mp_type_fun_asm",
    "mp_type_gen_wrap",
    "mp_type_native_gen_wrap",
)

_HEAP = "board_heap"  # board.h of the targets' C code


class AddressNames:
    """Puts addresses of the guest into words, and makes call trees of what was counted there."""

    def __init__(self, symbols: Symbols, requests: Requests) -> None:
        self._symbols = symbols
        self._requests = requests
        self._images: dict[Path, tuple[CodeImage, ...]] = {}
        self._located: tuple[object, ModulePlacements] | None = None
        #: Called with each module that is noted.
        self.listeners: list[Callable[[NatmodBuild | Path], None]] = []

    def describe(self, address: int, code: Sequence[Block] = ()) -> str:
        """Return in words where an address of code lies; ``code`` is what is in the guest's memory there."""
        if self._symbols.at(address) is None:
            named = CodeGlimpses(code, self.images).describe(address)
            if named is not None:
                return named
        return self._symbols.describe(address, sorted({image.name for image in self.images}))

    def knows(self, address: int, code: Sequence[Block]) -> bool:
        """Tell whether an address is in a function of the firmware with a name, or in a native module that is known."""
        return self._symbols.at(address) is not None or CodeGlimpses(code, self.images).describe(address) is not None

    @property
    def native_code(self) -> range:
        """Return the addresses at which native modules may be executed: none where the firmware does not say."""
        return self._symbols.native_code or range(0)

    @property
    def stack_top(self) -> int:
        """Return the address above the stack, 0 where the firmware does not tell."""
        return self._symbols.stack[1] if self._symbols.stack is not None else 0

    def loaded(self, module: NatmodBuild | Path) -> None:
        """Take note of a module whose code the guest may run."""
        path = module.path if isinstance(module, NatmodBuild) else module
        self._images.pop(path, None)  # the newest comes first, where several could be meant
        self._images = {path: images_of(module), **self._images}
        for listener in self.listeners:
            listener(module)

    def served(self, file: Path) -> None:
        """Take note of a file that the guest reads; one that was built is known better than by its file."""
        if file not in self._images:
            self._images = {**self._images, file: images_of(file)}

    def forget(self) -> None:
        """Forget the modules: others have run since, or none."""
        self._images.clear()

    def trees(self, records: Sequence[Record]) -> list[Profile | None]:
        """Return the call trees of a request's records, None for a record without one.

        The guest must be in the state in which the request has ended. It is asked once, because it collects garbage
        after that.
        """
        held = sorted({node[2] for record in records for node in record.nodes if node[2]})
        types = [self._symbols.address(name) or 0 for name in _FUNCTION_TYPES]
        heap = self._symbols.address(_HEAP) or 0
        names = {}
        if held and types[0]:
            names = dict(zip(held, self._requests.run("names", held, types, heap), strict=True))
        return [self._tree(record, names) if record.nodes else None for record in records]

    def _tree(self, record: Record, names: Mapping[int, str]) -> Profile:
        names_of = Names(self._symbols, names, lambda address: self._placements(record.code).name(address))
        return call_tree(record, self._requests.target, names_of)

    def _placements(self, code: Sequence[tuple[int, str]]) -> ModulePlacements:
        """Return where the modules are, found out where a name is asked for alone, and once for the same code."""
        asked = (code, self.images)
        if self._located is None or self._located[0] != asked:
            blocks = [(address, bytes.fromhex(each)) for address, each in code]
            self._located = asked, ModulePlacements(blocks, asked[1])
        return self._located[1]

    @property
    def images(self) -> list[CodeImage]:
        """Return the code of the native modules that the guest may run, the newest first."""
        return [image for images in self._images.values() for image in images]
