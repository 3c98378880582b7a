"""The commands doctor, setup and targets, run as programs."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from mpy_harness.firmware import cache
from tests import warm


def command(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    return warm.run([sys.executable, "-m", "mpy_harness", *arguments], env={**os.environ, "COLUMNS": "160", **env})


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


def test_doctor_says_what_other_targets_want_and_that_they_alone_do(tmp_path):
    result = command("doctor", "--json", PATH=str(tmp_path))
    found = {each["name"]: each for each in json.loads(result.stdout)["found"]}
    assert (found["arm-none-eabi-gcc"]["state"], found["make"]["state"]) == ("missing", "missing")
    assert (found["qemu-system-arm"]["state"], found["qemu-system-riscv32"]["state"]) == ("missing", "optional")
    assert found["riscv64-unknown-elf-gcc"]["state"] == "optional"
    compiler = "apt install gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf"
    assert compiler in found["riscv64-unknown-elf-gcc"]["remedy"]
    assert "apt install qemu-system-misc" in found["qemu-system-riscv32"]["remedy"]


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
    assert "1.25.0, 1.26.0, 1.26.1, 1.27.0, 1.28.0, 1.29.0 (as m33@1.25.0)" in result.stdout
    assert "Releases of esp32, published: 1.23.0, 1.24.1, 1.26.1." in result.stdout
    assert "Releases of esp32c3" not in result.stdout


def test_targets_and_doctor_as_data():
    listed = {each["name"]: each for each in json.loads(command("targets", "--json").stdout)}
    m33, esp32c3, esp32 = (listed[name] for name in ("m33", "esp32c3", "esp32"))
    assert (m33["published"], esp32c3["published"]) == (False, True)
    assert esp32c3["releases"] == [esp32c3["micropython"]]
    assert esp32["micropython"] == esp32["releases"][-1]
    assert (m33["core"], m33["default"], m33["usable"]) == ("cortex-m33", True, True)
    assert m33["micropython"] in m33["releases"]
    result = command("doctor", "--json", MPY_HARNESS_RENODE="/nonexistent")
    found = json.loads(result.stdout)
    assert found["usable"] is (result.returncode == 0)
    assert {"name": "make", "state": "ok"}.items() <= next(e for e in found["found"] if e["name"] == "make").items()
    renode = next(each for each in found["found"] if each["name"] == "renode")
    assert renode["state"] == "optional"
    assert "/nonexistent" in renode["remedy"]


@pytest.mark.parametrize("what", ["doctor", "targets"])
def test_advice_is_said_once_and_tables_are_not_padded(what):
    result = command(what, MPY_HARNESS_RENODE="/nonexistent", MPY_HARNESS_QEMU_XTENSA="/nonexistent")
    lines = result.stdout.splitlines()
    assert result.stdout.count("/nonexistent, which is no program") == 2  # Renode's and Espressif's
    assert not [line for line in lines if line != line.rstrip()]
    assert max(len(line) for line in lines if line[:2] != "- ") <= 100
    assert "1.25.0, " in result.stdout


@pytest.mark.parametrize(("words", "found"), [("mpy-harness siz", "sizes"), ("mpy-harness setup m5", "m55")])
def test_a_shell_completes_commands_and_targets(words, found):
    result = command(
        _MPY_HARNESS_COMPLETE="complete_bash", COMP_WORDS=words, COMP_CWORD=str(words.count(" ")),
    )  # fmt: skip
    assert found in result.stdout.split()
    assert "esp32" not in result.stdout.split()


def test_the_help_shows_flags_as_flags():
    help_text = command("setup", "--help").stdout
    assert "--force" in help_text
    assert "bool" not in help_text


@pytest.mark.parametrize(
    "arguments",
    [
        ["compare", "absent.json", "absent.json"],
        ["report", "absent.json"],
        ["history", "add", "absent.json"],
        ["history", "show", "--database", "absent.sqlite"],
        ["run", "absent.py"],
        ["profile", "absent.py"],
        ["program", "absent.c"],
        ["build", "absent", "-o", "dist"],
        ["sizes", "absent"],
        ["setup", "absent"],
        ["setup", "m33@9.9.9"],
    ],
    ids=" ".join,
)
def test_what_is_not_there_has_one_status(arguments):
    done = command(*arguments)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["setup", "nothing"],
            "mpy-harness: there is no target 'nothing': there is no such name or folder. Known targets: ",
        ),
        (["setup", "m33", "--micropython", "/nonexistent"], "mpy-harness: /nonexistent does not exist"),
        (["sizes", "absent.mpy"], "Invalid value for THING: 'absent.mpy' does not exist."),
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
    assert re.search(r"^- .*cache: ", result.stdout, re.MULTILINE)
    assert "qemu-system-arm" in result.stdout


RUN = Path(__file__).resolve().parents[2] / "baselines" / "m33.json"
UNFORESEEN = 2


def to(output: str | Path, *arguments: str | Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Run a command with its output into a file."""
    with Path(output).open("wb") as file:
        return subprocess.run(
            [sys.executable, "-m", "mpy_harness", *map(str, arguments)],
            stdout=file, stderr=subprocess.PIPE, text=True, timeout=120, check=False, env={**os.environ, **env},
        )  # fmt: skip


