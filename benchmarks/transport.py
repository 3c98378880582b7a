"""Move one megabyte to the guest and back: through the shared window, and through the raw REPL.

The raw REPL is what a board without shared memory has (base64 text, raw-paste flow control); both ways
are this harness's own, in one run, turn about. Data goes in pieces that fit the guest's heap either way.

    python benchmarks/transport.py [--rounds N] [--short]
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np

from mpy_harness.board import Board
from mpy_harness.firmware.image import firmware_for
from mpy_harness.firmware.progress import shown
from mpy_harness.reports.table import aligned
from mpy_harness.targets import DEFAULT_TARGET, load_target

MEGABYTE = 1 << 20
PIECE = 64 << 10


def there_and_back(board: Board, data: np.ndarray) -> tuple[float, float]:
    """Return the seconds to send all of ``data`` to the guest, and to fetch all of it back."""
    to_guest = from_guest = 0.0
    for piece in data.reshape(-1, min(PIECE, data.size)):
        started = time.perf_counter()
        held = board.hold(piece)
        sent = time.perf_counter()
        back = held.get()
        fetched = time.perf_counter()
        assert np.array_equal(back, piece), "what came back is not what was sent"
        to_guest += sent - started
        from_guest += fetched - sent
        del held
    return to_guest, from_guest


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=1, help="times each way is measured (default 1)")
    parser.add_argument("--short", action="store_true", help="8 KiB of it: whether it runs, no figures")
    options = parser.parse_args()
    size = PIECE // 8 if options.short else MEGABYTE
    target = load_target(DEFAULT_TARGET)
    with shown() as progress:
        image = firmware_for(target, progress=progress).elf
    data = np.random.default_rng(1).integers(0, 256, size, np.uint8)
    seconds: dict[str, list[tuple[float, float]]] = {"shared window": [], "raw REPL": []}
    with tempfile.TemporaryDirectory() as logs:
        boards = {
            name: Board(target, image, Path(logs, f"{name}.log"), timeout=120, memory=name == "shared window")
            for name in seconds
        }
        try:
            for _ in range(options.rounds):
                for name, board in boards.items():
                    board.soft_reset()
                    seconds[name].append(there_and_back(board, data))
        finally:
            for board in boards.values():
                board.close()
    rows = [[f"{size >> 10} KiB, up to 64 KiB a call", "to guest", "from guest", "there and back", "MB/s"]]
    totals = {}
    for name, times in seconds.items():
        to_guest, from_guest = (median(column) for column in zip(*times, strict=True))
        totals[name] = median(sum(pair) for pair in times)
        rate = 2 * size / totals[name] / 1e6
        rows.append([name, f"{to_guest:.3f} s", f"{from_guest:.3f} s", f"{totals[name]:.3f} s", f"{rate:.2f}"])
    print("\n".join(aligned(rows)))
    print(f"\nratio: the shared window is {totals['raw REPL'] / totals['shared window']:.0f} times as fast")


if __name__ == "__main__":
    main()
