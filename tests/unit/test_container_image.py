"""The image of Containerfile: its packages are ./bootstrap's, its versions those of ci/pins, which apt obeys."""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from mpy_harness.github.setup import packages
from mpy_harness.targets import available, load_target

REPOSITORY = Path(__file__).resolve().parents[2]
PINS = REPOSITORY / "ci" / "pins"
CONTAINERFILE = (REPOSITORY / "Containerfile").read_text(encoding="utf-8")


def entries() -> list[dict[str, str]]:
    """Return the entries of ci/pins: fields by name, without explanations."""
    return [
        dict(line.split(": ", 1) for line in entry.splitlines() if not line.startswith("Explanation:"))
        for entry in PINS.read_text(encoding="utf-8").strip().split("\n\n")
    ]


def pinned() -> dict[str, str]:
    """Return the pattern of a version by package."""
    allowed = [entry for entry in entries() if entry["Pin"].startswith("version ")]
    return {name: entry["Pin"].removeprefix("version ") for entry in allowed for name in entry["Package"].split()}


def installed_by_bootstrap() -> set[str]:
    text = (REPOSITORY / "bootstrap").read_text(encoding="utf-8")
    return set(re.findall(r'^ {8}"([a-z0-9-]+)\|', text, flags=re.MULTILINE))


def candidates(preferences: Path) -> dict[str, str]:
    """Return the version that apt would install of each pinned package, `(none)` where it may install none."""
    command = ["apt-cache", "-o", f"Dir::Etc::Preferences={preferences}", "policy", *pinned()]
    env = os.environ | {"LC_ALL": "C"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True, env=env)
    return dict(re.findall(r"^(\S+):\n.*\n  Candidate: (.*)", done.stdout, flags=re.MULTILINE))


def test_what_is_pinned_is_what_bootstrap_installs() -> None:
    assert set(pinned()) <= installed_by_bootstrap()


def test_each_emulator_and_compiler_of_debian_is_pinned() -> None:
    targets = [load_target(name) for name in available()]
    needed = set(packages(targets)) & installed_by_bootstrap() - {"make", "libc6-dev"}
    assert {"qemu-system-arm", "gcc-arm-none-eabi", "gcc-avr", "gcc-riscv64-unknown-elf", "gcc"} <= needed
    assert needed <= set(pinned())


def test_no_other_version_is_allowed() -> None:
    *_, last = entries()
    assert set(last["Package"].split()) == set(pinned())
    assert (last["Pin"], last["Pin-Priority"]) == ("release *", "-1")


def test_apt_takes_the_pinned_versions_and_refuses_others(tmp_path: Path) -> None:
    release = platform.freedesktop_os_release()
    if (release["ID"], release.get("VERSION_ID")) != ("debian", "12"):
        pytest.skip(f"the image is Debian 12's, this is {release['PRETTY_NAME']}")
    taken = candidates(PINS)
    if set(taken) != set(pinned()):
        pytest.skip("apt does not know all packages: apt-get update")
    assert [name for name, version in taken.items() if not fnmatchcase(version, pinned()[name])] == []
    other = tmp_path / "pins"
    other.write_text(re.sub(r"^Pin: version .*", "Pin: version 0:0.1-*", PINS.read_text("utf-8"), flags=re.MULTILINE))
    assert set(candidates(other).values()) == {"(none)"}


def test_what_the_image_copies_is_there() -> None:
    copied = [name for line in re.findall(r"^COPY (.*)", CONTAINERFILE, re.MULTILINE) for name in line.split()[:-1]]
    assert "bootstrap" in copied
    assert [name for name in copied if not (REPOSITORY / name).exists()] == []


def test_its_base_is_the_system_of_the_committed_baseline() -> None:
    """Counts depend on the compiler: image and workflow have the same."""
    workflow = (REPOSITORY / ".github" / "workflows" / "test.yml").read_text(encoding="utf-8")
    (base,) = re.findall(r"^FROM docker\.io/library/(\S+) AS tools$", CONTAINERFILE, re.MULTILINE)
    assert f"container: {base} " in workflow


def test_the_development_container_is_a_stage_of_it() -> None:
    folder = REPOSITORY / ".devcontainer"
    described = json.loads((folder / "devcontainer.json").read_text(encoding="utf-8"))
    build = described["build"]
    assert (folder / build["dockerfile"]).resolve() == REPOSITORY / "Containerfile"
    assert (folder / build["context"]).resolve() == REPOSITORY
    assert build["target"] in re.findall(r"^FROM .* AS (\S+)$", CONTAINERFILE, re.MULTILINE)
    assert described["postCreateCommand"] == "./bootstrap setup"
