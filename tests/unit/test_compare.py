"""Comparing runs: verdicts, what appeared and disappeared, other conditions, and what grew."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from mpy_harness.measurements.compare import compare
from mpy_harness.measurements.comparison import PartChange
from mpy_harness.measurements.run import Conditions, Failure, Measurement, Part, Run
from mpy_harness.measurements.thresholds import Rules

CONDITIONS = Conditions(
    micropython="1.26.1",
    firmware="0" * 64,
    toolchain="gcc 12.2.1; ld 2.40; mpy-cross 6.3",
    emulator="QEMU emulator version 7.2",
    harness="0.1.0",
)


def m(value: float, case: str = "a", metric: str = "instructions", target: str = "m33", **more: Any) -> Measurement:
    return Measurement(target=target, case=case, metric=metric, value=value, **more)


def run(*measurements: Measurement, natmods: dict[str, str] | None = None, **conditions: str) -> Run:
    provenance = CONDITIONS.model_copy(update=conditions)
    return Run(
        created=datetime(2026, 11, 21, tzinfo=timezone.utc),
        provenance=dict.fromkeys({each.target for each in measurements}, provenance),
        natmods=natmods or {},
        measurements=measurements,
    )


def verdicts(base: Run, head: Run, rules: Rules | None = None) -> list[str]:
    return [row.verdict for row in compare(base, head, rules).rows]


def test_the_same_twice():
    one = run(m(1), m(2.5, "b", "snr"), m(3, "c", target="m0"))
    found = compare(one, one)
    assert [row.verdict for row in found.rows] == ["same"] * 3
    assert not found.regressed
    assert (found.alerts, found.reasons) == ([], [])


@pytest.mark.parametrize(
    ("base", "head", "better", "verdict"),
    [
        (1000, 1001, "lower", "worse"),
        (1000, 999, "lower", "better"),
        (90.0, 89.9, "higher", "worse"),
        (90.0, 90.1, "higher", "better"),
        (90.0, 90.0 + 1e-9, "higher", "same"),
        (2**60, 2**60 + 1, "lower", "worse"),
        (0, 1, "lower", "worse"),
    ],
)
def test_verdicts(base, head, better, verdict):
    found = compare(run(m(base, better=better)), run(m(head, better=better)))
    assert [row.verdict for row in found.rows] == [verdict]
    assert found.regressed == (verdict == "worse")


def test_a_threshold_lets_pass_and_says_so():
    rules = Rules.of({"instructions": "1% | 5"})
    (row,) = compare(run(m(1000)), run(m(1005)), rules).rows
    assert (row.verdict, row.within) == ("same", "1% | 5")
    assert verdicts(run(m(1000)), run(m(1006)), rules=rules) == ["worse"]
    assert verdicts(run(m(1000)), run(m(994)), rules=rules) == ["better"]


# --- what appeared and disappeared --------------------------------------------------------------


def test_a_new_case_is_no_regression():
    found = compare(run(m(1)), run(m(1), m(9, "b")))
    assert [row.verdict for row in found.rows] == ["same", "added"]
    assert not found.regressed


def test_a_case_that_disappeared_is_an_alert_unless_it_may_go():
    base = run(m(1), m(2, "b"), m(90.0, "b", "snr"))
    found = compare(base, run(m(1)))
    assert [row.verdict for row in found.rows] == ["same", "removed", "removed"]
    assert found.alerts == ["m33 / b disappeared (instructions, snr)"]
    assert found.regressed
    allowed = compare(base, run(m(1)), Rules(may_disappear=["b"]))
    assert [row.verdict for row in allowed.rows] == ["same", "removed", "removed"]
    assert not allowed.regressed


def test_many_that_disappeared_are_summed_up():
    base = run(*(m(1, f"a{n:02}") for n in range(30)), *(m(1, f"b{n}", target="m0") for n in range(3)))
    found = compare(base, run(m(1, "a00")))
    assert found.alerts[0] == "m0: nothing was measured, 3 cases disappeared"
    assert found.alerts[1] == "m33 / a01 disappeared (instructions)"
    assert found.alerts[-1] == "m33: 9 more cases disappeared"
    assert len(found.alerts) == 22


def test_a_case_whose_test_failed_has_not_disappeared():
    base = run(m(1, file="test_a.py"), m(2, "b", file="test_b.py"), m(3, "natmods/iir"), m(4, "c", target="m0"))
    failed = Failure(target="m33", test="test_a.py::test_it", file="test_a.py")
    head = run(m(9, "new")).model_copy(update={"failed": (failed,)})
    found = compare(base, head)
    assert {row.measurement.case: row.verdict for row in found.rows} == {
        "a": "missed", "b": "removed", "natmods/iir": "missed", "c": "removed", "new": "added",
    }  # fmt: skip
    assert found.alerts == ["m0: nothing was measured, 1 case disappeared", "m33 / b disappeared (instructions)"]
    all_of_it = compare(run(m(1, file="test_a.py"), m(5, "s")), head.model_copy(update={"measurements": (m(5, "s"),)}))
    assert (all_of_it.outcome, all_of_it.regressed, all_of_it.alerts) == ("failed", False, [])


def test_nothing_measured_is_an_alert():
    assert compare(run(), run()).alerts == ["no measurements found"]
    assert compare(run(m(1)), run()).alerts[0] == "no measurements found"
    first = compare(run(), run(m(1)))
    assert not first.regressed
    assert first.reasons == ["there is nothing to compare with: the base has no measurements"]


@pytest.mark.parametrize(
    ("other", "why"),
    [
        ({"unit": "KiB"}, "the unit was none, is KiB"),
        ({"better": "higher"}, "higher is better, lower was"),
    ],
)
def test_what_means_something_else_is_not_compared(other, why):
    found = compare(run(m(1)), run(m(1, **other)))
    assert [row.verdict for row in found.rows] == ["unlike"]
    assert found.alerts == [f"m33 / a / instructions: {why}; they cannot be compared"]


# --- other conditions ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("condition", "reason"),
    [
        ({"toolchain": "gcc 13.2; ld 2.40; mpy-cross 6.3"}, "m33: toolchain was gcc 12.2.1, is gcc 13.2"),
        ({"emulator": "QEMU 10"}, "m33: emulator was QEMU emulator version 7.2, is QEMU 10"),
        ({"micropython": "1.27.0"}, "m33: micropython was 1.26.1, is 1.27.0"),
        ({"firmware": "1" * 64}, "m33: firmware was 000000000000, is 111111111111 (SHA-256)"),
    ],
)
def test_what_was_measured_under_other_conditions_is_told_apart(condition, reason):
    base, head = run(m(1), m(5, "b"), m(7, "c")), run(m(2), m(4, "b"), m(7, "c"), **condition)
    found = compare(base, head)
    assert [row.verdict for row in found.rows] == ["unlike", "unlike", "same"]
    assert found.reasons == [reason]
    assert not found.regressed
    strict = compare(base, head, Rules(strict=True))
    assert [row.verdict for row in strict.rows] == ["worse", "better", "same"]
    assert strict.reasons == [reason]
    assert strict.regressed


def test_sizes_do_not_depend_on_the_emulator_nor_on_the_firmware_they_are_part_of():
    base = run(m(1000, "firmware", "flash"), m(10, "natmods/iir", "text"))
    head = run(m(1100, "firmware", "flash"), m(11, "natmods/iir", "text"), firmware="1" * 64, emulator="QEMU 10")
    assert verdicts(base, head) == ["worse", "worse"]
    head = run(m(1100, "firmware", "flash"), m(11, "natmods/iir", "text"), toolchain="gcc 13.2")
    assert verdicts(base, head) == ["unlike", "unlike"]


def test_other_conditions_on_one_target_do_not_excuse_another():
    base, head = run(m(1), m(1, target="m0")), run(m(2), m(2, target="m0"))
    changed = {"m0": CONDITIONS, "m33": CONDITIONS.model_copy(update={"emulator": "QEMU 10"})}
    head = head.model_copy(update={"provenance": changed})
    assert verdicts(base, head) == ["worse", "unlike"]


def test_conditions_that_one_side_does_not_tell_are_other_ones():
    base, head = run(m(1)), run(m(2))
    silent = base.model_copy(update={"provenance": {}})
    assert verdicts(silent, head) == ["unlike"]
    assert compare(silent, head).reasons == ["m33: with what it was measured is not known of the base"]
    assert compare(head, silent).reasons == ["m33: with what it was measured is not known of the head"]
    assert verdicts(silent, head.model_copy(update={"provenance": {}})) == ["worse"]


def test_another_harness_and_other_native_modules_excuse_nothing():
    base = run(m(1), natmods={"iir/armv7emsp": "a" * 64, "fft/armv7emsp": "c" * 64})
    head = run(m(2), natmods={"iir/armv7emsp": "b" * 64, "fir/armv7emsp": "c" * 64}, harness="0.2.0")
    found = compare(base, head)
    assert [row.verdict for row in found.rows] == ["worse"]
    assert found.reasons == [
        "m33: harness was 0.1.0, is 0.2.0",
        "native modules that are not the same: iir/armv7emsp",
    ]


# --- what grew ----------------------------------------------------------------------------------


def part(module: str, name: str, value: int) -> Part:
    return Part(module=module, name=name, value=value)


def test_what_grew_is_told_the_most_first():
    base = m(100, parts=(part("iir", "run", 50), part("iir", "gone", 20), part("firmware", "same", 30)))
    new = part("iir", "new", 90), part("iir", "new", 5)
    head = m(185, parts=(part("iir", "run", 60), part("firmware", "same", 30), *new))
    (row,) = compare(run(base), run(head)).rows
    assert list(row.parts) == [
        PartChange("iir", "new", 0, 95),
        PartChange("iir", "gone", 20, 0),
        PartChange("iir", "run", 50, 60),
    ]


def test_nothing_is_said_to_have_grown_where_one_side_knows_no_parts():
    (row,) = compare(run(m(100)), run(m(200, parts=(part("iir", "run", 200),)))).rows
    assert list(row.parts) == []


def test_large_runs_are_compared_fast():
    base = run(*(m(n, f"case {n}") for n in range(50_000)))
    head = run(*(m(n + n % 2, f"case {n}") for n in range(50_000)))
    assert len(compare(base, head, Rules.of({"x*": {"*": 1}, "y*": {"*": 1}})).of("worse")) == 25_000


def test_what_reads_the_clock_is_not_judged():
    clock = "the clock (mp_hal_ticks_us 3 times)"
    base, head = run(m(100, reads=clock), m(5, "b")), run(m(900, reads=clock), m(6, "b"))
    assert verdicts(base, head) == ["unsteady", "worse"]
    assert verdicts(base, head, Rules(strict=True)) == ["unsteady", "worse"]
    assert verdicts(base, run(m(900), m(5, "b"))) == ["unsteady", "same"]  # nor what read it before
    assert verdicts(base, base) == ["same", "same"]
    found = compare(run(m(100, reads=clock)), run(m(900, reads=clock)))
    assert not found.regressed
    assert found.reasons == [f"m33 / a / instructions: not judged, because it reads {clock}"]
