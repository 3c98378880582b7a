"""The picture of imports in docs/architecture.md shows the package as it is."""

from __future__ import annotations

from pathlib import Path

from docs.draw_imports import IMAGES, REPOSITORY, arrows_of, drawn_arrows, imports_of


def test_the_picture_is_current() -> None:
    assert drawn_arrows(IMAGES / "imports.svg") == arrows_of(imports_of(REPOSITORY / "harness"))


def test_a_picture_without_a_description_shows_no_arrow(tmp_path: Path) -> None:
    (tmp_path / "old.svg").write_text("<svg></svg>")
    assert drawn_arrows(tmp_path / "old.svg") == []


def test_arrows_lead_from_one_part_to_another() -> None:
    imports = {"mpy_harness.board.board": {"mpy_harness.board.repl", "mpy_harness.errors"}, "mpy_harness.errors": set()}
    assert arrows_of(imports) == [("board", "errors")]
