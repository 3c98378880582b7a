"""The commands doctor, setup and targets, run as programs."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from mpy_harness.firmware import cache


def command(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mpy_harness", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "COLUMNS": "160", **env},
    )


def test_without_a_command_the_help_is_shown():
    result = command()
    for name in ("doctor", "setup", "targets"):
        assert name in result.stdout + result.stderr


def test_version():
    assert command("--version").stdout.startswith("mpy-harness ")


def test_doctor_lists_what_is_missing_and_how_to_get_it(tmp_path):
    result = command("doctor", PATH=str(tmp_path), **{cache.ENVIRONMENT: str(tmp_path / "cache")})
    assert result.returncode == 1
    assert "arm-none-eabi-gcc is not installed; building firmware needs it. On Debian: apt install" in result.stdout
    assert "qemu-system-arm is not on PATH; running the firmware needs it." in result.stdout
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "cache").exists()


def test_doctor_says_when_qemu_is_too_old(tmp_path):
    qemu = tmp_path / "qemu-system-arm"
    qemu.write_text("#!/bin/sh\necho QEMU emulator version 6.2.0\n")
    qemu.chmod(0o755)
    result = command("doctor", PATH=f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert result.returncode == 1
    assert "too old: QEMU emulator version 6.2.0. QEMU 7.2 or newer is needed" in result.stdout


def test_doctor_is_content_where_the_default_target_works():
    result = command("doctor")
    assert result.returncode == 0, result.stdout
    assert "qemu-system-arm" in result.stdout


def test_targets_are_listed():
    result = command("targets")
    assert result.returncode == 0
    assert ["m33", "(default)", "cortex-m33", "qemu"] in [line.split()[:4] for line in result.stdout.splitlines()]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["setup", "nothing"],
            "mpy-harness: there is no target 'nothing': there is no such name or folder. Known targets: ",
        ),
        (["setup", "m33", "--micropython", "/nonexistent"], "mpy-harness: /nonexistent does not exist"),
    ],
)
def test_errors_are_messages_with_status_2(arguments, message):
    result = command(*arguments)
    assert result.returncode == 2
    assert message in result.stderr
    assert "Traceback" not in result.stderr


def test_doctor_writes_whole_lines_into_a_pipe(tmp_path):
    place = tmp_path / ("long-" * 20)
    result = command("doctor", COLUMNS="40", **{cache.ENVIRONMENT: str(place)})
    assert f"{place} (empty)" in result.stdout


@pytest.mark.parametrize("folder", ["with blank", "occupied/inside"])
def test_doctor_tells_of_a_cache_that_cannot_be_used(folder, tmp_path):
    (tmp_path / "occupied").write_text("")
    result = command("doctor", **{cache.ENVIRONMENT: str(tmp_path / folder)})
    assert re.search(r"missing +cache", result.stdout)
    assert "- cache: " in result.stdout
    assert "qemu-system-arm" in result.stdout
