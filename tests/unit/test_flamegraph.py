"""The flame graph: geometry, text, hostile names, bounds, the same bytes."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
import unicodedata
import xml.etree.ElementTree as ET
from collections import Counter

import pytest

from mpy_harness.counting.profile import Function, Node, Profile
from mpy_harness.reports.flame_layout import MAX_FRAMES, MIN_SHARE, frames
from mpy_harness.reports.flamegraph import MAX_LEVELS, WIDTH, flamegraph
from tests.unit.profile_trees import HOSTILE, chain, function, hostile, node, paths, random_profile, region

SVG = "{http://www.w3.org/2000/svg}"


def parsed(profile: Profile) -> ET.Element:
    return ET.fromstring(flamegraph(profile))  # noqa: S314 - we wrote it


def drawn(svg: ET.Element, *, hidden: bool = False) -> list[ET.Element]:
    (group,) = (each for each in svg.iter(f"{SVG}g") if each.get("class") == "frames")
    return [each for each in group if hidden or "display" not in each.attrib]


def title(frame: ET.Element) -> list[str]:
    return (frame.findtext(f"{SVG}title") or "").split("\n")


def text_of(svg: ET.Element) -> str:
    return "\n".join("".join(each.itertext()) for each in svg.iter(f"{SVG}text"))


@pytest.mark.parametrize("seed", range(8))
def test_frames_are_as_wide_as_their_instructions_and_inside_their_callers(seed):
    profile = random_profile(seed)
    svg = parsed(profile)
    scale = float(drawn(svg)[0].attrib["width"]) / profile.total
    above: list[tuple[float, float]] = []
    beside: dict[int, float] = {}
    height = float(svg.attrib["height"])
    for frame in drawn(svg, hidden=True):
        x, width, level = float(frame.attrib["x"]), float(frame.attrib["width"]), int(frame.attrib["data-level"])
        assert width == pytest.approx(int(frame.attrib["data-size"]) * scale, abs=0.01)
        del above[level:]
        beside = {each: end for each, end in beside.items() if each <= level}
        if level:
            assert above[-1][0] - 0.02 <= x
            assert x + width <= above[-1][1] + 0.02
        assert x >= beside.get(level, 0) - 0.02
        beside[level] = x + width
        above.append((x, x + width))
        if "display" not in frame.attrib:
            assert float(frame.attrib["y"]) + float(frame.attrib["height"]) < height
    assert 12 <= above[0][0] <= above[0][1] <= WIDTH


@pytest.mark.parametrize("seed", range(4))
def test_layout_adds_up(seed):
    profile = random_profile(seed)
    placed = frames(profile)
    assert placed[0].node.inclusive == profile.total
    for one in placed:
        below = [each for each in placed if each.level == one.level + 1
                 and one.start <= each.start < one.start + one.node.inclusive]  # fmt: skip
        left_out = one.node.inclusive - one.node.exclusive - sum(each.node.inclusive for each in below)
        # Only a sum of narrow ones may be missing.
        assert 0 <= left_out < MIN_SHARE * profile.total


def test_what_a_person_reads():
    iir = Node(Function("iir_run", "iir", "natmod"), 3, 600_000, [node("memcpy", 100_000, calls=1)])
    main = Node(Function("main", "python", "python"), 1, 34_567, [iir])
    emitted = Node(Function("fast", "python", "native"), 2, 500_000)
    svg = parsed(region(main, emitted))
    shown = text_of(svg)
    assert "case/region" in shown
    assert "m33  ·  1,234,567 instructions  ·  4 functions" in shown
    for entry in ("firmware 8.1%", "native module 48.6%", "Python 2.8%", "emitted native 40.5%"):
        assert entry in shown
    assert "unknown" not in shown
    assert "iir_run 56.7%" in shown
    (frame,) = (each for each in drawn(svg) if title(each)[0] == "iir_run")
    assert title(frame) == [
        "iir_run",
        "native module iir",
        "700,000 instructions, 56.7%",
        "600,000 of its own, 48.6%",
        "3 calls",
    ]
    assert "natmod" in frame.attrib["class"].split()
    assert svg.findtext(f"{SVG}title") == "case/region: 1,234,567 instructions on m33"


def test_text_fits_or_is_shortened_or_left_out():
    names = [f"a_function_with_number_{number}" for number in range(60)]
    svg = parsed(region(*(node(name, 10 + number * number) for number, name in enumerate(names))))
    kinds: Counter[str] = Counter()
    for frame in drawn(svg):
        text = "".join("".join(each.itertext()) for each in frame.iter(f"{SVG}text"))
        # A monospaced character is 0.6 of the size of 12, or a little more.
        assert len(text) * 12 * 0.602 <= float(frame.attrib["width"]) - 4 or not text
        kinds["none" if not text else "shortened" if "…" in text else "whole"] += 1
    assert all(kinds[each] for each in ("none", "shortened", "whole"))


def test_names_cannot_leave_their_place():
    svg = parsed(Profile(HOSTILE[0] + HOSTILE[1], "\u202e</svg>", hostile().root))
    scripts = list(svg.iter(f"{SVG}script"))
    assert len(scripts) == 1
    assert "alert" not in (scripts[0].text or "")
    assert "alert" not in (svg.findtext(f"{SVG}style") or "")
    assert {each.tag.removeprefix(SVG) for each in svg.iter()} == {
        "svg", "title", "style", "rect", "g", "text", "tspan", "script"
    }  # fmt: skip
    for each in svg.iter():
        assert not [name for name in each.attrib if name.startswith("on") or name.endswith("href")]
        assert all(value.isprintable() for value in each.attrib.values())
    names = [title(frame)[0] for frame in drawn(svg)]
    assert len(names) == len(HOSTILE) + 1
    for expected in (
        "<script>alert(1)</script>",
        "a\\x00b\\x1b[31mred\\r\\nline",
        "\\u202egnp.exe",
        "\\ud800",
        "\\ufffe",
    ):
        assert expected in names
    assert names.count("(unnamed)") == 2
    told = "".join("".join(frame.itertext()) for frame in drawn(svg)) + text_of(svg)
    assert not [each for each in told if unicodedata.category(each) in {"Cc", "Cf", "Cs", "Cn"} and each != "\n"]
    assert max(map(len, names)) <= 300


def test_the_picture_stays_low_and_says_what_is_deeper():
    svg = parsed(chain(200))
    levels = {int(frame.attrib["data-level"]) for frame in drawn(svg)}
    assert levels == set(range(MAX_LEVELS))
    assert float(svg.attrib["height"]) < 800
    assert "170 deeper levels" in text_of(svg)
    assert {int(frame.attrib["data-level"]) for frame in drawn(svg, hidden=True)} == set(range(202))
    assert "deeper" not in text_of(parsed(chain(20)))


@pytest.mark.parametrize("profile", [random_profile(3, nodes=100_000, functions=3000), chain(50_000)])
def test_large_trees_make_files_of_a_reasonable_size(profile):
    began = time.process_time()
    text = flamegraph(profile)
    assert time.process_time() - began < 30
    assert len(text) < 2_000_000
    many = drawn(ET.fromstring(text), hidden=True)  # noqa: S314 - we wrote it
    assert MAX_FRAMES / 4 < len(many) <= 2 * MAX_FRAMES


def test_many_equal_functions_are_one_bar():
    svg = parsed(region(node("large", 50_000), *(node(f"f{number}", 10) for number in range(5000))))
    (rest,) = (frame for frame in drawn(svg) if "summed" in frame.attrib["class"].split())
    assert title(rest) == ["(5000 smaller)", "50,000 instructions, 50.0%", "5,000 calls"]


def test_a_region_without_instructions():
    svg = parsed(region(node("f", 0)))
    assert drawn(svg, hidden=True) == []
    assert "0 instructions" in text_of(svg)


def test_the_order_of_calls_changes_nothing():
    profile = random_profile(5)
    text = flamegraph(profile)
    for _, one in paths(profile):
        random.Random(7).shuffle(one.children)
    assert flamegraph(profile) == text


def test_the_same_bytes_in_another_process(tmp_path):
    profile = random_profile(6)
    saved = tmp_path / "profile.json"
    saved.write_text(profile.to_json())
    program = (
        "import sys; from pathlib import Path; from mpy_harness.counting.profile import Profile; "
        "from mpy_harness.reports.flamegraph import flamegraph; "
        "sys.stdout.buffer.write(flamegraph(Profile.from_json(Path(sys.argv[1]).read_text())).encode())"
    )
    for seed in ("1", "2"):
        ran = subprocess.run(
            [sys.executable, "-c", program, saved],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            timeout=60,
            check=True,
        )
        assert ran.stdout.decode() == flamegraph(profile)


def test_functions_of_one_name_in_two_modules_are_two():
    same = [Node(Function("main", module, "natmod"), 1, 100) for module in ("iir", "fft")]
    assert [title(frame)[1] for frame in drawn(parsed(region(*same)))[1:]] == ["native module fft", "native module iir"]
    assert function("main") != function("main", "iir")
