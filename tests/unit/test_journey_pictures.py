"""The pictures of the journeys in docs/architecture.md show what their sources say, and files that are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from docs.draw_journeys import drawn_labels, labels_of, sources

REPOSITORY = Path(__file__).resolve().parents[2]
SOURCES = pytest.mark.parametrize("source", sources(), ids=lambda source: source.stem)


@SOURCES
def test_a_picture_is_of_its_source(source: Path) -> None:
    labels = labels_of(source.read_text(encoding="utf-8"))
    assert len(labels) > 10
    assert drawn_labels(source.with_suffix(".svg").read_text(encoding="utf-8")) == labels


@SOURCES
def test_the_files_that_it_names_are_there(source: Path) -> None:
    named = re.findall(r"[\w.]+/[\w./]*", " ".join(labels_of(source.read_text(encoding="utf-8"))))
    assert len(named) > 4
    package = REPOSITORY / "harness" / "mpy_harness"
    assert [name for name in named if not (package / name).exists() and not (REPOSITORY / name).exists()] == []


def test_text_that_differs_is_seen() -> None:
    assert labels_of('a [label="x\\n\\"y\\"  z"]') == ['"y" z', "x"]
    assert drawn_labels('<text x="1">x</text><text>&quot;y&quot; &#160;z</text>') == ['"y" z', "x"]
