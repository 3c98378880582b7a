"""Measure what models take on a board: instructions by class, the bytes of modules and of objects in RAM."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from docs.costed_models import Case
from mpy_harness import machines
from mpy_harness.board.board import Board
from mpy_harness.board.natmod_loader import build_module
from mpy_harness.board.pool import BoardPool
from mpy_harness.costs.small_models import FOLDERS
from mpy_harness.firmware import toolchain
from mpy_harness.firmware.mpy_cross import mpy_cross
from mpy_harness.firmware.natmods import MakeWords
from mpy_harness.resources import natmods_dir
from mpy_harness.targets import BoardSpec, FirmwareSpec, PublishedFirmware, Target

REPOSITORY = Path(__file__).resolve().parents[1]
FEW = 2
_SMALL, _SHORT = 6000, 8000

_BLOCK = 16  # bytes of the heap of a core of 32 bits
_OBJECTS = 2
_LOOKS = 3
_GUEST = """
def run_all(times, thing, inputs{more}):
    for _ in range(times):
        for each in inputs:
            thing.{function}(each{more})
"""
#: What is left of the memory in which the firmware of an ESP32 executes native modules, beside MicroPython's heap.
_OUTSIDE = """
from esp32 import HEAP_EXEC, idf_heap_info
def outside():
    return sum([each[1] for each in idf_heap_info(HEAP_EXEC)])
