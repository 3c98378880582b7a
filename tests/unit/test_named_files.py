"""Files of this repository that comments and pages name are there: one that was moved leaves no name behind."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "harness" / "mpy_harness"
# Not cases/ and all of tests/: examples in the documentation have such folders too.
NAMED = re.compile(
    r"(?<![\w./-])(?:harness|targets|natmods|benchmarks|baselines|docs|tests/(?:unit|emulator|ci|decode))/"
    r"[\w./-]+\.(?:py|c|h|md|toml|json|mk|ld|css|js|html|mjs)\b"
)
IN = {".py", ".c", ".h", ".md", ".toml", ".mk", ".yml", ".txt", ".js", ".mjs"}


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed; On Debian: apt install git")
def test_files_that_are_named_are_there():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        pytest.skip("this is no checkout of git, which knows what belongs to it")
    named = set()
    for name in listed.stdout.splitlines():
        file = ROOT / name
        # The changelog tells of what was; tests make files of users.
        if file.suffix in IN and file.is_file() and name != "CHANGELOG.md" and not name.startswith("tests/"):
            named |= {(name, found[0]) for found in NAMED.finditer(file.read_text(encoding="utf-8"))}
    assert len(named) > 50
    assert [each for each in sorted(named) if not any((top / each[1]).exists() for top in (ROOT, PACKAGE))] == []
