"""The callgrind file, read by callgrind_annotate and by a reader of our own."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from mpy_harness.counting.profile import Profile
from mpy_harness.reports.callgrind import callgrind
from tests.unit.profile_trees import HOSTILE, chain, hostile, node, random_profile, region

ANNOTATE = shutil.which("callgrind_annotate")
annotated = pytest.mark.skipif(ANNOTATE is None, reason="no callgrind_annotate (apt-get install valgrind)")


def read(text: str) -> tuple[dict[str, str], Counter, dict[tuple[str, str], tuple[int, int]]]:
    """Return the header, functions' own costs and (calls, inclusive) by caller and callee, names as MODULE:NAME."""
    header: dict[str, str] = {}
    names: dict[tuple[str, str], str] = {}
    own: Counter = Counter()
    arcs: dict[tuple[str, str], tuple[int, int]] = {}
    at: dict[str, str] = {}
    calls = None
    for line in text.splitlines():
        if found := re.fullmatch(r"(c?)(ob|fl|fn)=\((\d+)\)(?: (.+))?", line):
            called, table, number, name = found.groups()
            if name is not None:
                assert (table, number) not in names
                names[table, number] = name
            at[called + table] = names[table, number]
        elif found := re.fullmatch(r"calls=(\d+) 0", line):
            calls = int(found[1])
        elif found := re.fullmatch(r"0 (\d+)", line):
            here = f"{at['fl']}:{at['fn']}"
            assert at["fl"] == at["ob"]
            if calls is None:
                own[here] += int(found[1])
            else:
                arcs[here, f"{at['cfl']}:{at['cfn']}"] = (calls, int(found[1]))
                calls = None
        elif line and not line.startswith("#"):
            key, _, value = line.partition(": ")
            assert key in {"version", "creator", "cmd", "desc", "positions", "event", "events", "summary", "totals"}
            header[key] = value
    return header, own, arcs


def annotate(profile: Profile, folder: Path, *options: str) -> tuple[dict[str, int], str]:
    """Return what callgrind_annotate says of each function, as MODULE:NAME, and all it said."""
    file = folder / "callgrind.out.1"
    file.write_text(callgrind(profile), encoding="utf-8")
    assert ANNOTATE is not None
    ran = subprocess.run(
        [ANNOTATE, "--auto=no", "--threshold=100", *options, file], capture_output=True, timeout=120, check=True
    )
    assert ran.stderr == b""
    said = ran.stdout.decode()
    rows = re.findall(r"^ *([\d,]+) \([ \d.]+%\)  (.+) \[.*\]$", said, re.MULTILINE)
    return {name: int(figure.replace(",", "")) for figure, name in rows}, said


def expected(profile: Profile, which: str) -> dict[str, int]:
    region = profile.root.function
    figures = {}
    for cost in profile.functions():
        name = f"(region) {region.name}" if cost.function == region else cost.function.name
        figures[f"{cost.function.module or '(no module)'}:{name}"] = getattr(cost, which)
    return figures


@pytest.mark.parametrize("seed", range(6))
def test_all_is_written(seed):
    profile = random_profile(seed)
    header, own, arcs = read(callgrind(profile))
    assert header["events"] == "Instructions"
    assert int(header["summary"]) == int(header["totals"]) == profile.total == sum(own.values())
    assert dict(own) == expected(profile, "exclusive")
    assert len(arcs) == len(profile.arcs())
    leading = Counter({f"(no module):(region) {profile.name}": profile.total})
    for (_, callee), (_, inclusive) in arcs.items():
        leading[callee] += inclusive
    assert dict(leading) == expected(profile, "inclusive")


@annotated
@pytest.mark.parametrize("profile", [random_profile(1), random_profile(2, deep=0.9), chain(200)])
def test_callgrind_annotate_finds_the_same_costs(profile, tmp_path):
    for which, options in (("exclusive", []), ("inclusive", ["--inclusive=yes"])):
        found, said = annotate(profile, tmp_path, *options)
        assert found == {name: figure for name, figure in expected(profile, which).items() if figure}
        assert f"{profile.total:,} (100.0%)  PROGRAM TOTALS" in said


@annotated
def test_callgrind_annotate_shows_who_calls(tmp_path):
    profile = region(node("f", 10, node("f", 5, node("g", 3)), calls=2), exclusive=1)
    _, said = annotate(profile, tmp_path, "--inclusive=yes", "--tree=both")
    assert re.search(r"^ *18 \(94.74%\)  < \(no module\):\(region\) case/region \(2x\)", said, re.MULTILINE)
    assert re.search(r"^ *3 \(15.79%\)  >   firmware:g \(1x\)", said, re.MULTILINE)


@annotated
def test_hostile_names(tmp_path):
    found, _ = annotate(hostile(), tmp_path)
    assert len(found) == len(HOSTILE)
    assert found["\\u202egnp.exe:\\u202egnp.exe"] == 1000
    assert found["calls=1 0:calls=1 0"] == 1000
    assert found["(12):(12)"] == 1000


def test_a_region_that_is_called_again_keeps_its_cost():
    profile = random_profile(3)
    profile.root.children.append(type(profile.root)(profile.root.function, 1, 100))
    _, own, arcs = read(callgrind(profile))
    assert own["(no module):case/region"] == 100
    assert sum(inclusive for (caller, _), (_, inclusive) in arcs.items() if "(region)" in caller) == (
        profile.total - profile.root.exclusive
    )
