"""MicroPython's own asyncio on every board: from the device path, frozen in by a manifest, or in a published image."""

from __future__ import annotations

from pathlib import Path

import pytest

from mpy_harness.board import Board
from mpy_harness.board.device_path import import_mounts
from mpy_harness.board.hostfiles import HostFiles
from mpy_harness.board.pool import BoardPool
from mpy_harness.firmware import additions
from mpy_harness.firmware.sources import micropython_source
from mpy_harness.targets import available, load_target
from tests.emulator.absent import target_or_skip
from tests.emulator.documented import examples
from tests.emulator.sharing import patient, published_image, startable

BUILT = [name for name in available() if (each := load_target(name)).emulator in {"qemu", "unix"} and not each.is_plain]
MANIFEST = 'docs/firmware.md: include("$(MPY_DIR)/extmod/asyncio")'
#: Where files in Python are too large for the heap, which the guest compiles.
TOO_SMALL = {"lm3s6965evb", "musca-a"}

PROGRAM = """
import asyncio

async def ticker(log, name, ms, turns):
    for turn in range(turns):
        await asyncio.sleep_ms(ms)
        log.append((name, turn))
    return name

async def waiter(log, event):
    await event.wait()
    log.append("set")

async def holder(log, lock, name):
    async with lock:
        log.append(name + " in")
        await asyncio.sleep_ms(20)
        log.append(name + " out")

async def failing():
    await asyncio.sleep_ms(1)
    raise ValueError("of a task")

async def main():
    log = []
    log.append(await asyncio.gather(ticker(log, "fast", 1, 2), ticker(log, "slow", 300, 1)))

    event = asyncio.Event()
    task = asyncio.create_task(waiter(log, event))
    await asyncio.sleep_ms(20)
    log.append("not yet")
    event.set()
    await task

    lock = asyncio.Lock()
    await asyncio.gather(holder(log, lock, "first"), holder(log, lock, "second"))

    try:
        await asyncio.wait_for_ms(ticker(log, "late", 10_000, 1), 20)
    except asyncio.TimeoutError:
        log.append("timeout")
    log.append(await asyncio.wait_for(ticker(log, "early", 1, 1), 10))

    task = asyncio.create_task(ticker(log, "never", 10_000, 1))
    await asyncio.sleep_ms(0)
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        log.append("cancelled")
    try:
        await asyncio.create_task(failing())
    except ValueError as error:
        log.append(str(error))
    return log

def go():
    return asyncio.run(main())
"""

LOG = [
    ("fast", 0),
    ("fast", 1),
    ("slow", 0),
    ["fast", "slow"],
    "not yet",
    "set",
    "first in",
    "first out",
    "second in",
    "second out",
    "timeout",
    ("early", 0),
    "early",
    "cancelled",
    "of a task",
]


def check(board: Board) -> None:
    board.exec(PROGRAM)
    for _ in range(2):  # the first one imports what asyncio has in files of their own
        assert board.call("go") == LOG


@pytest.mark.parametrize("name", [name for name in BUILT if name not in TOO_SMALL])
def test_from_the_device_path(name: str, pool: BoardPool) -> None:
    target = startable(target_or_skip(name))
    extmod = micropython_source(target.tools).path / "extmod"
    check(pool.board(target, HostFiles((), import_mounts([extmod]))))


@pytest.mark.parametrize("name", sorted(TOO_SMALL))
def test_frozen_by_the_manifest_of_the_documentation(name: str, pool: BoardPool, tmp_path: Path) -> None:
    (text,) = (each.text for each in examples("python") if each.key == MANIFEST)
    (tmp_path / "manifest.py").write_text(text, encoding="utf-8")
    check(pool.board(additions.with_make(load_target(name), ["FROZEN_MANIFEST=manifest.py"], tmp_path)))


@pytest.mark.parametrize("name", ["esp32", "esp32c3", "pico"])
def test_in_a_published_image(name: str, tmp_path: Path) -> None:
    target = load_target(name)
    published_image(target)
    pool = BoardPool(tmp_path, timeout=patient()["timeout"])
    try:
        check(pool.board(target))
    finally:
        pool.close()
