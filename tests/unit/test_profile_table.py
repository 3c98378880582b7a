"""Tables of a profile: columns add up, names are safe, the tree is compact."""

from __future__ import annotations

import re

import pytest

from mpy_harness.counting.profile import Function, Node, Profile
from mpy_harness.reports.profile_table import function_lines, module_lines, profile_lines, tree_lines
from tests.unit.profile_trees import chain, hostile, node, random_profile, region


def figures(line: str, count: int) -> list[int]:
    """Return a row's first whole numbers behind its names."""
    found = re.findall(r"(?<=  )\d[\d,]*(?=  |$)", line)
    return [int(each.replace(",", "")) for each in found[:count]]


@pytest.mark.parametrize("top", [1, 5, 12, 100])
def test_functions_add_up(top):
    profile = random_profile(4)
    head, *rows, total = function_lines(profile, top)
    assert head.split("  ")[0] == "function"
    assert len(rows) == (top + 1 if top < 12 else 13)
    assert ("others)" in rows[-1]) == (top < 12)
    columns = list(zip(*(figures(row, 2) for row in rows), strict=True))
    assert [sum(column) for column in columns] == figures(total, 2)
    assert figures(total, 3)[1:] == [profile.total, profile.total]
    own = [figures(row, 2)[1] for row in rows if "others)" not in row]
    assert own == sorted(own, reverse=True)
    assert own[0] == profile.functions()[0].exclusive


def test_one_row_is_not_summed_up():
    lines = function_lines(region(node("a", 1), node("b", 2), exclusive=3), 2)
    assert [line.split()[0] for line in lines] == ["function", "case/region", "b", "a", "total"]


def test_modules_add_up():
    profile = random_profile(4)
    _, *rows, total = module_lines(profile)
    assert [row.split("  ")[0] for row in rows if row.startswith("(")] == ["(no module)"]
    assert len(rows) == 5
    columns = list(zip(*(figures(row, 3) for row in rows), strict=True))
    assert [sum(column) for column in columns] == figures(total, 3)
    assert figures(total, 3) == [13, sum(cost.calls for cost in profile.functions()), profile.total]


def test_large_figures_stand_below_each_other():
    iir = Node(Function("iir_run", "iir", "natmod"), 12_345, 1_234_567)
    assert function_lines(region(iir, node("memcpy", 89), exclusive=344)) == [
        "function     module     calls  exclusive  excl. %  inclusive  incl. %",
        "iir_run      iir       12,345  1,234,567   100.0%  1,234,567   100.0%",
        "case/region                 1        344     0.0%  1,235,000   100.0%",
        "memcpy       firmware       1         89     0.0%         89     0.0%",
        "total                  12,347  1,235,000   100.0%  1,235,000   100.0%",
    ]


def test_recursion_is_at_most_all():
    lines = function_lines(chain(50))
    assert max(float(each) for line in lines[1:] for each in re.findall(r"([\d.]+)%", line)) == 100


def test_names_are_safe_and_short():
    profile = Profile("\x1b[2J", "m\n33", hostile().root)
    for line in [*profile_lines(profile), *tree_lines(profile)]:
        assert line.isprintable()
        assert len(line) < 200
    assert profile_lines(profile)[0] == "\\x1b[2J on m\\n33: 13,000 instructions"


def test_tree():
    profile = region(
        node("rare", 1),
        node("main", 100, node("often", 300, node("inner", 595), calls=1000), node("rare", 1), node("rare2", 2)),
        exclusive=1,
    )
    assert tree_lines(profile, 0.01) == [
        "inclusive  incl. %  exclusive  calls  function",
        "    1,000   100.0%          1      1  case/region",
        "      998    99.8%        100      1    main  (firmware)",
        "      895    89.5%        300  1,000      often  (firmware)",
        "      595    59.5%        595      1        inner  (firmware)",
    ]
    assert tree_lines(profile, 0.003)[-1] == "        3     0.3%          3      2      (2 smaller)"


def test_deep_trees_stay_narrow():
    lines = tree_lines(chain(3000), 0)
    assert max(map(len, lines)) < 120
    assert any("[3000] level0" in line for line in lines)


def test_a_region_without_instructions():
    profile = region()
    assert function_lines(profile)[-1].split() == ["total", "1", "0", "0.0%", "0", "0.0%"]
    assert len(module_lines(profile)) == 3
    assert len(tree_lines(profile)) == 2
