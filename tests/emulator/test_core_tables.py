"""docs/cores.md says what is measured, where this compiler is the one that it was made with."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from mpy_harness.measurements.run import read_run
from mpy_harness.targets import DEFAULT_TARGET, load_target
from tests.emulator.absent import target_or_skip

REPOSITORY = Path(__file__).resolve().parents[2]


BENCHMARK = "bm_chaos"  # all of them take minutes; what changes one, a guest's program or a compiler, changes each


def test_the_tables_of_the_cores_are_current(tmp_path: Path) -> None:
    script = runpy.run_path(str(REPOSITORY / "docs" / "tabulate_cores.py"))
    for name in script["TARGETS"]:
        target_or_skip(name)
    script["measure"](tmp_path / "run.json", [BENCHMARK])
    text = script["tables"](read_run(tmp_path / "run.json"), [BENCHMARK])
    page = script["PAGE"].read_text(encoding="utf-8")
    made_with = text.splitlines()[0]
    if made_with not in page:
        pytest.skip(f"docs/cores.md was made with another toolchain; here: {made_with}")
    assert set(text.splitlines()) <= set(page.splitlines()), "python docs/tabulate_cores.py makes it anew"
    release = script["of_release"](page, load_target(DEFAULT_TARGET).firmware.micropython)
    row = next(line for line in text.splitlines() if line.startswith(f"| {BENCHMARK} |"))
    assert release[BENCHMARK] in row, "see there how the table of releases is made anew"
