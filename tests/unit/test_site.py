"""The documentation as a site: built without a warning, with what only the site has."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.unit.browser import MISSING, PROGRAM, Browser

REPOSITORY = Path(__file__).parents[2]
DOCS = REPOSITORY / "docs"
SOURCE_URL = "https://example.org/blob/main"


FOREIGN = re.compile(r"(?:https?:)?//")
#: What a page may ask for at its begin or later, in a style sheet, a script or a picture.
IN_TEXT = re.compile(r"""url\(\s*["']?((?:https?:)?//[^"')]+)|(?:\bfrom|\bimport\(?|@import)\s*["'](https?://[^"']+)""")


class Fetched(HTMLParser):
    """Gathers what a page fetches from other places by itself; a link that somebody follows is none of it."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        named = [given.get(name, "") for name in ("src", "srcset", "data", "poster", "style")]
        if tag not in {"a", "area"}:
            named += [given.get("href", ""), given.get("xlink:href", "")]
        self.addresses += [value for value in named if FOREIGN.match(value) or IN_TEXT.search(value)]


def fetched_from_elsewhere(folder: Path) -> Iterator[tuple[Path, str]]:
    """Yield what the files of a site fetch from other hosts."""
    for file in sorted(folder.rglob("*")):
        if file.suffix not in {".html", ".css", ".js", ".svg"}:
            continue
        text = file.read_text(encoding="utf-8")
        for match in IN_TEXT.finditer(text):
            yield file.relative_to(folder), match[1] or match[2]
        if file.suffix in {".html", ".svg"}:
            page = Fetched()
            page.feed(text)
            yield from ((file.relative_to(folder), address) for address in page.addresses)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    for package in ("furo", "myst_parser"):
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


def test_it_asks_no_other_host_for_anything(site: Path) -> None:
    assert list(fetched_from_elsewhere(site)) == []


@pytest.mark.skipif(PROGRAM is None, reason=MISSING)
def test_a_browser_asks_for_files_of_the_site_alone_and_each_page_fits_a_phone(site: Path, tmp_path: Path) -> None:
    with Browser(tmp_path) as browser:
        wide = {}
        for page in sorted(site.rglob("*.html")):
            browser.open(page, width=400)
            wide[page.name] = browser.evaluate("document.documentElement.scrollWidth")
        assert [name for name, width in wide.items() if width > 400] == []
        assert [url for url in browser.requests if not url.startswith((site.as_uri(), "data:"))] == []
        assert browser.complaints == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("page.html", '<script src="https://cdn.example/x.js"></script>'),
        ("page.html", '<script type="module">import x from "https://cdn.example/x.mjs"</script>'),
        ("page.html", '<link rel="stylesheet" href="//cdn.example/x.css">'),
        ("page.html", '<img alt="" srcset="https://cdn.example/x.png 2x">'),
        ("page.html", '<p style="background: url(https://cdn.example/x.png)">'),
        ("look.css", '@import "https://cdn.example/x.css";'),
        ("look.css", "@font-face { src: url('https://cdn.example/x.woff2') }"),
        ("code.js", 'const x = await import("https://cdn.example/x.mjs")'),
        ("drawing.svg", '<svg><image xlink:href="https://cdn.example/x.png"/></svg>'),
    ],
)
def test_what_another_host_is_asked_for_is_found(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    assert list(fetched_from_elsewhere(tmp_path)) != []


def test_a_link_is_nothing_that_is_fetched(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text('<a href="https://example.org">there</a> https://example.org')
    assert list(fetched_from_elsewhere(tmp_path)) == []
