"""Measurements of several jobs in one table."""

from __future__ import annotations

from mpy_harness.github.artifacts import JobResult
from mpy_harness.github.merge import merge_results
from tests.ci.archives import PROVENANCE, run

M33 = JobResult("m33", run(("iir", "flash", 2)), run(("iir", "flash", 1)))
M4 = JobResult("m4", run(("iir", "flash", 4), target="m4"), run(("iir", "flash", 3), target="m4"))


def test_targets_are_joined():
    (all_of_them,) = merge_results([M33, M4])
    assert all_of_them.label == "m33, m4"
    assert [each.target for each in all_of_them.head.measurements] == ["m33", "m4"]
    assert set(all_of_them.head.provenance) == {"m33", "m4"}
    assert all_of_them.base is not None
    assert [each.value for each in all_of_them.base.measurements] == [1, 3]


def test_the_same_measured_twice_is_kept_apart():
    older = PROVENANCE.model_copy(update={"micropython": "1.25.0"})
    of_older = M33.head.model_copy(update={"provenance": {"m33": older}})
    first, second = merge_results([M33, JobResult("m33-v1.25.0", of_older, None), M4])
    assert (first.label, second.label) == ("m33, m4", "m33-v1.25.0")


def test_what_has_no_base_is_kept_apart():
    first, second = merge_results([M33, JobResult("new", M4.head, None)])
    assert (first.base, second.base) == (M33.base, None)


def test_runs_of_other_commits_are_kept_apart():
    assert len(merge_results([M33, JobResult("m4", M4.head.model_copy(update={"revision": "c" * 40}), M4.base)])) == 2


def test_more_than_a_run_holds_is_kept_apart():
    many = run(*((f"case {number}", "flash", 1) for number in range(60_000)))
    more = run(*((f"case {number}", "flash", 1) for number in range(60_000)), target="m4")
    assert len(merge_results([JobResult("m33", many, None), JobResult("m4", more, None)])) == 2
