"""The cases' verdicts do not depend on what ran before in the same process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
#: Its reference underflows: a response that dies away, squared.
CASE = "cases/filters/biquad_q15/workload.py::BiquadQ15::test_case[viper-voice-m33]"


def test_float_errors_that_an_import_made_exceptions(tmp_path: Path) -> None:
    (tmp_path / "raises.py").write_text("import numpy\n\nnumpy.seterr(all='raise')  # as emlearn does\n")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "raises", "-p", "no:cacheprovider", "--target", "m33", CASE],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout
