"""The script in a flame graph, run by a browser: zoom, search, details."""

from __future__ import annotations

import html
import json
import re
import subprocess
from typing import Any

import pytest

from mpy_harness.counting.profile import Profile
from mpy_harness.reports.flamegraph import flamegraph
from tests.unit.browser import MISSING, PROGRAM
from tests.unit.profile_trees import chain, hostile, node, region

pytestmark = pytest.mark.skipif(PROGRAM is None, reason=MISSING)

# What a page's own script finds out is written into the page, which the browser prints when all is done.
HELPERS = """
const svg = document.querySelector("svg"), all = [...svg.querySelectorAll(".frame")];
const named = (name) => all.find((frame) => frame.querySelector("title").textContent.split("\\n")[0] === name);
const shown = () => all.filter((frame) => frame.getAttribute("display") !== "none");
const on = (element, type, more) => element.dispatchEvent(new MouseEvent(type, { bubbles: true, ...more }));
const label = (frame) => frame.querySelector("text") ? frame.querySelector("text").textContent : "";
const input = svg.querySelector("input"), facts = svg.querySelector(".facts");
const type = (text) => { input.value = text; input.dispatchEvent(new Event("input")); };
"""


def run(profile: Profile, script: str, folder: Any) -> Any:
    assert PROGRAM is not None
    page = folder / "page.html"
    script = script.replace("</", "<\\/")  # would end the page's script
    body = (
        f"<!doctype html><meta charset=utf-8><body>{flamegraph(profile)}<pre id=result></pre>"
        f"<script>{HELPERS}\n(() => {{ const result = {{}}; {script}\n"
        "document.querySelector('#result').textContent = JSON.stringify(result); })()</script>"
    )
    page.write_text(body, encoding="utf-8")
    options = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder / 'browser'}", "--dump-dom"]
    ran = subprocess.run([PROGRAM, *options, page.as_uri()], capture_output=True, text=True, timeout=120, check=True)
    found = re.search(r'<pre id="result">(.+?)</pre>', ran.stdout, re.DOTALL)
    assert found, ran.stdout[-2000:] + ran.stderr[-2000:]
    return json.loads(html.unescape(found[1]))


def example() -> Profile:
    small = node("small_and_long_name", 6, node("inside", 3), calls=2)
    return region(
        node("left", 100, node("shared", 300), node("deeper", 200, node("shared", 100))), small, exclusive=291
    )


def test_zoom_and_back(tmp_path):
    result = run(
        example(),
        """
        const wide = (frame) => Number(frame.getAttribute("width"));
        result.before = label(named("small_and_long_name"));
        on(named("small_and_long_name").querySelector("rect"), "click");
        result.after = label(named("small_and_long_name"));
        result.shown = shown().map((frame) => frame.querySelector("title").textContent.split("\\n")[0]);
        result.widths = shown().map(wide);
        result.above = named("case/region").classList.contains("above");
        window.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape" }));
        on(named("case/region"), "click");
        result.room = document.querySelector("svg").parentElement.clientWidth - 24;
        result.again = shown().length;
        result.whole = wide(named("left"));
        """,
        tmp_path,
    )
    assert result["before"] == ""
    assert result["after"] == "small_and_long_name 0.9%"
    assert result["shown"] == ["case/region", "small_and_long_name", "inside"]
    room = result["room"]
    assert result["widths"] == [room, room, pytest.approx(room / 3, abs=0.01)]
    assert result["above"]
    assert result["again"] == 7
    assert result["whole"] == pytest.approx(room * 0.7, abs=0.01)


def test_search_counts_instructions_once(tmp_path):
    result = run(
        example(),
        """
        type("SHARED");
        result.told = facts.textContent;
        result.hits = svg.querySelectorAll(".hit").length;
        type("e");  // left and all below it, deeper's too
        result.nested = facts.textContent;
        type("");
        result.without = [facts.textContent, svg.querySelectorAll(".hit").length];
        on(named("deeper").querySelector("rect"), "mouseover");
        result.hover = facts.textContent;
        """,
        tmp_path,
    )
    assert result["told"].startswith("40.0% of all instructions in 2 bars")
    assert result["hits"] == 2
    assert result["nested"].startswith("100.0% of all instructions")
    assert result["without"] == ["m33  ·  1,000 instructions  ·  5 functions", 0]
    assert result["hover"] == "deeper  ·  firmware  ·  300 instructions, 30.0%  ·  200 of its own, 20.0%  ·  1 call"


def test_all_levels_are_there_with_the_script(tmp_path):
    result = run(
        chain(100),
        "result.levels = Math.max(...shown().map((frame) => frame.getAttribute('data-level')));"
        "result.height = Number(svg.getAttribute('height'));",
        tmp_path,
    )
    assert result["levels"] == 101
    assert result["height"] > 102 * 19


def test_hostile_names_stay_text(tmp_path):
    result = run(
        hostile(),
        """
        type("<script>alert");
        result.hits = svg.querySelectorAll(".hit").length;
        on(named("<script>alert(1)</script>"), "mouseover");
        result.facts = facts.textContent;
        on(named("<script>alert(1)</script>"), "click");
        result.scripts = svg.querySelectorAll("script").length;
        """,
        tmp_path,
    )
    assert result["hits"] == 1
    assert result["facts"].startswith("<script>alert(1)</script>")
    assert result["scripts"] == 1
