"""Finding programs, and running them within a time."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mpy_harness.errors import CompilerMissing, MachineryError, ToolMissing
from mpy_harness.firmware import process, toolchain


def test_a_missing_program_names_its_package(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CompilerMissing, match=r"arm-none-eabi-gcc is not installed; testing .*apt install gcc-arm"):
        toolchain.find("arm-none-eabi-gcc", "testing")


def test_a_program_that_does_not_run_is_reported(tmp_path):
    broken = tmp_path / "gcc"
    broken.write_text("#!/bin/sh\necho 'ld.so: no such library' >&2\nexit 127\n")
    broken.chmod(0o755)
    with pytest.raises(ToolMissing, match=r"(?s)--version failed:.*no such library"):
        toolchain.version(broken)


def test_a_compiler_without_a_c_library_is_reported(monkeypatch, tmp_path):
    for name, script in {
        "nolibc-gcc": 'case "$*" in *--version*) echo "gcc 1";; *math.h*) exit 1;; *) echo picolibc.specs;; esac',
        "nolibc-ld": "echo ld 1",
        "make": "echo make 1",
    }.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/usr/bin{os.pathsep}/bin")
    with pytest.raises(ToolMissing, match=r"nolibc-gcc finds no math\.h: its C library is missing"):
        toolchain.toolchain("nolibc-", "1.26.1")


def test_an_unknown_arch_says_which_are_known():
    with pytest.raises(ToolMissing, match=r"'armv9'.*Known: armv6m, armv7emdp"):
        toolchain.cross_prefix("armv9")


def test_wrappers_run_this_python_and_mpy_cross_and_hide_the_users_variables(monkeypatch, tmp_path):
    monkeypatch.setenv("CFLAGS_EXTRA", "-DSURPRISE")
    env = toolchain.make_wrappers(tmp_path / "tools", "1.26.1", "")
    assert "CFLAGS_EXTRA" not in env
    told = subprocess.run(
        ["python3", "-c", "import sys; print(sys.prefix)"],
        env=env,
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    assert told.stdout.strip() == sys.prefix
    told = subprocess.run(["mpy-cross", "--version"], env=env, capture_output=True, text=True, check=True, timeout=30)
    assert "mpy-cross emitting mpy" in told.stdout


def test_a_program_that_does_not_end_is_killed_with_its_children(tmp_path):
    pid = tmp_path / "pid"
    script = f"sleep 60 & echo $! > {pid}; echo working; wait"
    start = time.monotonic()
    with pytest.raises(MachineryError, match=r"(?s)did not end within 1 s and was killed.*working"):
        process.run(["sh", "-c", script], timeout=1)
    assert time.monotonic() - start < 10
    child = Path(f"/proc/{pid.read_text().strip()}")
    end = time.monotonic() + 5
    while child.exists() and "Z" not in (child / "stat").read_text().split() and time.monotonic() < end:
        time.sleep(0.01)
    assert not child.exists() or "Z" in (child / "stat").read_text().split()
