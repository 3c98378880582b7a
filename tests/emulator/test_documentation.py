from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mpy_harness.board import Board
from mpy_harness.firmware.image import firmware_for
from mpy_harness.targets import load_target

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("page", ["README.md", "docs/getting-started.md", "docs/sizes.md", "docs/guarded.md"])
def test_first_example_passes(page: str, tmp_path: Path) -> None:
    example = re.search(r"```python\n(.*?)```", (ROOT / page).read_text(encoding="utf-8"), re.DOTALL)
    assert example is not None
    if "scipy" in example.group(1):
        pytest.importorskip("scipy", reason="scipy is not installed: pip install scipy")
    (tmp_path / "test_example.py").write_text(example.group(1), encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_example.py", "--target", "m33"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout


@pytest.mark.slow
def test_the_target_of_the_reference_builds_and_boots(make_board: Callable[..., Board], tmp_path: Path) -> None:
    section = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8").partition("## A target")[2]
    example = re.search(r"```toml\n(.*?)```", section, re.DOTALL)
    assert example is not None
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "target.toml").write_text(example.group(1), encoding="utf-8")
    target = load_target("mine", tmp_path)
    board = make_board(target=target, image=firmware_for(target).elf)
    assert board.eval("__import__('sys').implementation._machine") == "mps2-an505 with Cortex-M33"
    assert target.window is not None
    assert board.emulator.window is not None
    assert board.emulator.window.address == target.window.address
    assert board.call("len", bytes(100_000)) == 100_000


def test_links_lead_somewhere() -> None:
    broken = [
        f"{page.relative_to(ROOT)}: {link}"
        for page in [ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").glob("*.md")]
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
        if not (page.parent / link).exists()
    ]
    assert not broken
