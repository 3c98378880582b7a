"""The TCG plugin that counts: compiled for the QEMU that is found, and what it is started with."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path

from mpy_harness.counting import reads
from mpy_harness.counting.instrument import Check, Mode
from mpy_harness.counting.instrument import Instrument as Instrument  # noqa: PLC0414 - board.py has it from here
from mpy_harness.errors import BuildFailed, CountingUnavailable, ToolMissing
from mpy_harness.firmware import cache, toolchain
from mpy_harness.firmware.process import last_lines, run
from mpy_harness.firmware.progress import Progress, Silent
from mpy_harness.firmware.symbols import FirmwareFunction, Symbols
from mpy_harness.limits import ANSWER_SECONDS
from mpy_harness.targets import Target

_KIND = "plugins"
_LIBRARY = "mpyh-counting.so"
_FLAGS = ("-std=c11", "-D_GNU_SOURCE", "-O2", "-flto", "-Wall", "-Wextra", "-fPIC", "-fvisibility=hidden", "-shared")
_COMPILE_SECONDS = 120.0
_QEMU_VERSION = re.compile(r"version (\d+)\.(\d+)")
_OLDEST = (7, 2)

#: Kinds of pairs that are told where the core's cycle model has a cost of them; on RISC-V the first one always is.
_ASKED_PAIRS = ("multiply_used", "shift_used")

#: From this version of the plugin API on, a plugin reads registers.
READS_REGISTERS = 2

# The newest plugin API that is declared by us, by the first release of QEMU that loads it (api.h).
_API = ((9, 1, 3), (9, 0, 2), (7, 2, 1))

# MicroPython's functions that run one of its own, with that one's object as first argument (py/objfun.c,
# py/objgenerator.c), those that throw and catch (py/nlr.h), and those that reads.c is about. The letters are those of
# functions.c.
_ROLES = {
    **dict.fromkeys(("fun_bc_call", "fun_native_call", "fun_viper_call", "fun_asm_call", "mp_obj_gen_resume"), "s"),
    "nlr_push": "u",
    "nlr_pop": "o",
    "nlr_jump": "j",
    "mp_init": "l",  # a life begins (py/runtime.c)
    "mod_random_seed": "e",  # extmod/modrandom.c
    **dict.fromkeys(reads.RANDOM, "r"),
    **dict.fromkeys(reads.CLOCK, "c"),
}


@dataclass(frozen=True)
class Plugin(Instrument):
    """The plugin and its arguments: mode, decoder, the firmware's functions and its stack's ends.

    ``core`` is the one that counts, on a chip of several. With a ``layout`` (memcheck/layout.py) it checks what native
    code does to memory, unless ``checks`` is off, with ``unwritten`` also what it reads that nobody has written; with
    ``covers`` it writes down which code of native modules runs.
    With a ``clock`` (guest_time.py) it tells the guest the time. ``pairs`` are kinds of pairs that it tells besides
    those that it always does: costs of the core's cycle model.
    """

    library: Path
    functions: str
    stack: tuple[int, int] | None
    core: int | None = None
    layout: str = ""
    stress: bool = False
    checks: bool = True
    covers: bool = False
    clock: str = ""
    unwritten: bool = False
    pairs: tuple[str, ...] = ()

    def option(
        self, output: int, functions: int, layout: int = -1, findings: int = -1, coverage: int = -1, *, hold: int = -1
    ) -> str:
        """Return the value of QEMU's option ``-plugin``; the arguments are inherited descriptors."""
        path = str(self.library).replace(",", ",,")
        option = f"file={path},arch={self.decoder},mode={self.mode or 'off'},out={output},functions={functions}"
        option += "".join(f",pair={name}" for name in self.pairs)
        if self.layout:
            option += f",layout={layout},findings={findings}" + ",stress=on" * self.stress
            option += ",unwritten=on" * self.unwritten
            option += f",hold={hold}" * (hold >= 0)
            option += ",checks=off" * (not self.checks) + f",coverage={coverage}" * self.covers
        if self.clock:
            option += f",clock={self.clock}"
        if self.core is not None:
            option += f",core={self.core}"
        return f"{option},stack={self.stack[0]:x}-{self.stack[1]:x}" if self.stack else option


