"""Each folder of examples/ works from the wheel alone, and its pull request gets the comment that lies beside it.

python -m tests.emulator.test_examples      # writes the comments anew
"""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path

import pytest

from tests.emulator.installed import REPOSITORY, Installed, install, run

EXAMPLES = REPOSITORY / "examples"
NAMES = sorted(path.parent.name for path in EXAMPLES.glob("*/pull-request.patch"))
_CONDITIONS = "<details><summary>how it was measured</summary>"


def comment_of(name: str, installed: Installed, folder: Path) -> str:
    """Run an example's tests before and after its change, in a copy, and return the comment on that."""
    project = folder / name
    ours = shutil.ignore_patterns("comment.md", "__pycache__", ".mpy-harness")
    shutil.copytree(EXAMPLES / name, project, ignore=ours)

    def measure(run_of: str) -> None:
        out = installed.run("pytest", "-q", "-p", "no:cacheprovider", "--measurements", f"{run_of}.json", cwd=project)
        assert re.search(r"\d passed in", out), out
        assert "skipped" not in out, out

    measure("base")
    run(["git", "apply", "pull-request.patch"], cwd=project, GIT_CEILING_DIRECTORIES=str(folder))
    measure("head")
    installed.run("mpy_harness", "report", "head.json", "--base", "base.json", "--markdown", "comment.md", cwd=project)
    return (project / "comment.md").read_text(encoding="utf-8")


def told(comment: str, *, figures: bool) -> list[str]:
    """Return the lines of a comment above what it was measured with, or, without ``figures``, its verdict alone."""
    lines = comment.partition(_CONDITIONS)[0].splitlines()
    return lines if figures else lines[0].split()[:2]


def test_there_are_some() -> None:
    assert NAMES == ["native-module", "plain-c", "python-dsp", "sklearn-model"]
    table = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    assert all(f"]({name}/comment.md)" in table for name in NAMES)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_example(name: str, installed: Installed, tmp_path: Path) -> None:
    if name == "sklearn-model":
        pytest.importorskip("sklearn", reason="scikit-learn is not installed: pip install scikit-learn")
    now = comment_of(name, installed, tmp_path)
    before = (EXAMPLES / name / "comment.md").read_text(encoding="utf-8")
    same = now.partition(_CONDITIONS)[2] == before.partition(_CONDITIONS)[2]
    # Another compiler or firmware has other figures, but not another verdict.
    assert told(now, figures=same) == told(before, figures=same), "python -m tests.emulator.test_examples"


def main() -> None:
    """Write the comments anew."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        installed = install(folder)
        for name in NAMES:
            (EXAMPLES / name / "comment.md").write_text(comment_of(name, installed, folder / "runs"), encoding="utf-8")
            print(f"{name}: {told((EXAMPLES / name / 'comment.md').read_text(encoding='utf-8'), figures=True)[0]}")


if __name__ == "__main__":
    main()
