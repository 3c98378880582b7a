"""Train all models anew, then make all vectors: ``python -m cases.train``. Status 1 if any of them is another one.

Models are the text files beside the scripts ``train.py``, which are committed: what changes is left there, to be looked
at. Another version of scikit-learn may find other numbers (each file says which one it is of).
"""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parent


def scripts() -> list[Path]:
    """Return the scripts that train a workload's models."""
    return sorted(FOLDER.glob("*/*/train.py"))


def models(script: Path) -> dict[Path, bytes]:
    """Return the files with models beside a script, and what is in them."""
    return {file: file.read_bytes() for file in sorted(script.parent.glob("*.txt"))}


def trained_anew() -> bool:
    """Train all models, print which changed, and return whether any did."""
    changed = False
    for script in scripts():
        before = models(script)
        importlib.import_module(".".join(script.relative_to(FOLDER.parent).with_suffix("").parts)).main()
        for file, content in models(script).items():
            same = before.get(file) == content
            print(f"{file.relative_to(FOLDER)}: {'the same' if same else 'changed'}", flush=True)
            changed |= not same
    return changed


def main() -> int:
    """Train all models, make all vectors, and return the status."""
    changed = trained_anew()
    command = [sys.executable, "-m", "mpy_harness", "vectors", str(FOLDER)]
    return subprocess.run(command, check=False).returncode or int(changed)


if __name__ == "__main__":
    sys.exit(main())
