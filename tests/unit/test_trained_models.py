"""One command trains all models: none is without a script that makes it, and what changes is told."""

from __future__ import annotations

import sys

from cases import train


def test_every_model_is_made_by_a_script() -> None:
    files = {file for script in train.scripts() for file in train.models(script)}
    assert files == set(train.FOLDER.glob("*/*/*.txt"))
    assert len(files) >= len(train.scripts()) > 5


def test_a_model_that_changes_is_told(tmp_path, monkeypatch, capsys) -> None:
    package = tmp_path / "grown"
    folder = package / "area" / "tree"
    folder.mkdir(parents=True)
    for place in (package, package / "area", folder):
        (place / "__init__.py").touch()
    (folder / "train.py").write_text(
        "from pathlib import Path\ndef main():\n    Path(__file__).with_name('model.txt').write_text('1')\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(train, "FOLDER", package)
    for before in ("0", "1"):
        (folder / "model.txt").write_text(before)
        sys.modules.pop("grown.area.tree.train", None)
        assert train.trained_anew() == (before == "0")
        assert f"area/tree/model.txt: {'the same' if before == '1' else 'changed'}" in capsys.readouterr().out