@pytest.mark.parametrize(
    "arguments",
    [("compare", RUN, RUN), ("compare", RUN, RUN, "--format", "csv"), ("schema",), ("targets",), ("doctor",)],
)
def test_a_full_disk_is_told_and_no_verdict(arguments):
    done = to("/dev/full", *arguments)
    assert done.returncode == UNFORESEEN
    assert "No space left on device" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("option", ["--html", "--markdown", "--csv"])
def test_reports_onto_a_full_disk(option):
    done = command("report", str(RUN), option, "/dev/full")
    assert (done.returncode, "Traceback" in done.stderr) == (UNFORESEEN, False)
    assert "/dev/full cannot be written: No space left on device" in done.stderr


def test_a_reader_that_has_gone_is_no_verdict():
    reads, writes = os.pipe()
    os.close(reads)
    with os.fdopen(writes, "wb") as pipe:
        done = subprocess.run(
            [sys.executable, "-m", "mpy_harness", "compare", str(RUN), str(RUN), "--format", "csv"],
            stdout=pipe, stderr=subprocess.PIPE, timeout=120, check=False,
        )  # fmt: skip
    assert (done.returncode, done.stderr) == (UNFORESEEN, b"")


def test_a_model_that_cannot_be_estimated_is_no_verdict():
    done = command("estimate", "nowhere:model")
    assert (done.returncode, "nowhere:model is not there" in done.stderr) == (UNFORESEEN, True)


def test_without_room_for_messages_the_status_stays():
    with Path("/dev/full").open("wb") as full:
        arguments = [sys.executable, "-m", "mpy_harness", "compare", "x", "y"]
        done = subprocess.run(arguments, stdout=full, stderr=full, timeout=120, check=False)
    assert done.returncode == UNFORESEEN


def test_an_error_that_nobody_foresaw_has_a_status_of_its_own():
    code = (
        "import sys; import mpy_harness.cli.compare as compare; from mpy_harness.cli.app import main\n"
        "def fail(*_, **__): raise %s\n"
        "compare.load_run = fail; sys.argv = ['mpy-harness', 'compare', 'a', 'b']; main()"
    )
    for failure, said in (("KeyError('x')", "please report it"), ("MemoryError", "not enough memory")):
        done = subprocess.run(
            [sys.executable, "-c", code % failure], capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == UNFORESEEN
        assert said in done.stderr


def test_settings_that_are_nested_deep(tmp_path):
    (tmp_path / "pyproject.toml").write_text("x = " + "[" * 100_000)
    done = subprocess.run(
        [sys.executable, "-m", "mpy_harness", "compare", RUN, RUN],
        cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert (done.returncode, "Traceback" in done.stderr) == (UNFORESEEN, False)
    assert "pyproject.toml, table tool.mpy-harness: it is nested too deep" in done.stderr


def test_a_target_that_is_nested_deep(tmp_path):
    (tmp_path / "target.toml").write_text("x = " + "[" * 100_000)
    done = command("setup", str(tmp_path))
    assert (done.returncode, "Traceback" in done.stderr) == (UNFORESEEN, False)
    assert "is not valid TOML: it is nested too deep" in done.stderr
