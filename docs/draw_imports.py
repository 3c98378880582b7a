"""Draw the imports between the parts of the package, as docs/images/imports*.svg: before the floors, and now.

Needs what `pip install -e .[dev]` brings, git, and Graphviz (apt-get install graphviz).

    python docs/draw_imports.py
"""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
import tempfile
from collections import Counter
from io import BytesIO
from pathlib import Path

import grimp

REPOSITORY = Path(__file__).resolve().parents[1]
IMAGES = REPOSITORY / "docs" / "images"
PACKAGE = "mpy_harness"
BEFORE = "5e51410"  # the last commit without floors
STYLE = """
bgcolor="white"; ranksep=0.35; nodesep=0.12;
node [shape=box, style=filled, fillcolor="#eef3f8", color="#8aa0b4", fontname="sans-serif", fontsize=11, height=0.28,
      margin="0.08,0.03"];
edge [color="#9aa7b4", arrowsize=0.5, penwidth=0.7];
"""
RED = 'color="#c0392b", fillcolor="#fbeae8"'

Imports = dict[str, set[str]]


def imports_of(source: Path) -> Imports:
    """Return which module of the package in a folder imports which others."""
    sys.path.insert(0, str(source))
    try:
        graph = grimp.build_graph(PACKAGE, cache_dir=None)
    finally:
        sys.path.pop(0)
    return {module: graph.find_modules_directly_imported_by(module) - {PACKAGE} for module in graph.modules - {PACKAGE}}


def imports_at(commit: str) -> Imports:
    """Return the same for a commit."""
    command = ["git", "-C", str(REPOSITORY), "archive", commit, "harness"]
    archive = subprocess.run(command, check=True, capture_output=True, timeout=60).stdout
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(fileobj=BytesIO(archive)) as files:
            files.extractall(folder, filter="data")
        return imports_of(Path(folder) / "harness")


def arrows_of(imports: Imports) -> list[tuple[str, str]]:
    """Return which part of the package imports which other, in order."""
    arrows = {(_part(module), _part(other)) for module, others in imports.items() for other in others}
    return sorted(arrow for arrow in arrows if arrow[0] != arrow[1])


def drawn_arrows(file: Path) -> list[tuple[str, str]]:
    """Return the same from a picture: the words of its description."""
    found = re.search("<desc>(.*?)</desc>", file.read_text(encoding="utf-8"))
    pairs = [pair.split(" to ") for pair in found[1].split(", ")] if found else []
    return [(part, other) for part, other in pairs]


def draw(imports: Imports, file: Path) -> None:
    """Write a picture of the parts of the package; one that has modules in a circle is red and says how many."""
    parts = sorted({_part(module) for module in imports})
    arrows = arrows_of(imports)
    circles = Counter(_part(module) for module in imports if module in _reached(imports, module))
    lines = [STYLE]
    for part in parts:
        circle = f'label="{part}\\n({circles[part]} modules in a circle)", {RED}' if circles[part] else ""
        lines.append(f'"{part}" [{circle}]')
    lines += [f'"{part}" -> "{other}"' for part, other in arrows]
    source = "\n".join(["digraph {", *lines, "}"])
    drawn = subprocess.run(["dot", "-Tsvg"], input=source, text=True, check=True, capture_output=True, timeout=60)
    # The description is for readers who cannot see the picture, and for the test that it is current.
    described = f"<desc>{', '.join(f'{part} to {other}' for part, other in arrows)}</desc>"
    svg = re.sub(r"(<svg[^>]*>)", lambda head: f"{head[1]}\n{described}", _smaller(drawn.stdout), count=1)
    file.write_text(svg, encoding="utf-8")
    print(f"{file.name}: {len(parts)} parts, {len(arrows)} arrows, {circles.total()} modules in circles")


def _smaller(svg: str) -> str:
    svg = re.sub(r"<!--.*?-->\n?|<title>.*?</title>\n?| (?:id|class)=\"[^\"]*\"", "", svg, flags=re.DOTALL)
    return re.sub(r"(\d\.\d)\d+", r"\1", svg)


def _part(module: str) -> str:
    return module.split(".")[1]


def _reached(imports: Imports, module: str) -> set[str]:
    found: set[str] = set()
    todo = list(imports[module])
    while todo:
        other = todo.pop()
        if other not in found:
            found.add(other)
            todo += imports[other]
    return found


if __name__ == "__main__":
    draw(imports_at(BEFORE), IMAGES / "imports-before.svg")
    draw(imports_of(REPOSITORY / "harness"), IMAGES / "imports.svg")
