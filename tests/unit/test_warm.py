"""A program in a fork of tests/warm.py is the same as in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import warm

PROBE = """
import atexit, json, os, sys, tempfile, threading
atexit.register(print, "the end")
threading.Thread(target=lambda: (threading.main_thread().join(), print("a thread"))).start()
print(json.dumps([sys.argv, sys.path, os.getcwd(), dict(os.environ), tempfile.gettempdir(), __name__]))
print(repr(sys.stdin.read()), sys.stdout.encoding, sys.stdout.line_buffering, os.isatty(1), file=sys.stderr)
print(os.listdir("/proc/self/fd"), "mpy_harness.plugin" in sys.modules, file=open("about", "w"))
sys.exit(len(sys.argv))
"""


@pytest.fixture
def probe(tmp_path: Path) -> list[str]:
    (tmp_path / "probe.py").write_text(PROBE, encoding="utf-8")
    return [sys.executable, "-m", "probe", "one", "--two"]


def test_it_sees_and_says_the_same(probe: list[str], tmp_path: Path) -> None:
    env = {**os.environ, "TMPDIR": str(tmp_path), "OWN": "1", "PYTHONPATH": f"{tmp_path / 'first'}:{tmp_path}"}
    done = warm.run(probe, cwd=tmp_path, env=env)
    descriptors, _, imported = (tmp_path / "about").read_text(encoding="utf-8").partition("]")
    cold = subprocess.run(
        probe, cwd=tmp_path, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False
    )
    in_cold = (tmp_path / "about").read_text(encoding="utf-8")
    assert (done.returncode, done.stdout, done.stderr) == (cold.returncode, cold.stdout, cold.stderr)
    assert done.returncode == 3
    assert "a thread" in done.stdout
    assert done.stdout.endswith("the end\n")
    assert in_cold == f"{descriptors}] False\n"
    assert imported == " True\n"


def test_one_does_not_see_what_another_did(tmp_path: Path) -> None:
    (tmp_path / "first.py").write_text("import os, sys\nos.environ['LEFT'] = sys.left = '1'\n", encoding="utf-8")
    (tmp_path / "second.py").write_text(
        "import os, sys\nsys.exit('LEFT' in os.environ or hasattr(sys, 'left') or 'first' in sys.modules)\n",
        encoding="utf-8",
    )
    for name in ("first", "second"):
        assert warm.run([sys.executable, "-m", name], cwd=tmp_path).returncode == 0


def test_what_python_is_told_at_its_start_takes_a_process_of_its_own(probe: list[str], tmp_path: Path) -> None:
    done = warm.run(probe, cwd=tmp_path, env={**os.environ, "PYTHONIOENCODING": "latin-1"})
    assert "iso8859-1" in done.stderr


def test_one_that_ends_by_a_signal_or_takes_too_long(tmp_path: Path) -> None:
    (tmp_path / "kills.py").write_text("import os\nos.kill(os.getpid(), 15)\n", encoding="utf-8")
    (tmp_path / "waits.py").write_text("import signal\nsignal.pause()\n", encoding="utf-8")
    assert warm.run([sys.executable, "-m", "kills"], cwd=tmp_path).returncode == -15
    with pytest.raises(subprocess.TimeoutExpired):
        warm.run([sys.executable, "-m", "waits"], cwd=tmp_path, timeout=0.5)
    assert warm.run([sys.executable, "-m", "kills"], cwd=tmp_path).returncode == -15
