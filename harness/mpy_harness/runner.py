"""Run one MicroPython script on a target, its output as it comes."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from mpy_harness.board.pool import BoardPool
from mpy_harness.board.scripts import DeviceScript
from mpy_harness.errors import HarnessError
from mpy_harness.firmware.progress import shown
from mpy_harness.targets import Target


def run_script(
    script: Path,
    target: Target,
    arguments: Sequence[str] = (),
    *,
    device_path: tuple[Path, ...],
    micropython: Path | None,
    timeout: float,
) -> int:
    """Run a script, ``arguments`` in its ``sys.argv``; return what it gave to ``sys.exit``, 0 without that.

    The guest's uncaught exceptions arrive as GuestException, after the script's output.
    """
    device_script = DeviceScript(script, Path.cwd(), device_path)
    with tempfile.TemporaryDirectory(prefix="mpy-harness-") as logs:
        pool = BoardPool(Path(logs), micropython=micropython)
        with shown() as pool.progress:
            pool.firmware(target)
        try:
            board = pool.board(target, device_script.host_files())
            board.console.listener = _print
            status = device_script.run(board, None, arguments, timeout=timeout)
        except HarnessError:
            sys.stdout.flush()
            raise
        finally:
            pool.close()
    return status if isinstance(status, int) and not isinstance(status, bool) else int(bool(status))


def _print(data: bytes) -> None:
    sys.stdout.buffer.write(data.replace(b"\r\n", b"\n"))
    sys.stdout.buffer.flush()
