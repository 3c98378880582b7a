"""Run a script that makes vectors, in a process of its own: ``python -m mpy_harness.golden.make SCRIPT FOLDER``.

A process of its own, because packages change settings for all of it (emlearn makes NumPy raise), take memory, and
read which threads and folders they are to use from the environment.
"""

from __future__ import annotations

import ast
import importlib
import sys
from collections.abc import Iterable, Iterator
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

from mpy_harness.golden.vectors import VectorProvenance, Vectors, package_versions


def packages(script: Path) -> list[Path]:
    """Return the folders of the packages that a script is in, the innermost first; none for one outside of packages."""
    folders = []
    for folder in script.parents:
        if not (folder / "__init__.py").is_file():
            break
        folders.append(folder)
    return folders


def sources(script: Path) -> list[Path]:
    """Return what a script's vectors follow from.

    That is the script itself, data beside it (what is neither Python nor TOML), and the modules of the packages above
    its own, which scripts share.
    """
    data = [path for path in script.parent.iterdir() if path.is_file() and path.suffix not in {".py", ".toml", ".md"}]
    shared = [path for folder in packages(script)[1:] for path in folder.glob("*.py") if path.name != "conftest.py"]
    return sorted([script, *data, *shared])


def make(script: Path, folder: Path) -> None:
    """Write what a script's ``make()`` returns to ``<folder>/<name>.npz``."""
    module = _imported(script)
    versions = package_versions(*_imported_distributions(path for path in sources(script) if path.suffix == ".py"))
    notes = (module.__doc__ or "").partition("\n")[0]
    provenance = VectorProvenance(script.name, getattr(module, "SEED", 0), versions, notes)
    for name, arrays in module.make().items():
        Vectors(arrays, provenance).save(folder / f"{name}.npz")


def _imported(script: Path) -> Any:
    inside = packages(script)
    root = inside[-1].parent if inside else script.parent
    sys.path.insert(0, str(root))
    return importlib.import_module(".".join(script.relative_to(root).with_suffix("").parts))


def _imported_distributions(files: Iterable[Path]) -> set[str]:
    known = packages_distributions()
    return {distribution for file in files for name in _imports(file) for distribution in known.get(name, ())}


def _imports(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


if __name__ == "__main__":
    make(Path(sys.argv[1]), Path(sys.argv[2]))
