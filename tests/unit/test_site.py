"""The documentation as a site: built without a warning, with what only the site has."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
DOCS = REPOSITORY / "docs"
SOURCE_URL = "https://example.org/blob/main"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    for package in ("furo", "myst_parser", "sphinxcontrib.mermaid"):
        pytest.importorskip(package, reason="the site needs Sphinx: pip install 'mpy-harness[site]'")
    built = tmp_path_factory.mktemp("site")
    options = ["--quiet", "--fail-on-warning", "--keep-going", "-c", str(DOCS / "site")]
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", *options, DOCS, built],
        cwd=REPOSITORY,
        env=os.environ | {"SOURCE_URL": SOURCE_URL, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return built


def test_every_page_is_there_and_in_the_side_bar(site: Path) -> None:
    pages = {str(page.relative_to(DOCS).with_suffix(".html")) for page in DOCS.rglob("*.md")}
    assert len(pages) > 30
    assert {page for page in pages if not (site / page).is_file()} == set()
    sidebar = (site / "index.html").read_text(encoding="utf-8")
    assert {page for page in pages - {"index.html"} if f'href="{page}"' not in sidebar} == set()


def test_docstrings_are_in_the_reference(site: Path) -> None:
    text = (site / "api.html").read_text(encoding="utf-8")
    for name in ("board.board.Board.call", "golden.Golden.check", "machines.Machine.reset", "errors.GuestFault"):
        assert f'id="mpy_harness.{name}"' in text, name


def test_links_to_files_that_are_no_pages(site: Path) -> None:
    for page in site.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert not re.findall(r'href="(?:\.\./)+(?:cases/|harness/|targets/|[A-Z]+\.md)', text), page
        for file in re.findall(rf'href="{SOURCE_URL}/([^"]+)"', text):
            assert (REPOSITORY / file).exists(), (page, file)
    assert f'{SOURCE_URL}/CONTRIBUTING.md"' in (site / "index.html").read_text(encoding="utf-8")


def test_it_can_be_searched(site: Path) -> None:
    assert "memcheck" in (site / "searchindex.js").read_text(encoding="utf-8")
