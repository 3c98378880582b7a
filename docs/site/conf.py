"""The documentation as a site: `sphinx-build -W -c docs/site docs OUT`.

The pages are Markdown as GitHub shows it. What only a site has is added here: its table of contents, the reference
made of docstrings, and the addresses of files that are not pages (those of SOURCE_URL; without it, they are no links).
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx

DOCS = Path(__file__).resolve().parents[1]
SOURCE_URL = os.environ.get("SOURCE_URL", "")
sys.path.insert(0, str(DOCS.parent / "harness"))

from mpy_harness import __version__  # noqa: E402 - of this checkout

project = "mpy-harness"
author = copyright = "mpy-harness contributors"  # noqa: A001 - Sphinx' name
version = release = __version__
extensions = ["myst_parser", "sphinx.ext.autodoc"]
html_theme = "furo"
html_title = "mpy-harness"
html_show_sourcelink = False
exclude_patterns = ["site", "**/__pycache__"]
myst_heading_anchors = 4
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
python_use_unqualified_type_names = True
suppress_warnings = ["myst.header"]  # generated tables begin at the third level, in whatever page they are

#: What the side bar has, in this order.
CONTENTS = {
    "First steps": ["getting-started", "tour", "device-scripts", "natmods", "own-target", "reference"],
    "Right values": [
        "golden",
        "workloads",
        "workloads/conversions",
        "workloads/signals",
        "workloads/fft",
        "workloads/classifiers",
        "workloads/pipelines",
    ],
    "Right memory": ["memcheck", "debugging", "fuzzing", "native-coverage", "guarded", "errors"],
    "What it takes": ["counting", "counting-time", "sizes", "workloads/speed-guide"],
    "What it will take": ["costs", "parts", "published", "device-benchmark"],
    "Pull requests": ["baselines", "reports", "ci"],
    "Targets": [
        "targets",
        "cores",
        "small-cores",
        "firmware",
        "image",
        "esp32",
        "pico",
        "renode",
        "stm32",
        "serial",
        "unix",
        "machines",
    ],
    "About": ["projects", "performance", "architecture", "api"],
}
#: What the reference made of docstrings has: modules, and what of each.
API = {
    "mpy_harness.board.board": ["Board"],
    "mpy_harness.board.natmod_loader": ["ModuleLoader"],
    "mpy_harness.golden": ["Golden", "CaseResult", "Vectors", "Evaluation", "metric"],
    "mpy_harness.workloads": ["Workload", "Case", "Check", "Guest"],
    "mpy_harness.counting.count": ["Count"],
    "mpy_harness.costs": ["estimate", "CostEstimate", "StageEstimate"],
    "mpy_harness.fuzzing.strategy": ["native_calls"],
    "mpy_harness.machines": ["MachineKind", "Machine", "End", "Clock", "ByteStream", "SharedWindow"],
    "mpy_harness.errors": [],
}
_LINK = re.compile(r"(?<!!)\[([^\]\n]*)\]\((?!https?:|#|mailto:)([^)\s#]+)(?:#[^)\s]*)?\)")


def read(app: Sphinx, page: str, source: list[str]) -> None:
    """Add to a page's text what only the site has (Sphinx' event ``source-read``)."""
    del app
    text = source[0]
    folder = (DOCS / page).parent
    text = _LINK.sub(lambda link: _inside(link, folder), text)
    if page == "index":
        text += "".join(_toctree(title, pages) for title, pages in CONTENTS.items())
    if page == "api":
        text += "".join(_reference(module, names) for module, names in API.items())
    source[0] = text


def _inside(link: re.Match[str], folder: Path) -> str:
    file = Path(os.path.normpath(folder / link[2]))
    if file.is_relative_to(DOCS) and file.suffix in {".md", ".svg", ".png"}:
        return link[0]
    return f"[{link[1]}]({SOURCE_URL}/{file.relative_to(DOCS.parent)})" if SOURCE_URL else link[1]


def _toctree(title: str, pages: list[str]) -> str:
    return "\n".join(["", "", "```{toctree}", ":hidden:", f":caption: {title}", "", *pages, "```", ""])


def _reference(module: str, names: list[str]) -> str:
    members = f"   :members: {', '.join(names)}"
    return "\n".join(["", "", f"## {module}", "", "```{eval-rst}", f".. automodule:: {module}", members, "```", ""])


def setup(app: Sphinx) -> None:
    """Connect with Sphinx."""
    app.connect("source-read", read)
