"""./bootstrap where it cannot go on: it says what to install and changes nothing."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
TOOLS = ("sh", "env", "sed", "tr", "dirname", "id", "cat", "mktemp", "rm", "tail", "grep", "sleep", "flock", "mkdir")


@pytest.fixture
def machine(tmp_path) -> Path:
    """Return a PATH folder with a bare machine's programs, and no compiler, emulator, apt or sudo."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in TOOLS:
        found = shutil.which(name)
        assert found is not None
        (folder / name).symlink_to(found)
    add(folder, "python3", f'exec {sys.executable} "$@"')
    return folder


def as_root(machine: Path) -> None:
    (machine / "id").unlink()
    add(machine, "id", "echo 0")


def add(machine: Path, name: str, script: str) -> None:
    (machine / name).write_text(f"#!/bin/sh\n{script}\n")
    (machine / name).chmod(0o755)


def bootstrap(machine: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", str(REPOSITORY / "bootstrap"), *arguments],
        env={"PATH": str(machine), "HOME": os.environ.get("HOME", "/")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_without_a_known_word_it_explains_itself(machine):
    result = bootstrap(machine)
    assert result.returncode == 2
    assert "./bootstrap demo" in result.stderr
    assert bootstrap(machine, "--help").returncode == 0


def test_without_python_it_says_so(machine):
    (machine / "python3").unlink()
    result = bootstrap(machine, "demo")
    assert result.returncode == 2
    assert "python3 is missing" in result.stderr


def test_without_apt_it_lists_what_to_install(machine):
    result = bootstrap(machine, "demo")
    assert result.returncode == 2
    assert "no apt-get here" in result.stderr
    assert "qemu-system-arm gcc-arm-none-eabi libnewlib-arm-none-eabi make gcc libc6-dev" in result.stderr


def test_without_rights_it_gives_the_command_to_ask_for(machine):
    add(machine, "apt-get", "exit 99")
    (machine / "id").unlink()
    add(machine, "id", "echo 1000")
    result = bootstrap(machine, "demo")
    assert result.returncode == 2
    assert "neither root nor have sudo. Ask for: apt-get install qemu-system-arm" in result.stderr


def test_when_apt_fails_its_last_lines_are_shown(machine):
    add(machine, "apt-get", "echo 'E: Unable to fetch some archives'; exit 100")
    (machine / "id").unlink()
    add(machine, "id", "echo 0")
    result = bootstrap(machine, "demo")
    assert result.returncode == 2
    assert "E: Unable to fetch some archives" in result.stderr
    assert "apt-get update failed" in result.stderr


def test_with_sudo_it_runs_apt_through_it_and_checks_the_result(machine, tmp_path):
    add(machine, "apt-get", f'echo "$*" >>{tmp_path}/said')
    (machine / "id").unlink()
    add(machine, "id", "echo 1000")
    add(machine, "sudo", 'exec "$@"')
    result = bootstrap(machine, "demo")
    assert result.returncode == 2
    assert "installed, but still not usable: qemu-system-arm" in result.stderr
    update, install = (tmp_path / "said").read_text().splitlines()
    assert update.endswith("update")
    assert "install --yes --no-install-recommends qemu-system-arm gcc-arm-none-eabi" in install


def test_what_only_tests_need_is_installed_for_them_alone():
    """What is skipped for want of a package is what the script installs for the tests."""
    text = (REPOSITORY / "bootstrap").read_text()
    wanted = text[text.index("missing_for_tests()") : text.index("riscv_library()")]
    for package in (
        "gcc-riscv64-unknown-elf",
        "picolibc-riscv64-unknown-elf",
        "qemu-system-misc",
        "valgrind",
        "gdb-multiarch",
        "chromium",
        "git",
    ):
        assert f'"{package}|' in wanted
    everybody = text[text.index("missing_packages()") : text.index("missing_for_tests()")]
    assert "chromium" not in everybody
    lines = (line for file in (REPOSITORY / "tests").rglob("*.py") for line in file.read_text().splitlines())
    reasons = "\n".join(line for line in lines if "skip" in line or line.startswith("MISSING"))
    for package in re.findall(r"apt(?:-get)? install ([a-z0-9-]+)", reasons):
        assert f'"{package}|' in wanted + everybody


def test_while_another_process_uses_apt_it_waits(machine, tmp_path):
    add(
        machine,
        "apt-get",
        f"mkdir {tmp_path}/once 2>/dev/null && {{ echo 'E: Could not get lock /var/lib/apt/lists/lock.'; exit 100; }}\n"
        f'echo "$*" >>{tmp_path}/said',
    )
    as_root(machine)
    result = bootstrap(machine, "demo")
    assert "another process uses apt: waiting for it" in result.stdout
    update, install = (tmp_path / "said").read_text().splitlines()
    assert update.endswith("update")
    assert "install --yes" in install


def test_of_two_at_once_the_second_waits(machine, tmp_path):
    # apt of the first one ends when the second one has said that it waits.
    add(
        machine,
        "apt-get",
        f"echo begin >>{tmp_path}/said\nwhile [ ! -e {tmp_path}/go ]; do sleep 0.05; done\necho end >>{tmp_path}/said",
    )
    as_root(machine)
    command = ["sh", str(REPOSITORY / "bootstrap"), "demo"]
    first, second = (
        subprocess.Popen(command, env={"PATH": str(machine)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    )
    try:
        said = {process: process.stdout.readline() for process in (first, second) if process.stdout is not None}
        assert sum("another ./bootstrap is at work here" in line for line in said.values()) == 1
        (tmp_path / "go").touch()
        for process in (first, second):
            process.communicate(timeout=60)
        assert (tmp_path / "said").read_text().split() == ["begin", "end"] * 4
    finally:
        for process in (first, second):
            process.kill()
            process.communicate()
