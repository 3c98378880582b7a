"""Draw the journeys of docs/architecture.md: docs/images/journey-*.svg of the .dot files beside them.

Needs Graphviz (apt-get install graphviz).

    python docs/draw_journeys.py
"""

from __future__ import annotations

import html
import re
import subprocess
from pathlib import Path

IMAGES = Path(__file__).resolve().parent / "images"


def sources() -> list[Path]:
    """Return the files that say what is drawn."""
    return sorted(IMAGES.glob("journey-*.dot"))


def labels_of(source: str) -> list[str]:
    """Return all lines of text that a picture of this DOT text has, in order of the alphabet."""
    labels = (label.replace('\\"', '"').split("\\n") for label in re.findall(r'label="((?:\\"|[^"])*)"', source))
    return sorted(_words(line) for label in labels for line in label)


def drawn_labels(svg: str) -> list[str]:
    """Return the same from a picture."""
    return sorted(_words(html.unescape(text)) for text in re.findall(r"<text[^>]*>([^<]*)</text>", svg))


def _words(text: str) -> str:
    return " ".join(text.split())  # spaces that do not break, in the picture


if __name__ == "__main__":
    for each in sources():
        subprocess.run(["dot", "-Tsvg", each, "-o", each.with_suffix(".svg")], check=True, timeout=60)
        print(each.with_suffix(".svg").name)
