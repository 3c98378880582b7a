"""What tests found, as measurements: names, values that files hold, parts that add up, the worst of several."""

from __future__ import annotations

import itertools
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mpy_harness.board.allocations import Allocations
from mpy_harness.counting.count import Count
from mpy_harness.counting.profile import Function, Node, Profile
from mpy_harness.golden import CaseResult
from mpy_harness.measurements import from_tests
from mpy_harness.measurements.from_tests import INFINITE, Origin, name_of, of_case, of_counts, worst
from mpy_harness.measurements.run import Measurement
from mpy_harness.plugin.origin import Origins
from mpy_harness.plugin.records import Records

HERE = Origin("test_it.py::test_it", "test_it.py", 3)


def case(value: float = 0.5, **more: Any) -> CaseResult:
    facts: dict[str, Any] = {
        "target": "m33", "arch": "armv7emsp", "case": "iir/noise", "form": "native", "metric": "max_abs",
        "value": value, "unit": "", "better": "lower", "limit": 1.0, "margin": 0.5, "passed": True,
    }  # fmt: skip
    return CaseResult(**(facts | more))


def profile(*functions: tuple[str, str, int]) -> Profile:
    root = Node(Function("loop", "", "region"), 1, 10)
    root.children = [Node(Function(name, module, "natmod"), 1, own) for module, name, own in functions]
    return Profile("loop", "m33", root)


# --- names and values ---------------------------------------------------------------------------


def test_names_are_printable_short_and_different():
    assert name_of("a/b (native)") == "a/b (native)"
    assert name_of("a\nb\x1b\u202e") == "a\\u000ab\\u001b\\u202e"
    assert name_of("") == "(unnamed)"
    one, two = name_of("x" * 400 + "1"), name_of("x" * 400 + "2")
    assert len(one) == len(two) == 300
    assert one != two


@pytest.mark.parametrize("value", [float("inf"), float("nan")])
def test_what_is_infinite_can_be_kept_and_compared(value):
    (found,) = of_case(case(value, limit=float("inf")), [], HERE)
    assert (found.value, found.limit) == (INFINITE, INFINITE)
    assert of_case(case(float("-inf")), [], HERE)[0].value == -INFINITE


def test_a_case_is_its_error_and_its_instructions():
    error, instructions = of_case(case(unit="dB", better="higher", metric="snr"), [Count("", 30), Count("", 4)], HERE)
    assert error == Measurement(
        target="m33", case="iir/noise (native)", metric="snr", value=0.5, unit="dB", better="higher", limit=1.0,
        file="test_it.py", line=3,
    )  # fmt: skip
    assert (instructions.case, instructions.metric, instructions.value) == ("iir/noise (native)", "instructions", 34)
    assert of_case(case(form=""), [], HERE)[0].case == "iir/noise"


# --- parts --------------------------------------------------------------------------------------


def test_parts_are_the_functions_own_instructions_of_all_regions():
    counts = [
        Count("loop", 60, profile=profile(("iir", "run", 20), ("firmware", "run", 30))),
        Count("loop", 31, profile=profile(("iir", "run", 21))),
    ]
    found = of_counts(counts, "m33", "a", HERE)
    assert [(part.module, part.name, part.value) for part in found.parts] == [
        ("iir", "run", 41),
        ("firmware", "run", 30),
        ("", "loop", 20),
    ]
    assert found.value == sum(part.value for part in found.parts)


def test_many_parts_are_summed_up_but_still_add_up():
    functions = [("iir", f"f{n}", n) for n in range(500)]
    total = 10 + sum(range(500))
    found = of_counts([Count("loop", total, profile=profile(*functions))], "m33", "a", HERE)
    assert len(found.parts) == 200
    assert (found.parts[0].name, found.parts[-1].name) == ("f499", "(smaller ones)")
    assert sum(part.value for part in found.parts) == total


# --- several of one name ------------------------------------------------------------------------


def measurement(value: float, line: int = 1, better: Any = "lower") -> Measurement:
    return Measurement(target="m33", case="a", metric="m", value=value, line=line, better=better)


@pytest.mark.parametrize(("better", "expected"), [("lower", 3), ("higher", 1)])
def test_of_several_the_worst_counts_in_whatever_order(better, expected):
    several = [measurement(value, line, better) for value, line in [(1, 5), (3, 6), (2, 7), (3, 8), (1, 9)]]
    found = {worst(order)[0] for order in itertools.permutations(several)}
    assert len(found) == 1
    assert found.pop().value == expected


# --- what a test measured, kept with it ------------------------------------------------------------


def item(name: str, location: tuple[str, int, str], target: str = "m33", parameters: bool = True) -> Any:
    return SimpleNamespace(
        name=name,
        nodeid=f"{location[0]}::{name}",
        location=location,
        stash=pytest.Stash(),
        user_properties=[],
        callspec=SimpleNamespace(params={"mpy_target_name": target}) if parameters else None,
        target_name=target,
    )


