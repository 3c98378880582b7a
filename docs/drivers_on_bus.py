"""Measure the accelerometer's drivers on an I2C bus in Renode, and write their table on the page of pipelines.

python -m docs.drivers_on_bus        needs Renode and the image of renode-blackpill; the same in each run
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from cases.sensors.accelerometer.workload import CASES, SAMPLES, Accelerometer
from docs import workload_pages, workload_tables
from mpy_harness import machines
from mpy_harness.board.board import Board
from mpy_harness.board.natmod_loader import ModuleLoader
from mpy_harness.board.pool import BoardPool
from mpy_harness.targets import load_target
from mpy_harness.workloads import Guest

TARGET = "renode-blackpill"
BLOCKS = 10


def measure(board: Board, form: str, case: str) -> dict[str, Any]:
    """Return what a driver does with ``BLOCKS`` blocks on a board, which is reset before.

    ``lost``: samples; ``age``: how old samples were when the driver had them, least and most; ``jitter``: how much that
    varies of the newest sample of each transfer; both in microseconds. ``instructions``: of all samples.
    """
    board.soft_reset()
    workload = Accelerometer()
    guest = Guest(board, workload.forms()[form], ModuleLoader(board), "accelerometer_form")
    got = workload.taken(guest, CASES[case][0], BLOCKS)
    newest = got.late[SAMPLES - 1 :: SAMPLES] if form == "fifo" else got.late
    return {
        "samples": len(got.samples),
        "lost": got.lost,
        "noticed": got.noticed,
        "age": [int(got.late.min()), int(got.late.max())],
        "jitter": int(np.ptp(newest)),
        "instructions": got.instructions,
    }


def cases() -> Iterator[tuple[str, str]]:
    """Return the case and the form of each row."""
    return ((case, form) for case in CASES for form in ("polled", "fifo"))


def main() -> None:
    """Measure all cases and write the page."""
    target = load_target(TARGET)
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as logs:
        pool = BoardPool(Path(logs), timeout=120)
        try:
            for case, form in cases():
                found[f"{case} ({form})"] = measure(pool.board(target, mode=None), form, case)
        finally:
            pool.close()
    _write({"emulator": machines.kind_of(target).version(), "figures": found})
    area = "pipelines"
    targets = json.loads(workload_pages.data_file(area).read_text(encoding="utf-8"))
    workload_pages.page_file(area).write_text(workload_pages.page_with(area, targets), encoding="utf-8")


def _write(measured: Mapping[str, Any]) -> None:
    rows = ",\n".join(f"   {json.dumps(name)}: {json.dumps(row)}" for name, row in measured["figures"].items())
    text = f'{{\n "emulator": {json.dumps(measured["emulator"])},\n "figures": {{\n{rows}\n }}\n}}\n'
    workload_tables.ON_BUS.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
