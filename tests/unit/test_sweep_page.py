"""The page of a sweep: its plots and tables, hostile names, no requests."""

from __future__ import annotations

import json
import re
import sys
import xml.etree.ElementTree as ET

import pytest
from typer.testing import CliRunner

from mpy_harness.cli.app import application
from mpy_harness.costs import estimate
from mpy_harness.costs.limits import Limits
from mpy_harness.costs.sweep import Candidate, on_part
from mpy_harness.reports.sweep_page import _ticks, sweep_page
from mpy_harness.targets import load_part
from tests.unit import browser

HOSTILE = '</td><script>alert(1)</script>"\u202e'


def candidates(name: str = "sections") -> list[Candidate]:
    costs = [estimate(f"iir:sections={number}", part="rp2040") for number in (1, 3, 8)]
    return [Candidate({name: number}, 0.6 + number / 100, cost, number != 3) for number, cost in enumerate(costs)]


def page(name: str = "sections", limits: Limits = Limits(ram=1500)) -> str:  # noqa: B008 - it never changes
    found = candidates(name)
    parts = {each: on_part(found, load_part(each)) for each in ("rp2040", "rp2350", "stm32f405")}
    return sweep_page(name, found, limits, parts)


def test_the_page_has_each_candidate_on_each_part():
    text = page()
    assert text == page()
    assert text.count("<circle") == 3 * 3
    assert text.count('class="best"') == 3 * 3
    assert text.count("★") == 3
    assert text.count('class="fit ') == 3 * 3
    assert "does not fit: RAM" in text
    assert text.count('class="limit"') == 1  # of heap, the only one
    ET.fromstring(re.search(r"<svg viewBox.*?</svg>", text, re.DOTALL)[0])  # type: ignore[index] # noqa: S314


def test_names_cannot_change_the_page():
    text = page(HOSTILE)
    assert "<script" not in text
    assert "\u202e" not in text
    assert "&lt;/td&gt;&lt;script&gt;" in text
    assert "default-src &#39;none&#39;" in text
    assert "script-src &#39;none&#39;" in text
    assert "http" not in re.sub(r"http-equiv", "", text)


def test_one_candidate_and_no_limits():
    found = candidates()[:1]
    text = sweep_page("model", found, Limits(), {})
    assert text.count("<circle") == 3
    assert "What fits which part" not in text
    assert ">fits<" not in text


@pytest.mark.parametrize(("low", "high"), [(0, 0.1), (0, 1), (79.3, 97.1), (0, 123_456), (94.5, 95.5)])
def test_ticks_are_round(low, high):
    found = list(_ticks(low, high))
    assert 2 <= len(found) <= 7
    assert all(low <= tick <= high for tick in found)
    assert not any(f"{tick:g}".startswith("-") for tick in found)
    assert all(len(f"{tick:g}".replace(".", "").rstrip("0").lstrip("0")) <= 3 for tick in found)


@pytest.mark.skipif(browser.PROGRAM is None, reason=browser.MISSING)
@pytest.mark.parametrize(("width", "dark"), [(1200, False), (390, True)])
def test_it_is_shown_without_requests(tmp_path, width, dark):
    file = tmp_path / "sweep.html"
    file.write_text(page(HOSTILE), encoding="utf-8")
    with browser.Browser(tmp_path) as shown:
        shown.open(file, dark=dark, width=width)
        assert shown.evaluate("document.documentElement.scrollWidth") <= width
        assert shown.evaluate("document.querySelectorAll('circle').length") == 9
        background = shown.evaluate("getComputedStyle(document.body).backgroundColor")
        assert background == ("rgb(13, 17, 23)" if dark else "rgb(246, 247, 249)")
        assert [each for each in shown.requests if not each.startswith(("file:", "data:"))] == []
        assert shown.complaints == []


def test_the_command_writes_it(tmp_path, monkeypatch):
    pytest.importorskip("sklearn")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "swept_page.py").write_text(
        "from sklearn.tree import DecisionTreeClassifier\nmodel = DecisionTreeClassifier()\n"
        "data = [[0], [1], [2], [3]] * 5, [0, 0, 1, 1] * 5\n"
    )
    monkeypatch.setattr(sys, "path", [*sys.path])

    def run(*words: str) -> str:
        done = CliRunner().invoke(application(), ["estimate", "swept_page:model", *words], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.stdout

    data = ["--data", "swept_page:data", "--sweep", "max_depth=1,2"]
    text = run(*data, "--html", "page.html", "--part", "rp2040", "--part", "stm32f405")
    assert "fits, " in text.splitlines()[-2]
    assert text.splitlines()[-1] == "page.html"
    assert "stm32f405" in (tmp_path / "page.html").read_text(encoding="utf-8")
    first = json.loads(run(*data, "--json"))[0]
    assert {"rp2040", "rp2350", "stm32f405"} <= {each["part"] for each in first["parts"]}
    assert "is of a sweep" in " ".join(
        CliRunner().invoke(application(), ["estimate", "iir:sections=1", "--html", "a.html"]).output.split()
    )
    sys.modules.pop("swept_page", None)
