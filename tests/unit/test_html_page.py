"""The HTML page: what it holds, and what a browser makes of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from mpy_harness.measurements.compare import compare
from mpy_harness.measurements.comparison import PartChange
from mpy_harness.measurements.run import Conditions, CoveredFile, Part, Run
from mpy_harness.measurements.thresholds import Rules
from mpy_harness.reports.html import html_page
from mpy_harness.reports.page import MAX_ROWS, Content
from mpy_harness.sizes import SizeTree
from tests.unit.browser import MISSING, PROGRAM, Browser
from tests.unit.comparison_data import HOSTILE, comparison, example, measurement, row, run
from tests.unit.profile_trees import HOSTILE as HOSTILE_FUNCTIONS
from tests.unit.profile_trees import node, random_profile, region

TREE = SizeTree.of(
    "flash",
    [
        SizeTree.of("py/vm.o", {"mp_execute_bytecode": 6000, "tables": 900}),
        SizeTree.of("extmod/modre.o", {f"re_{n}": 300 - n for n in range(40)}),
    ],
)


def earlier(current: Run, days: int, change: int) -> Run:
    measured = [each.model_copy(update={"value": each.value + change}) for each in current.measurements]
    created = current.created - timedelta(days=days)
    return current.model_copy(update={"created": created, "measurements": tuple(measured)})


def everything() -> Content:
    limited = (
        row("same", 1.1e-7, 1.1e-7, "iir/noise", metric="rel_l2", unit="", limit=1e-6),
        row("worse", 3, 5, "q15/roundtrip", metric="lsb", unit="LSB", limit=4),
        row("same", 101.0, 101.0, "fft/sine", metric="snr", unit="dB", better="higher", limit=90),
        row("same", 0, 0, "exact", metric="differ", unit="", limit=0),
    )
    shown = example()
    whole = comparison(*shown.rows, *limited, alerts=tuple(shown.alerts), reasons=tuple(shown.reasons))
    history = [earlier(whole.head, days, change) for days, change in ((3, 9), (2, -4), (1, 0))]
    return Content(whole.head, whole, history, {"Flash of m33": TREE}, [random_profile(1), random_profile(2)])


def hostile() -> Content:
    rows = [
        row(
            "worse",
            1,
            2,
            name,
            metric=name,
            unit=name[:40],
            target=name,
            file=name,
            parts=(PartChange(name, name, 1, 2),),
            limit=3,
        )
        for name in HOSTILE
    ]
    made = comparison(*rows, alerts=HOSTILE, reasons=HOSTILE)
    facts = {
        name: Conditions(micropython=name, firmware="0" * 64, toolchain=name, emulator=name, harness=name)
        for name in HOSTILE
    }
    sized = [measurement(1, name, unit="bytes", parts=(Part(module=name, name=name, value=9),)) for name in HOSTILE]
    covered = tuple(CoveredFile(file=name, ran=(1,), missed=(2,)) for name in HOSTILE)
    measured = {"measurements": (*made.head.measurements, *sized), "coverage": covered}
    head = made.head.model_copy(update={"provenance": facts, **measured})
    trees = {name: SizeTree.of(name, [SizeTree.of(name, {name: 5, "x": 3})]) for name in HOSTILE[:6]}
    flames = [region(*(node(name, 5) for name in (*HOSTILE, *HOSTILE_FUNCTIONS)))]
    changed = type(made)(made.base, head, made.rows, made.alerts, made.reasons)
    return Content(head, changed, [earlier(head, 1, 1)], trees, flames)


class Tags(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


@pytest.mark.parametrize("content", [everything(), hostile(), Content(run()), Content(comparison().head, comparison())])
def test_nothing_is_loaded_and_nothing_inline_runs(content: Content) -> None:
    tags = Tags(html_page(content)).found
    names = {tag for tag, _ in tags}
    assert not names & {
        "img",
        "iframe",
        "object",
        "embed",
        "form",
        "base",
        "audio",
        "video",
        "image",
        "use",
        "foreignobject",
    }
    assert {facts.get("href") for tag, facts in tags if tag == "link"} == {"data:,"}
    assert all((facts["href"] or "").startswith("#") for tag, facts in tags if tag == "a")
    attributes = {name for _, facts in tags for name in facts}
    assert not {
        name for name in attributes if name.startswith("on") or name in {"style", "src", "srcset", "xlink:href"}
    }
    (policy,) = [facts["content"] for tag, facts in tags if facts.get("http-equiv") == "Content-Security-Policy"]
    assert policy is not None
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert "http" not in policy
    identifiers = [facts["id"] for _, facts in tags if "id" in facts]
    assert len(identifiers) == len(set(identifiers))


def test_what_changed_is_there() -> None:
    text = html_page(everything())
    assert "1 alert; 4 measurements got worse" in text
    assert "the case disappeared" in text
    assert "is 13.1.0" in text
    assert "window_table" in text
    assert "mp_execute_bytecode" in text
    assert text.count('class="mpy-flame"') == 2
    assert ">125%<" in text
    assert ">28.2%<" in text  # 11 dB better than its limit
    assert html_page(everything()) == text


def test_coverage_of_native_modules() -> None:
    assert "Coverage of native modules" not in html_page(Content(run()))
    file = CoveredFile(file="natmods/iir/iir.c", ran=(3, 9), missed=(4, 5, 12), branches=2, both_ways=1)
    text = html_page(Content(run(measurement(1)).model_copy(update={"coverage": (file,)})))
    row = re.search(r"<tr><td><bdi[^>]*>natmods/iir/iir\.c</bdi></td>(.*)</tr>", text)
    assert row is not None
    assert re.findall(r">([^<]+)<", row[1]) == ["5", "2", "40", "2", "1", "4-5, 12"]
    assert 'href="#coverage"' in text


def test_a_run_alone() -> None:
    text = html_page(Content(run(measurement(12345), measurement(2048, "iir", metric="rodata", unit="bytes"))))
    assert "2 measurements" in text
    assert "12,345" in text
    assert "Verdict" not in text


def test_trees_of_own_parts() -> None:
    parts = (Part(module="iir", name="window_table", value=1024), Part(name="alone", value=5))
    text = html_page(Content(run(measurement(1029, "iir", metric="rodata", unit="bytes", parts=parts))))
    assert "rodata of iir on m33" in text
    assert "window_table\niir\n1,024 bytes, 99.51%" in text
    assert ">alone<" in text


def test_many_rows_are_cut_and_said() -> None:
    rows = [row("worse", 10, 11 + n, f"case{n}") for n in range(MAX_ROWS + 7)]
    text = html_page(Content(run(), comparison(*rows)))
    assert "Truncated: 7 more are in the CSV file." in text
    assert len(re.findall(r"<tr data-verdict", text)) == MAX_ROWS


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    if PROGRAM is None:
        pytest.skip(MISSING)
    with Browser(tmp_path_factory.mktemp("browser")) as started:
        yield started


def show(browser: Browser, content: Content, folder: Path, **how: Any) -> None:
    page = folder / "page.html"
    page.write_text(html_page(content), encoding="utf-8")
    browser.requests.clear()
    browser.complaints.clear()
    browser.open(page, **how)


CELLS = (
    "[...document.querySelectorAll('#measurements tbody tr')].filter((row) => !row.hidden)"
    ".map((row) => row.cells[%d].textContent.trim())"
)


def test_sorts_by_keyboard(browser: Browser, tmp_path: Path) -> None:
    show(browser, everything(), tmp_path)
    browser.evaluate("document.querySelector('#measurements thead th:nth-child(6) button').focus()")
    browser.press("Enter", 13, "\r")
    assert (
        browser.evaluate("document.querySelector('#measurements th:nth-child(6)').getAttribute('aria-sort')")
        == "descending"
    )
    heads = browser.evaluate(CELLS % 5)
    numbers = [float(each.replace(",", "")) for each in heads if each]
    assert numbers == sorted(numbers, reverse=True)
    assert heads[-1] == ""  # removed: without a value, last either way
    browser.press(" ", 32, " ")
    assert browser.evaluate("document.activeElement.closest('th').getAttribute('aria-sort')") == "ascending"
    heads = browser.evaluate(CELLS % 5)
    assert [float(each.replace(",", "")) for each in heads if each] == sorted(numbers)
    assert heads[-1] == ""
    browser.evaluate("document.querySelector('#measurements thead th:nth-child(2) button').focus()")
    browser.press("Enter", 13, "\r")
    assert browser.evaluate("document.querySelectorAll('#measurements th[aria-sort]').length") == 1
    cases = browser.evaluate(CELLS % 1)
    assert cases == sorted(cases, key=str.lower)
    assert browser.complaints == []


def test_tab_reaches_everything(browser: Browser, tmp_path: Path) -> None:
    show(browser, everything(), tmp_path)
    reached = set()
    for _ in range(300):
        browser.press("Tab", 9)
        if browser.evaluate("document.activeElement === document.body"):
            break
        reached.add(
            browser.evaluate(
                "(document.activeElement.getAttribute('class') || document.activeElement.textContent).slice(0, 20)"
            )
        )
        outline = browser.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline != "none"
    assert {"skip", "What grew", "Verdict", "scroll", "Case", "Used"} <= reached
    assert any(each.startswith("frame ") for each in reached)


def test_filters(browser: Browser, tmp_path: Path) -> None:
    show(browser, everything(), tmp_path)
    assert browser.evaluate("document.querySelector('output').textContent") == "8 of 52 rows"
    browser.evaluate("document.querySelector('[data-verdict=same]').click()")
    assert browser.evaluate("document.querySelector('output').textContent") == "52 rows"
    browser.evaluate("document.querySelector('input').focus()")
    for letter in "IIR rod":
        browser.press(letter, ord(letter.upper()), letter)
    assert browser.evaluate(CELLS % 3) == ["rodata [bytes]"]
    assert browser.evaluate("document.querySelector('output').textContent") == "1 of 52 rows"
    browser.evaluate("document.querySelector('button[data-verdict=worse]').click()")
    assert browser.evaluate(CELLS % 3) == []
    assert browser.complaints == []


def test_a_filter_says_what_its_rows_hide_behind(browser: Browser, tmp_path: Path) -> None:
    show(browser, everything(), tmp_path)  # rows that are the same are hidden
    browser.evaluate("document.querySelector('input').focus()")
    for letter in "fft/sine":
        browser.press(letter, ord(letter.upper()), letter)
    assert browser.evaluate(CELLS % 3) == []
    assert browser.evaluate("document.querySelector('output').textContent") == (
        "0 of 52 rows; hidden, though they match: 1 the same"
    )


FLAME = "document.querySelectorAll('svg.mpy-flame')[0]"
NAME = "document.activeElement.querySelector('title').textContent.split('\\n')[0]"


@pytest.mark.parametrize("width", [1500, 700, 360])
def test_flame_graphs_fill_their_card(browser: Browser, tmp_path: Path, width: int) -> None:
    show(browser, everything(), tmp_path, width=width)
    room = browser.evaluate(f"{FLAME}.parentElement.clientWidth")
    assert browser.evaluate(f"{FLAME}.getBoundingClientRect().width") == max(600, room)


def test_flame_graphs_work_from_the_keyboard(browser: Browser, tmp_path: Path) -> None:
    show(browser, everything(), tmp_path)
    browser.evaluate(f"{FLAME}.querySelector('.frame').focus()")
    whole = browser.evaluate(NAME)
    browser.press("ArrowDown", 40)
    callee = browser.evaluate(NAME)
    assert callee != whole
    browser.press("ArrowRight", 39)
    assert browser.evaluate(NAME) != callee
    browser.press("ArrowLeft", 37)
    assert browser.evaluate(NAME) == callee
    assert callee in browser.evaluate(f"{FLAME}.querySelector('.facts').textContent")
    widths = f"[...{FLAME}.querySelectorAll('.frame')].map((each) => each.getAttribute('width'))"
    before = browser.evaluate(widths)
    browser.press("Enter", 13, "\r")
    assert browser.evaluate(widths) != before
    browser.press("Escape", 27)
    assert browser.evaluate(widths) == before
    browser.press("ArrowUp", 38)
    assert browser.evaluate(NAME) == whole
    assert browser.complaints == []


def test_what_grew_is_drawn_first_and_the_rest_folded() -> None:
    parts = (Part(module="m", name="table", value=100), Part(module="m", name="code", value=50))
    sizes = {"metric": "flash", "unit": "bytes", "parts": parts}
    head = [measurement(150, f"module{number}", **sizes) for number in range(8)]
    base = [each.model_copy(update={"value": 150 - 10 * (each.case == "module6")}) for each in head]
    compared = compare(run(*base), run(*head), Rules())
    text = html_page(Content(run(*head), compared))
    places = [text.index(f"flash of {name} on m33") for name in ("module6", "module0", "module7")]
    assert places == sorted(places)
    assert '<small class="worse">+10</small>' in text
    assert "5 maps that did not grow most: folded." in text
    assert text.count('class="folded"') == 5


def test_margins_leave_out_what_has_no_error() -> None:
    checks = [measurement(value, f"case{n}", metric="max_abs", unit="", limit=1.0) for n, value in enumerate((0, 0.5))]
    best = measurement(1e300, "best", metric="snr", unit="dB", better="higher", limit=90)
    rounded = measurement(0.5, "rounded", metric="lsb", unit="LSB", limit=0.5)
    text = html_page(Content(run(*checks, best, rounded)))
    section = text[text.index('id="margins"') : text.index("</section>", text.index('id="margins"'))]
    assert "case1" in section
    assert "case0" not in section
    assert "best" not in section.replace("closest", "")
    assert "rounded" not in section
    assert "3 checks without any error: left out." in section


def test_trends_stand_with_their_cause_and_the_run_before() -> None:
    content = everything()
    text = html_page(content)
    section = text[text.index('id="trends"') : text.index("</section>", text.index('id="trends"'))]
    assert re.search(r'<h3 class="group"><bdi class="name ">window_table \(', section)
    assert "No known cause" in section
    before = max(content.history, key=lambda each: each.created)
    assert f"since the run before ({before.revision[:7]} of {before.created:%Y-%m-%d})" in section
    one = [
        run(measurement(value)).model_copy(update={"created": before.created + timedelta(value)}) for value in (1, 2)
    ]
    assert "1 series moved." in html_page(Content(one[1], None, [one[0]]))


def test_flame_graphs_run_under_the_policy(browser: Browser, tmp_path: Path) -> None:
    show(browser, everything(), tmp_path)
    assert browser.evaluate("document.querySelectorAll('svg.mpy-flame.live').length") == 2
    fill = browser.evaluate("getComputedStyle(document.querySelector('.mpy-flame .card')).fill")
    assert fill == "rgb(255, 255, 255)"
    assert browser.complaints == []


@pytest.mark.parametrize("content", [everything(), hostile()], ids=["everything", "hostile"])
def test_no_request_leaves_and_no_name_acts(browser: Browser, tmp_path: Path, content: Content) -> None:
    show(browser, content, tmp_path)
    assert browser.requests == [(tmp_path / "page.html").as_uri()] or set(browser.requests) == {
        (tmp_path / "page.html").as_uri(), "data:,",
    }  # fmt: skip
    assert browser.complaints == []
    assert browser.evaluate("document.title").endswith(("other conditions", "worse", "more causes"))
    assert browser.evaluate("document.querySelectorAll('main script:not(svg script), img, iframe, h1').length") == 1


def test_every_hostile_name_is_shown_as_it_is(browser: Browser, tmp_path: Path) -> None:
    show(browser, hostile(), tmp_path)
    shown = set(browser.evaluate(CELLS % 1))
    for name in HOSTILE:
        if name.isprintable():
            assert name.strip()[:290] in {each[:290] for each in shown}


LOW_CONTRAST = """
(() => {
  const rgb = (text) => (text.match(/[\\d.]+/g) || [0, 0, 0, 0]).map(Number);
  const linear = (v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const light = (colour) => colour.slice(0, 3).map((v) => linear(v / 255))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (element) => {
    for (; element; element = element.parentElement) {
      const colour = rgb(getComputedStyle(element).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  return [...document.querySelectorAll("body *:not(svg *)")].filter((element) => element.offsetParent &&
    [...element.childNodes].some((child) => child.nodeType === 3 && child.data.trim())).map((element) => {
    const one = light(rgb(getComputedStyle(element).color)), other = light(behind(element));
    const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    return [ratio, element.tagName + "." + element.className + " " + element.textContent.slice(0, 20)];
  }).filter(([ratio]) => ratio < 4.5);
})()
"""


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_text_can_be_read(browser: Browser, tmp_path: Path, dark: bool) -> None:
    show(browser, everything(), tmp_path, dark=dark)
    assert browser.evaluate(LOW_CONTRAST) == []
    background = browser.evaluate("getComputedStyle(document.body).backgroundColor")
    assert background == ("rgb(13, 17, 23)" if dark else "rgb(246, 247, 249)")


def test_narrow_screens_scroll_tables_not_the_page(browser: Browser, tmp_path: Path) -> None:
    show(browser, everything(), tmp_path, width=360)
    assert browser.evaluate("document.documentElement.scrollWidth") <= 360