"""
#: Modules that the firmware of an ESP32 has one of the same name as, with what they are called there.
_RENAMED = {"network": "networks"}


def measure(target: Target, cases: Iterable[Case], pool: BoardPool) -> dict[str, Any]:
    """Return what cases take on a board: the difference between few runs and many, after some that give filters a past.

    What a request takes besides its runs depends on the heap. Cases that the board has no room for are left out.
    """
    board = pool.board(target, mode="classes")
    room = _room(board, target)
    models = [_measured(case, board, target) for case in cases if _needed(case) < room]
    return {**provenance(target, pool), "models": models}


def provenance(target: Target, pool: BoardPool) -> dict[str, Any]:
    """Return what the figures of a target depend on."""
    assert isinstance(target.firmware, FirmwareSpec | PublishedFirmware)
    return {
        "core": target.core,
        "arch": target.natmod.arch,
        "micropython": target.firmware.micropython,
        "firmware": pool.firmware(target).provenance.image_sha256,
        "toolchain": "; ".join(_tools(target)),
        "emulator": machines.kind_of(target).version().partition(", /")[0],  # without where it is on this computer
    }


def some_of(cases: Iterable[Case]) -> list[Case]:
    """Return two small models of each kind that are held out, and two that are not."""
    found: dict[tuple[str, bool], list[Case]] = {}
    for case in cases:
        several = found.setdefault((case.stage.kind, case.held_out), [])
        size = case.stage.data + case.stage.heap + sum(array.nbytes for array in case.inputs)
        terms = case.stage.terms
        length = max(
            *(terms.get(term, 0) for term in ("product", "tap", "butterfly")), case.stage.sizes.get("products", 0)
        )
        if len(several) < FEW and size < _SMALL and length < _SHORT:
            several.append(case)
    return [case for several in found.values() for case in several]


def _room(board: Board, target: Target) -> int:
    if target.is_built:
        assert isinstance(target.built.board, BoardSpec)
        return target.built.board.heap // 2  # the rest is the harness's
    board.exec("import gc\ngc.collect()")
    return int(board.eval("gc.mem_free()")) * 2 // 3  # in several pieces


def _needed(case: Case) -> int:
    # Two of the model and its arrays, and all inputs.
    arrays = [*case.inputs, *([] if case.out is None else [case.out])]
    return 4 * case.stage.heap + 2 * case.stage.data + sum(array.nbytes for array in arrays)


def _tools(target: Target) -> Iterable[str]:
    tools = toolchain.toolchain(toolchain.cross_prefix(target.natmod.arch), target.tools).facts()
    return dict.fromkeys(version for tool, version in tools.items() if tool != "make")


def _measured(case: Case, board: Board, target: Target) -> dict[str, Any]:
    board.soft_reset()
    # Imported before anything else: what an import takes has names in it, and room for them that others may have left.
    module, *others = [_imported(each, board, target) for each in case.stage.uses]
    more = {each: array for each, array in (("model", case.model), ("out", case.out)) if array is not None}
    board.exec(_GUEST.format(function=case.function, more="".join(f", {each}" for each in more)))
    name, *names = [_name(each, target) for each in case.stage.uses]
    board.exec(f"import {', '.join((name, *names))}" + case.setup)
    heap = _object(board, case.create or f"{name}.new", case.new) if case.new else 0
    if case.new and case.model is None:
        thing = board.call(case.create or f"{name}.new", *case.new)
    else:
        thing = board.call("__import__", name)
    words = (thing, case.inputs, *more.values())
    board.call("run_all", 1, *words)
    few = 1 if case.enough else 0
    before = _counted(board, few, *words)
    times = 1 << max(0, (case.enough // sum(before.values())).bit_length() - 1)
    often = _counted(board, few + times, *words)
    counts = {each: (often[each] - before.get(each, 0)) / times / len(case.inputs) for each in often}
    return {
        "kind": case.stage.kind,
        "model": case.name,
        "held_out": case.held_out,
        "terms": {term: _short(often) for term, often in case.stage.terms.items()},
        "guessed": case.guessed and {term: _short(often) for term, often in case.guessed.terms.items()},
        "sizes": dict(case.stage.sizes),
        "counts": {each: _short(number) for each, number in counts.items() if number > 0},
        "module": module,
        **({"others": others} if others else {}),
        "file": len(mpy_file(case.file, target)) if case.file else 0,
        "heap": heap,
        "predicted": [case.stage.data, case.stage.heap],
    }


def _object(board: Board, create: str, new: tuple[Any, ...]) -> int:
    # Of several more and of one: the collector may take what the first one left on the stack for one in use.
    function = board.eval(create)
    one, several = (count * board.heap.of(function, *new, count=count) for count in (1, 1 + _OBJECTS))
    # Objects take whole blocks; what is left over of the mean is the list of them.
    return round(several - one) // _OBJECTS // _BLOCK * _BLOCK


def _counted(board: Board, *args: Any) -> dict[str, int]:
    with board.count(listed=False) as count:
        board.call("run_all", *args)
    assert count.exact
    return {**count.classes, **count.words}


def _imported(name: str, board: Board, target: Target) -> list[Any]:
    """Import a module of the repository; return its name, the bytes of its file and those that it takes of the RAM."""
    called = _name(name, target)
    folder = REPOSITORY / FOLDERS[name] if name in FOLDERS else natmods_dir() / name
    if (source := folder / f"{name}.py").is_file():
        compiled, place = mpy_file(source.read_bytes(), target), f"/{called}.mpy"
    else:
        words = MakeWords(variables={"MOD": called} if called != name else {})
        compiled = build_module(folder, target, words=words).path.read_bytes()
        place = f"/natmods/{called}.mpy"
    board.files.put(compiled, place)
    if target.is_built:
        board.import_module(called, place)
        return [name, len(compiled), board.heap.imports[called]]
    board.exec(_OUTSIDE)
    before = _in_use(board)
    board.import_module(called, place)
    return [name, len(compiled), _in_use(board) - before]


def _name(module: str, target: Target) -> str:
    return module if target.is_built else _RENAMED.get(module, module)


def _in_use(board: Board) -> int:
    # In requests of their own: while code is being imported, a copy of it may look as if it were in use.
    return min(board.heap.used() for _ in range(_LOOKS)) - int(board.call("outside"))


def _short(number: float) -> float:
    # What is left of rounding is nothing: it differs from machine to machine.
    number = round(number, 9)
    return int(number) if number == int(number) else float(f"{number:.8g}")


def mpy_file(source: bytes, target: Target) -> bytes:
    """Return what mpy-cross makes of a source."""
    command: list[str | Path] = [mpy_cross(target.tools), "-s", "model.py", "-"]
    return subprocess.run(command, input=source, capture_output=True, timeout=60, check=True).stdout
