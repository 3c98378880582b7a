"""How long this harness takes beside a bare client of MicroPython's raw REPL: a boot, a call, resets between tests.

The bare client is the least that can be written: a QEMU of the same machine and image, its console a socket pair, the
raw REPL without raw paste. Both take turns in one run, and what is compared is the best of all rounds: whatever else
the machine does only adds to it. A ready board has loaded the guest's program, and counts if ``--counting`` says so;
the bare client has seen the prompt. Both know their image: whether it is up to date is looked up once in a session,
which is a row of its own.

    python benchmarks/latency.py [--target NAME] [--rounds N] [--counting] [--short]
"""

from __future__ import annotations

import argparse
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from mpy_harness.board.pool import BoardPool
from mpy_harness.counting.instrument import Mode
from mpy_harness.firmware.image import firmware_for
from mpy_harness.reports.table import aligned
from mpy_harness.targets import DEFAULT_TARGET, Target, load_target

CALLS = 20
WAIT_SECONDS = 30.0


class Bare:
    """QEMU and MicroPython's raw REPL over a socket, with nothing between."""

    def __init__(self, target: Target, image: Path) -> None:
        self._console, its_end = socket.socketpair()
        self._console.settimeout(WAIT_SECONDS)
        with its_end:
            self._qemu = subprocess.Popen(
                [
                    *(target.machine["binary"], "-machine", target.machine["machine"], "-kernel", image, "-nodefaults"),
                    *("-display", "none", "-monitor", "none", "-nic", "none"),
                    *("-chardev", f"socket,id=console,fd={its_end.fileno()}", "-serial", "chardev:console"),
                ],
                pass_fds=[its_end.fileno()],
                stderr=subprocess.DEVNULL,  # it says that the board has no network
            )
        self._until(b">>> ")

    def raw(self) -> None:
        """Enter the raw REPL."""
        self._console.sendall(b"\x01")
        self._until(b"exit\r\n>")

    def exec(self, source: bytes) -> bytes:
        """Run source text and return what came back."""
        self._console.sendall(source + b"\x04")
        return self._until(b"\x04>")

    def reset(self) -> None:
        """Restart MicroPython."""
        self._console.sendall(b"\x04")
        self._until(b"exit\r\n>")

    def close(self) -> None:
        """End QEMU."""
        self._qemu.kill()
        self._qemu.wait()
        self._console.close()

    def _until(self, mark: bytes) -> bytes:
        data = b""
        while not data.endswith(mark):
            more = self._console.recv(65536)
            if not more:
                raise SystemExit(f"QEMU ended; it had printed {data!r}")
            data += more
        return data


ROWS = ("boot to a ready board", "a call of abs(1)", "reset between two tests", "hard reset between two tests")
TURNS = 10  # a step is timed so often in a round


def milliseconds(action: Callable[[], object], times: int = 1) -> float:
    """Return how long an action takes on average, at the best of ten turns."""

    def turn() -> float:
        started = time.perf_counter()
        for _ in range(times):
            action()
        return (time.perf_counter() - started) / times * 1000

    return min(turn() for _ in range(TURNS))


def bare_client(target: Target, image: Path) -> list[float]:
    """Return what the rows' steps take with the bare client."""
    started = time.perf_counter()
    client = Bare(target, image)
    boot = (time.perf_counter() - started) * 1000
    try:
        client.raw()
        taken = [boot, milliseconds(lambda: client.exec(b"abs(1)"), CALLS), milliseconds(client.reset)]
    finally:
        started = time.perf_counter()
        client.close()
    Bare(target, image).close()  # another one is all that it knows of a hard reset
    return [*taken, (time.perf_counter() - started) * 1000]


def harness(target: Target, mode: Mode | None) -> list[float]:
    """Return what they take with this harness, on a board that counts in a mode."""
    with tempfile.TemporaryDirectory() as logs:
        pool = BoardPool(Path(logs))
        pool.firmware(target)
        started = time.perf_counter()
        board = pool.board(target, mode=mode)
        boot = (time.perf_counter() - started) * 1000
        try:
            call = milliseconds(lambda: board.call("abs", 1), CALLS)
            return [boot, call, milliseconds(board.soft_reset), milliseconds(board.hard_reset)]
        finally:
            pool.close()


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--target", default=DEFAULT_TARGET)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--counting", action="store_true", help="boards that count, as tests have them")
    parser.add_argument("--short", action="store_true", help="two rounds, for checks")
    options = parser.parse_args()
    target = load_target(options.target)
    image = firmware_for(target).elf
    theirs, ours = [], []
    harness(target, None)  # what is compiled once is compiled by now
    for _ in range(2 if options.short else options.rounds):
        theirs.append(bare_client(target, image))
        ours.append(harness(target, "count" if options.counting else None))
    rows = [["best, in milliseconds", "bare client", "mpy-harness", "ratio"]]
    for what, bare, here in zip(ROWS, zip(*theirs, strict=True), zip(*ours, strict=True), strict=True):
        rows.append([what, f"{min(bare):.2f}", f"{min(here):.2f}", f"{min(here) / min(bare):.2f}"])
    rows.append(["the image is up to date", "", f"{milliseconds(lambda: firmware_for(target)):.2f}", ""])
    print("\n".join(aligned(rows)))


if __name__ == "__main__":
    main()
