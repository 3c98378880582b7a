"""The files of a board that are made from target.toml: chip, configuration, linker script, memory map, marks."""

from __future__ import annotations

from pathlib import Path

from mpy_harness import architectures
from mpy_harness.architectures.cores import CORES, Core
from mpy_harness.errors import TargetInvalid
from mpy_harness.targets import FILE_NAME, BoardSpec, Memory, PlainBoard, Target

# The shared code has a file board_<protection>.c for each kind of memory protection, and one for none.
_NO_MPU = "no_mpu"


def board_files(target: Target, board: PlainBoard, shared: Path) -> dict[str, str]:
    """Return the files of a board in the code of the folder ``shared``, by their names. Raises TargetInvalid."""
    origin = f"Generated from target.toml of {target.name}."
    files = {}
    if isinstance(board, BoardSpec):
        files["mpconfigboard.h"] = "\n".join([f"// {origin}", "", *_configuration(target, board), ""])
    return files | {
        "board_chip.h": _chip(target, board, shared),
        "mpconfigboard.mk": "\n".join([f"# {origin}", *_makefile(target, board), ""]),
        "memory.ld": "\n".join([f"/* {origin} */", "", *_linker_script(target, board), ""]),
        "board_map.h": "\n".join([f"// {origin}", "", "#pragma once", "", *_memory_map(target), ""]),
    }


def marks_header(target: Target) -> dict[str, str]:
    """Return the header with the marks that are counted, by its name; none where no board's code can execute them."""
    which = target.instruction_set
    marks = which.marks if which is not None else None
    if marks is None or marks.directive is None:
        return {}
    return {"board_marks.h": f"// Generated from mpy_harness/architectures: see marks.py there.\n\n{marks.header()}"}


def _chip(target: Target, board: PlainBoard, shared: Path) -> str:
    carried = shared / "chips"
    header = target.folder / board.chip if board.chip.endswith(".h") else carried / f"{board.chip}.h"
    try:
        return header.read_text(encoding="utf-8")
    except OSError as error:
        known = ", ".join(sorted(path.stem for path in carried.glob("*.h")))
        raise TargetInvalid(
            f"{target.folder / FILE_NAME}: firmware.board.chip: {header} cannot be read: {error.strerror}. There are: "
            f"{known}; a header of your own lies beside {FILE_NAME} and is named with its ending, .h."
        ) from error


def _makefile(target: Target, board: PlainBoard) -> list[str]:
    core = CORES.get(target.core)
    if core is None:
        raise TargetInvalid(
            f"{target.folder / FILE_NAME}: core: no compiler flags are known for {target.core!r}, only for "
            f"{', '.join(CORES)}. Correct it, or bring a folder of board files: firmware.board."
        )
    arch = architectures.mpy_arch(target.natmod.arch)
    return [
        f"QEMU_MACHINE = {target.machine.get('machine', target.name)}",
        f"BOARD_MPU = {core.mpu if core.mpu is not None and board.mpu else _NO_MPU}",
        f"BOARD_ARCH = {target.natmod.arch}",
        f"BOARD_FLOATS = {arch.precision if arch is not None else 'single'}",
        *_sizes(target, board),
        f"BOARD_FLAGS := {' '.join(_flags(core, board))}",
        "include $(SHARED_DIR)/board.mk",
        "CFLAGS += $(BOARD_FLAGS)",
        f"MPY_CROSS_FLAGS += -march={target.natmod.arch}",
    ]


def _sizes(target: Target, board: PlainBoard) -> list[str]:
    if isinstance(board, BoardSpec):
        return [f"MICROPY_HEAP_SIZE ?= {board.heap}"]
    flash, ram = (_first(target, kind) for kind in ("flash", "ram"))
    places = {"FLASH_LENGTH": flash.length, "RAM_ORIGIN": ram.origin, "RAM_LENGTH": ram.length}
    return [f"BOARD_{name} = {value:#x}" for name, value in places.items()] + [f"BOARD_STACK = {board.stack}"]


def _flags(core: Core, board: PlainBoard) -> list[str]:
    # What the board says of a flag that its core has as well is said once.
    own = board.flags.split()
    said = {flag.partition("=")[0] for flag in own}
    return [*(flag for flag in core.flags if flag.partition("=")[0] not in said), *own]


def _configuration(target: Target, board: BoardSpec) -> list[str]:
    lines = [f'#include "mpconfig_{str(target.built.shared).replace("-", "_")}.h"', ""]
    for name, value in {"MICROPY_HW_MCU_NAME": target.core, **board.config}.items():
        text = f"({value})" if isinstance(value, int) else _quoted(value)
        lines += [f"#undef {name}", f"#define {name} {text}"]
    return lines


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _linker_script(target: Target, board: PlainBoard) -> list[str]:
    flash, ram = (_first(target, kind) for kind in ("flash", "ram"))
    return [
        "MEMORY",
        "{",
        f"    FLASH : ORIGIN = {flash.origin:#010x}, LENGTH = {flash.length:#010x}",
        f"    RAM   : ORIGIN = {ram.origin:#010x}, LENGTH = {ram.length:#010x}",
        "}",
        "",
        f"_stack_size = {board.stack};",
        f"_fault_stack_size = {board.fault_stack};",
    ]


def _memory_map(target: Target) -> list[str]:
    # A macro of macros, because each kind of memory protection makes something else of a memory.
    mapped = [_first(target, "flash"), _first(target, "ram")]
    others = [memory for memory in target.memory if memory not in mapped]
    lines = []
    for name, memory in zip(("FLASH", "RAM"), mapped, strict=True):
        lines += [f"#define {name}_ORIGIN {memory.origin:#010x}u", f"#define {name}_LENGTH {memory.length:#010x}u"]
    each = [f" \\\n    {m.kind.upper()}({m.origin:#010x}u, {m.length:#010x}u)" for m in others]
    return [
        *lines,
        "",
        "// The memories besides, by kind.",
        f"#define OTHER_MEMORIES(FLASH, RAM, WINDOW){''.join(each)}",
    ]


def _first(target: Target, kind: str) -> Memory:
    found = next((memory for memory in target.memory if memory.kind == kind), None)
    if found is None:
        raise TargetInvalid(
            f'{target.folder / FILE_NAME}: memory: none is of kind = "{kind}", which the firmware needs. Add it.'
        )
    return found