class PluginRecords:
    """What the plugin writes: lines in memory that has no name, shared with QEMU."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def peek(self) -> bytes:
        """Return what was written since the last time that it was taken."""
        size = os.fstat(self._descriptor).st_size
        data = b""
        while len(data) < size:
            data += os.pread(self._descriptor, size - len(data), len(data))
        return data

    def take(self) -> bytes:
        """Return what was written since the last time; the guest must not be running a region."""
        data = self.peek()
        os.ftruncate(self._descriptor, 0)
        return data


def instrument(
    target: Target,
    image: Path,
    qemu: Path,
    mode: Mode | None,
    progress: Progress | None = None,
    *,
    core: int | None = None,
    layout: str = "",
    check: Check = "",
    covers: bool = False,
) -> Plugin:
    """Return what counts a target's firmware in a QEMU, on one core where the chip has several.

    With a ``layout`` of its memory it knows of native modules, counting or not; ``check`` is what it checks of them.
    ``covers``: it writes down which code of native modules runs.

    Raises CountingUnavailable, which says why not.
    """
    which = target.instruction_set
    if which is None or which.marks is None:
        raise CountingUnavailable(f"instructions of {target.natmod.arch} cannot be counted yet: no decoder knows them.")
    symbols = Symbols(image)
    table = "".join(_lines(symbols.functions, symbols.handlers))
    library = plugin_for(qemu, progress or Silent())
    stack = symbols.stack and (symbols.stack[0] - which.data_at, symbols.stack[1] - which.data_at)
    return Plugin(
        mode, which.name, library, table, stack, core, layout,
        stress="stress" in check, checks=check != "", covers=covers, unwritten="unwritten" in check,
        pairs=_pairs(target),
    )  # fmt: skip


def _pairs(target: Target) -> tuple[str, ...]:
    costs = {} if target.cycles is None else target.cycles.costs
    return tuple(name for name in _ASKED_PAIRS if name in costs)


def _lines(functions: Iterable[FirmwareFunction], handlers: frozenset[int]) -> Iterable[str]:
    for function in functions:
        # Compilers append what they did to it: fun_bc_call.part.0
        role = "i" if function.start in handlers else _ROLES.get(function.name.partition(".")[0], "p")
        yield f"{function.start:x} {function.end:x} {role}\n"


def plugin_for(qemu: Path, progress: Progress) -> Path:
    """Return the plugin compiled for a QEMU, once for each API version and compiler. Raises CountingUnavailable."""
    api = plugin_api(qemu)
    try:
        compiler = toolchain.find("gcc", "the plugin that counts instructions")
    except ToolMissing as error:
        raise CountingUnavailable(str(error)) from error
    sources = resources.files("mpy_harness.counting") / "plugin_c"
    with resources.as_file(sources) as folder:
        facts = {
            "sources": cache.hash_tree(folder),
            "api": api,
            "compiler": toolchain.version(compiler),
            "flags": _FLAGS,
            "machine": os.uname().machine,
        }

        def build(to: Path) -> None:
            progress.stage(f"compiling the plugin that counts instructions, for {toolchain.version(qemu)}")
            files = [str(file) for file in sorted(folder.rglob("*.c"))]
            command: list[str | Path] = [compiler, *_FLAGS, f"-DAPI_VERSION={api}", "-o", str(to / _LIBRARY), *files]
            result = run(command, timeout=_COMPILE_SECONDS)
            if result.status != 0:
                raise BuildFailed(f"the plugin that counts instructions did not compile:\n{last_lines(result.output)}")

        return cache.build_once(_KIND, f"api{api}-{cache.digest(facts)}", build, progress=progress) / _LIBRARY


@lru_cache(maxsize=8)
def plugin_api(qemu: Path) -> int:
    """Return the version of the plugin API to compile for. Raises CountingUnavailable."""
    said = toolchain.version(qemu)
    match = _QEMU_VERSION.search(said)
    if match is None:
        raise CountingUnavailable(f"{qemu} does not tell its version, so nothing can be counted: {said!r}")
    release = int(match.group(1)), int(match.group(2))
    if release < _OLDEST:
        raise CountingUnavailable(f"{qemu} is QEMU {release[0]}.{release[1]}; counting needs 7.2 or newer. Update it.")
    if "\n-plugin " not in run([qemu, "-help"], timeout=ANSWER_SECONDS).output:
        raise CountingUnavailable(
            f"{qemu} was built without TCG plugins, so nothing can be counted. Debian's and Ubuntu's packages have "
            "them; a QEMU of your own needs `configure --enable-plugins`."
        )
    return next(api for major, minor, api in _API if release >= (major, minor))
