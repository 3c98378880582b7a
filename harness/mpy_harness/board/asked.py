"""What a board says of itself: its core, its architecture, its release; asked once in a process."""

from __future__ import annotations

import ast
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mpy_harness import architectures, machines
from mpy_harness.architectures import chips
from mpy_harness.architectures.instruction_set import FirmwareFloats
from mpy_harness.board.address_names import AddressNames
from mpy_harness.board.board import BOOT_SECONDS
from mpy_harness.board.hostfiles import HostFiles
from mpy_harness.board.life import LifeCycle
from mpy_harness.board.objects import GuestObject, number_of
from mpy_harness.board.requests import Requests
from mpy_harness.board.served_modules import ServedModules
from mpy_harness.errors import ConsoleGarbled, FirmwareInvalid, GuestException
from mpy_harness.firmware.mpyfile import abi_of_board
from mpy_harness.firmware.releases import versions
from mpy_harness.firmware.symbols import Symbols
from mpy_harness.targets import InstalledFirmware, NatmodSpec, Target

# What the guest's program imports (guest/common.py).
_NEEDED = ("array", "binascii", "builtins", "errno", "gc", "io", "os", "struct", "sys", "uctypes")
_QUESTION = f"""
import sys
def has(n):
 try:
  __import__(n)
  return True
 except ImportError:
  return False
i=sys.implementation
print([i.name,list(i.version),getattr(i,'_mpy',0),getattr(i,'_machine',''),sys.platform,sys.version,
[n for n in {_NEEDED!r} if not has(n)]+([] if hasattr(__import__('binascii'),'crc32') else ['binascii.crc32'])])
"""
_TYPES = (str, list, int, str, str, str, list)
_BYTES = 4096  # of an answer: a board says some hundred
_MPY_VERSION = 6  # of files that the guest's program is sent as: MicroPython 1.19 and newer

_known: dict[str, Target] = {}


def asked(target: Target) -> Target:
    """Return a target of which all is known: one whose firmware is on its machine, after asking that.

    What its ``target.toml`` says of core and native modules stands. Raises FirmwareInvalid for a firmware that the
    harness cannot work with, and what connecting raises.
    """
    if not isinstance(target.firmware, InstalledFirmware) or target.firmware.micropython:
        return target
    key = json.dumps([target.name, str(target.folder), target.emulator, target.machine], default=str)
    if key not in _known:
        _known[key] = _completed(target, _facts(target))
    return _known[key]


def _completed(target: Target, facts: list[Any]) -> Target:
    name, numbers, mpy, machine, port, version, missing = facts
    if name != "micropython" or missing:
        lacks = f"its firmware lacks {', '.join(map(str, missing))}" if missing else f"it runs {name}"
        raise FirmwareInvalid(
            f"the board {target.name} ({machine}) cannot be used: {lacks}, and the harness needs MicroPython with its "
            "usual modules. Put a build of MicroPython on it that has them."
        )
    abi = abi_of_board(mpy)
    if abi.version != _MPY_VERSION:
        raise FirmwareInvalid(
            f"the board {target.name} has MicroPython {version}, which loads no .mpy files of version {_MPY_VERSION}: "
            "put MicroPython 1.19 or a newer one on it."
        )
    release = ".".join(str(each) for each in numbers[:3])
    preview = f"-{numbers[3]}" if len(numbers) > 3 and numbers[3] else ""
    firmware = InstalledFirmware(
        micropython=release + preview,
        port=port,
        tools=release if not preview and release in versions() else versions()[-1],
        said="; ".join(str(each) for each in (machine, version, mpy)),
    )
    given = target.natmod.arch != architectures.NO_ARCH
    core = target.core if target.core != "unknown" else chips.core_of(machine) or _core_of(abi.arch)
    return target.model_copy(
        update={
            "core": core,
            "firmware": firmware,
            "natmod": target.natmod if given else NatmodSpec(arch=abi.arch),
            "description": f"{machine} at {target.machine.get('port', 'its port')}",
        }
    )


def _core_of(arch: str) -> str:
    known = architectures.mpy_arch(arch)
    return (known.core if known is not None else None) or arch


@contextmanager
def life_of(target: Target) -> Iterator[LifeCycle]:
    """Return a context with what starts a board's machine and speaks with its bare MicroPython (``LifeCycle.ask``)."""
    requests = Requests(target.name, 0, GuestObject, number_of)
    nothing = Path(os.devnull)
    names = AddressNames(Symbols(nothing), requests)
    served = ServedModules(target.name, FirmwareFloats(None), lambda: abi_of_board(0))
    with tempfile.TemporaryDirectory(prefix="mpy-harness-") as folder:
        log = Path(folder) / "console.log"
        yield LifeCycle(target, nothing, log, requests, names, served, HostFiles(), boot_seconds=BOOT_SECONDS)


def _facts(target: Target) -> list[Any]:
    machines.kind_of(target).find()
    with life_of(target) as life:
        try:
            said = life.ask(_QUESTION.encode())
        except GuestException as error:
            raise FirmwareInvalid(f"the board {target.name} does not say what it is: {error}") from None
    try:
        facts = ast.literal_eval(said[:_BYTES].decode("utf-8", "replace").strip())
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        facts = None
    if not isinstance(facts, list) or [type(each) for each in facts] != list(_TYPES):
        raise ConsoleGarbled(f"the board {target.name} said of itself what nobody understands: {said[:200]!r}")
    return facts