@pytest.mark.parametrize(
    ("name", "target", "expected"),
    [
        ("test_it[m33]", "m33", "test_it"),
        ("test_it[m33-native-a]", "m33", "test_it[native-a]"),
        ("test_it[native-m33-a]", "m33", "test_it[native-a]"),
        ("test_it[native-m4-stm32]", "m4-stm32", "test_it[native]"),
        ("test_it[m33x-m33]", "m33", "test_it[m33x]"),
        ("TestIt::test_it[m33-[x]]", "m33", "TestIt::test_it[[x]]"),
        ("test_it", "m33", "test_it"),
    ],
)
def test_the_target_is_no_part_of_a_tests_name(name, target, expected, tmp_path):
    origin = Origins(tmp_path).of(item(name, ("cases/test_it.py", 4, name), target))
    assert origin == Origin(f"cases/test_it.py::{expected}", "cases/test_it.py", 5)


def test_files_are_told_below_the_repository_and_tests_below_the_project(tmp_path):
    (tmp_path / ".git").mkdir()
    (tmp_path / "firmware" / "tests").mkdir(parents=True)
    origin = Origins(tmp_path / "firmware" / "tests").of(item("script[m33]", ("a.py", 0, ""), parameters=False))
    assert origin == Origin("a.py::script", "firmware/tests/a.py", 1)


@pytest.mark.parametrize("location", ["/somewhere/test_it.py", "../elsewhere/test_it.py"])
def test_no_path_of_this_machine_is_in_a_name(location, tmp_path):
    origin = Origins(tmp_path).of(item("test_it[m33]", (location, 4, "")))
    assert origin == Origin("test_it.py::test_it", "", 0)


def test_what_a_test_measured_is_told_once_with_its_junit_properties(tmp_path):
    records, test = Records(tmp_path), item("test_it[m33]", ("test_it.py", 4, ""))
    records.case(test, case(1.5), [Count("", 7)])
    records.case(test, case(0.5), [Count("", 9)])
    records.case(test, case(float("inf"), case="of another length", passed=False), [])
    records.regions(test, [Count("loop", 3), Count("", 100), Count("loop", 4)], "m33")
    records.allocations(test, [Allocations("more", count=2, bytes=64, peak=5, stack=8)], "m33")
    carried = records.finish(test)
    assert carried.modules == []
    assert test.user_properties == [
        ("m33: iir/noise (native): instructions", 9),
        ("m33: iir/noise (native): max_abs", 1.5),
        ("m33: test_it.py::test_it: loop: instructions", 7),
        ("m33: test_it.py::test_it: more: allocated B", 64),
        ("m33: test_it.py::test_it: more: allocations", 2),
        ("m33: test_it.py::test_it: more: heap B", 5),
        ("m33: test_it.py::test_it: more: stack B", 8),
    ]
    assert len(carried.measurements) == 7
    assert [each.case for each in carried.cases] == ["iir/noise", "iir/noise", "of another length"]
    assert [(each.name, each.instructions) for each in carried.regions] == [("loop", 3), ("loop", 4)]


def test_regions_of_a_test_that_did_not_come_to_its_end_say_nothing(tmp_path):
    records, test = Records(tmp_path), item("test_it[m33]", ("test_it.py", 4, ""))
    records.case(test, case(), [Count("", 7)])
    records.regions(test, [Count("loop", 3)], "m33")
    records.whole(test, Count("", 100), None)
    records.interrupted(test)
    assert [each.metric for each in records.finish(test).measurements] == ["instructions", "max_abs"]


def test_symbols_of_native_modules_add_up():
    from mpy_harness.sizes.mpy import MpySizes
    from mpy_harness.sizes.tree import SizeTree

    def tree(**symbols: int) -> SizeTree:
        return SizeTree.of("iir", [SizeTree.of("iir.o", symbols)])

    sizes = MpySizes(
        path=Path("iir.mpy"), name="iir", arch="armv6m", text=90, rodata=10, bss=0, got=None, relocations=3, names=4,
        parts={}, flash=tree(run=90, table=10, header=4), ram=tree(run=90, table=10),
    )  # fmt: skip
    run, table = SimpleNamespace(name="run"), SimpleNamespace(name="table", space="text")
    build: Any = SimpleNamespace(
        name="iir", arch="armv6m", layout=SimpleNamespace(functions=(run,), variables=(table,))
    )
    found = {each.metric: each for each in from_tests.of_natmod(build, sizes, "m0")}
    assert {name: each.value for name, each in found.items()} == {
        "text": 90, "rodata": 10, "bss": 0, "ram": 100, "file": 104, "relocations": 3,
    }  # fmt: skip
    assert [(part.module, part.name, part.value) for part in found["ram"].parts] == [
        ("iir", "run", 90),
        ("iir", "table", 10),
    ]
    assert [(part.name, part.value) for part in found["text"].parts] == [("run", 90)]
    assert [(part.name, part.value) for part in found["rodata"].parts] == [("table", 10)]
    assert found["bss"].parts == ()
    assert found["file"].natmods == ("iir/armv6m",)
