"""Comments and summaries, rendered by GitHub's own fork of cmark: what data says stays text in code."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mpy_harness.measurements.comparison import Comparison, PartChange
from mpy_harness.measurements.run import Conditions, Failure, plain
from mpy_harness.reports.gfm import code, prose
from mpy_harness.reports.markdown import COMMENT_BYTES, comparison_markdown, run_markdown
from mpy_harness.reports.names import printable
from tests.unit.comparison_data import HOSTILE, comparison, example, measurement, of_one_cause, row, run

cmarkgfm = pytest.importorskip("cmarkgfm", reason="needs cmarkgfm, GitHub's Markdown renderer: pip install cmarkgfm")

TAGS = {"h3", "p", "ul", "li", "strong", "table", "thead", "tbody", "tr", "th", "td", "code", "details", "summary"}
#: What GitHub makes links, notifications or pictures of, in any text outside of code.
ACTIVE = re.compile(r"[@#$~*_`\\\[\]|]|:\w+:|://|www\.|\bGH-\d|[0-9a-f]{7}")


class Page(HTMLParser):
    def __init__(self, markdown: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.codes: list[str] = []
        self.rows: list[int] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self._code = 0
        self.feed(cmarkgfm.github_flavored_markdown_to_html(markdown, cmarkgfm.cmark.Options.CMARK_OPT_UNSAFE))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += attrs
        if tag == "code":
            self._code += 1
            self.codes.append("")
        elif tag == "tr":
            self.rows.append(0)
        elif tag in {"td", "th"}:
            self.rows[-1] += 1

    def handle_endtag(self, tag: str) -> None:
        self._code -= tag == "code"

    def handle_data(self, data: str) -> None:
        if self._code:
            self.codes[-1] += data
        else:
            self.text += data


def check(markdown: str) -> Page:
    page = Page(markdown)
    assert page.tags <= TAGS
    assert {name for name, _ in page.attributes} <= {"align"}
    found = ACTIVE.search(page.text)
    assert found is None, page.text[max(0, found.start() - 80) : found.end() + 80]
    return page


def everywhere(name: str) -> Comparison:
    """Return a comparison with a text wherever data puts one."""
    short = name[:40] or "x"
    facts = {"metric": name, "unit": short, "target": name}
    rows = [
        row("worse", 1, 2, name, **facts, parts=(PartChange(name, name, 1, 2),)),
        row("better", 2, 1, name[:298] + " 2", **facts),
        row("worse", 1, 2, "plain"),
    ]
    sentence = f"the case {name} disappeared"
    return comparison(*rows, alerts=(name, sentence), reasons=(sentence, f"{name}: {name}"))


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_text(name: str) -> None:
    page = check(comparison_markdown(everywhere(name)))
    assert set(page.rows) == {8, 7, 5}
    whole = check(comparison_markdown(everywhere(name[:60])))
    if "\\|" not in name and len(name.encode()) == len(name):
        assert name[:60].rstrip() in [text.strip() for text in whole.codes]
    check(run_markdown(run(measurement(1, name, metric=name), measurement(2, name))))


@settings(max_examples=100, database=None, deadline=None)
@given(st.text(st.sampled_from("`|\\ a1@#:/.<>&;-=+*_~[](){}!$\"'\u00a0é😀\n"), min_size=1, max_size=40))
def test_no_text_is_more_than_text(text: str) -> None:
    name = plain(text)
    check(comparison_markdown(everywhere(name)))
    table = Page(f"| a | b |\n| --- | --- |\n| {code(name)} | c |")
    assert table.rows == [2, 2]
    shown = (table.codes or [""])[0]
    assert shown.strip() == printable(name).replace("\\|", r"\\u007c").strip()


@settings(max_examples=100, database=None, deadline=None)
@given(st.text(max_size=80))
def test_sentences_are_one_paragraph(text: str) -> None:
    page = check(f"- {prose(text)}\n- end")
    assert page.tags <= {"ul", "li", "code"}


def test_words_of_sentences_stay_words() -> None:
    assert prose("m33 / filters/iir: the case, gone.") == "`m33` / `filters/iir`: the case, gone."
    assert prose("1. one") == "`1`. one"
    assert prose("toolchain was gcc 12.2.0, is 13") == "toolchain was gcc `12.2.0`, is 13"


def test_comment_is_what_a_reviewer_wants() -> None:
    text = comparison_markdown(example())
    title = "### ❌ 1 alert; `iir_run` (`iir`): +1,200 instructions, `filters/iir[float]`, and 1 more cause, "
    assert text.startswith(title)
    assert "\n\n1 alert; 3 measurements got worse, 1 better" in text
    before, _, folded = text.partition("<details>")
    assert "| `iir` | `m33` | `rodata` `bytes` | 2,048 | 3,072 | +1,024 | +50.0% | `window_table` +1,024 |" in before
    assert "- `iir_run` (`iir`): +1,200 instructions, `filters/iir[float]`\n- `window_table` (`iir`): +1,024" in before
    table = before[before.index("| case") :]
    assert table.index("iir_run") < table.index("window_table") < table.index("fft[256]")
    assert "disappeared" in before
    assert "`13.1.0`" in before
    assert "classifiers/trees" not in before
    assert "classifiers/trees" in folded
    assert "steady" not in text
    assert "`near`" in folded
    assert "gcc 12.2.1" in folded


def test_nothing_changed() -> None:
    text = comparison_markdown(comparison(row("same", 1, 1), row("same", 2, 2, "b")))
    assert "### ✅ No measurement got worse, 2 the same" in text
    assert "Truncated" not in text
    assert "Alerts" not in text


def test_many_that_got_worse_are_folded() -> None:
    rows = (row("worse", 100, 200 + n, f"case/{n}") for n in range(30))
    before, _, folded = comparison_markdown(comparison(*rows)).partition("<details><summary>10 more that got worse")
    assert before.count("| `case/") == 20
    assert folded.count("| `case/") == 10


def test_cases_of_one_cause_are_folded() -> None:
    text = comparison_markdown(comparison(*of_one_cause(60)))
    before, _, folded = text.partition("<details><summary>57 more that got worse")
    assert before.startswith("### ❌ `filter_run` (`iir`): +6 instructions a sample, 60 cases\n\n60 measurements got")
    assert before.count("| `iir/") == 3
    assert folded.count("| `iir/") == 57


def test_what_cannot_be_judged_has_a_sign_of_its_own() -> None:
    found = comparison(row("unlike", 5, 6), renewal="pytest --measurements baselines/m33.json")
    text = comparison_markdown(found)
    assert text.startswith("### ⚠️ 1 measurement changed under other conditions and cannot be judged\n")
    assert "make it anew:** `pytest --measurements baselines/m33.json`" in text
    assert "✅" not in text
    check(text)


def test_failed_tests_come_after_what_got_worse() -> None:
    failed = tuple(Failure(target="m33", test=name, file="test_it.py") for name in HOSTILE)
    text = comparison_markdown(comparison(*of_one_cause(3), row("missed", 5, None, "b"), failed=failed))
    title = f"### ❌ `filter_run` (`iir`): +6 instructions a sample, 3 cases, {len(failed)} tests failed\n"
    assert text.startswith(title)
    assert "<summary>1 not measured, because a test failed</summary>" in text
    assert comparison_markdown(comparison(row("same", 1, 1), failed=failed)).startswith("### ❌")
    check(text)


def test_length_is_capped_and_said() -> None:
    many = comparison(*(row("worse", 1000, 2000 + n, f"case/{n}") for n in range(5000)))
    text = comparison_markdown(many, footer="[run](https://example.org)", limit=COMMENT_BYTES)
    assert COMMENT_BYTES - 200 < len(text.encode()) <= COMMENT_BYTES
    shown = text.count("| `case/")
    assert f"**Truncated:** {5000 - shown:,} more rows in the attached CSV." in text
    assert "`case/4999`" in text
    assert "`case/0`" not in text
    check(text.removesuffix("[run](https://example.org)\n"))
    assert comparison_markdown(many).count("| `case/") == 5000


def test_cap_holds_for_the_longest_texts() -> None:
    for letter in ("😀", "`", "é", "a̧"):
        long = (letter * 300)[:300]
        name = {"target": long, "unit": long[:40], "metric": long}
        rows = [
            row("worse", 1, 2, f"{n} {long}"[:300], **name, parts=(PartChange(long, long, 0, 1),) * 5)
            for n in range(200)
        ]
        facts = Conditions(micropython=long * 6, firmware="0" * 64, toolchain=long, emulator=long, harness=long)
        made = comparison(*rows, alerts=(long * 6,) * 90, reasons=(long * 6,) * 90)
        head = made.head.model_copy(update={"provenance": {f"{n} {long}"[:300]: facts for n in range(90)}})
        text = comparison_markdown(Comparison(made.base, head, rows, made.alerts, made.reasons), limit=COMMENT_BYTES)
        assert len(text.encode()) <= COMMENT_BYTES
        assert "Truncated" in text
        assert "- 78 more" in text
