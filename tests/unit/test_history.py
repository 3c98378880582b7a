"""The history of runs: kept once, shown as trends, damaged files told as such."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from datetime import datetime, timedelta, timezone

import pytest
from typer.testing import CliRunner

from mpy_harness.cli.app import application
from mpy_harness.errors import MachineryError, MeasurementsInvalid
from mpy_harness.measurements.history import History
from mpy_harness.measurements.run import Conditions, Measurement, Run
from mpy_harness.reports.trend_table import sparkline, trend_lines
from mpy_harness.reports.trends import Point, trends
from tests.bounded import bounded_command

ENDLESS = """
DROP TABLE figure;
CREATE VIEW figure AS WITH RECURSIVE f(run) AS (SELECT 1 UNION ALL SELECT run FROM f)
SELECT run, 'a' AS name, 'b' AS metric, 1 AS value, '' AS unit, 'lower' AS better FROM f
"""
CONDITIONS = Conditions(micropython="1.26.1", firmware="0" * 64, emulator="QEMU 7.2", harness="0.1.0")


def run(day: int, value: float, *targets: str, emulator: str = "QEMU 7.2") -> Run:
    targets = targets or ("m33",)
    facts = CONDITIONS.model_copy(update={"emulator": emulator})
    return Run(
        created=datetime(2026, 11, 1, tzinfo=timezone.utc) + timedelta(days=day),
        revision=f"{day:040x}",
        provenance=dict.fromkeys(targets, facts),
        measurements=tuple(
            Measurement(target=target, case=case, metric=metric, value=each)
            for target in targets
            for case in ("fir/a", "test_it[1]")
            for metric, each in (("instructions", int(value)), ("snr", value + 0.5))
        ),
    )


def test_trends_and_comparisons_as_data(tmp_path):
    database, runs = tmp_path / "history.sqlite", [run(day, 100 + day) for day in (1, 2)]
    for each in runs:
        History(database).add(each)
        each.write(tmp_path / f"{each.revision[-1]}.json")
    shown = CliRunner().invoke(application(), ["history", "show", "fir/*", "--database", str(database), "--json"])
    found = {each["metric"]: each for each in json.loads(shown.stdout)}
    assert [point["value"] for point in found["instructions"]["points"]] == [101, 102]
    assert [point["day"] for point in found["instructions"]["points"]] == ["2026-11-02", "2026-11-03"]
    files = [str(tmp_path / f"{number}.json") for number in (1, 2)]
    compared = CliRunner().invoke(application(), ["compare", *files, "--json"])
    data = json.loads(compared.stdout)
    (row,) = (each for each in data["rows"] if (each["case"], each["metric"]) == ("fir/a", "instructions"))
    assert (row["base"], row["head"], row["change"], row["verdict"]) == (101, 102, 1, "worse")
    assert (data["outcome"], compared.exit_code) == ("regressed", 1)


def test_what_was_added_is_there_in_order_and_once(tmp_path):
    history = History(tmp_path / "deep" / "history.sqlite")
    assert history.add(run(2, 2**62 + 1)) == 1
    assert history.add(run(1, 3, "m33", "m0")) == 2
    again = run(2, 2**62 + 1)
    assert history.add(again.model_copy(update={"created": again.created + timedelta(hours=1)})) == 0
    assert history.add(run(1, 4)) == 1  # the same revision, but not the same measurements
    found = history.runs()
    assert [(each.revision[-1], [*each.provenance]) for each in found] == [
        ("1", ["m0"]), ("1", ["m33"]), ("1", ["m33"]), ("2", ["m33"]),
    ]  # fmt: skip
    assert set(found[-1].measurements) == set(run(2, 2**62 + 1).measurements)
    assert found[-1].provenance == {"m33": CONDITIONS}
    assert type(found[0].measurements[0].value) is int


def test_a_part_of_it(tmp_path):
    history = History(tmp_path / "history.sqlite")
    for day in range(5):
        history.add(run(day, day, "m33", "m0"))
    assert {each.case for one in history.runs("fir/*") for each in one.measurements} == {"fir/a"}
    assert {each.case for one in history.runs("test_it[1]") for each in one.measurements} == {"test_it[1]"}
    assert {each.metric for one in history.runs(metric="s*") for each in one.measurements} == {"snr"}
    assert len(history.runs(target="m0")) == 5
    assert [each.revision[-1] for each in history.runs(target="m33", last=2)] == ["3", "4"]
    assert len(history.runs(last=2)) == 4
    assert history.runs("nothing") == []


def test_what_is_no_history(tmp_path):
    file = tmp_path / "history.sqlite"
    with pytest.raises(MeasurementsInvalid, match="there is no history"):
        History(file).runs()
    file.write_bytes(b"SQLite format 3\0" + bytes(range(256)) * 40)
    for use in (History(file).runs, lambda: History(file).add(run(1, 1))):
        with pytest.raises(MeasurementsInvalid, match="is no history that this version reads"):
            use()
    file.unlink()
    with sqlite3.connect(file) as database:
        database.execute("CREATE TABLE somebody (s INTEGER)")
    database.close()
    with pytest.raises(MeasurementsInvalid, match="its version is 0, not 1"):
        History(file).runs()
    with pytest.raises(MeasurementsInvalid, match="is no history that this version reads"):
        History(tmp_path).add(run(1, 1))


def test_names_are_data(tmp_path):
    history = History(tmp_path / "history.sqlite")
    odd = Measurement(target="m'); DROP TABLE run; --", case="%s ? ' \"", metric="m", value=1)
    history.add(Run(created=datetime(2026, 11, 1, tzinfo=timezone.utc), measurements=(odd,)))
    assert history.runs()[0].measurements == (odd,)


# --- shown --------------------------------------------------------------------------------------


def test_sparklines():
    points = [Point("", "", value) for value in (0, 10, 5, 10)]
    assert sparkline(points) == "▁█▅█"
    assert sparkline([Point("", "", 7.0)] * 3) == "▁▁▁"
    assert sparkline([Point("", "", 1), Point("", "", 2, like=False)]) == "▁¦█"


def test_a_table_of_trends():
    runs = [run(day, value) for day, value in enumerate((100, 100, 110, 105))]
    runs.append(run(9, 200, emulator="QEMU 10"))
    lines = trend_lines(trends(runs))
    assert lines[0].split() == ["case", "target", "metric", "runs", "first", "of", "latest", "of", "change", "trend"]
    first, latest = ["100", "2026-11-01", "0000000"], ["200", "2026-11-10", "0000000"]
    assert lines[1].split() == [
        "fir/a", "m33", "instructions", "5", *first, *latest, "+100", "+100.0%", "▁▁▂▁¦█",
    ]  # fmt: skip
    assert trend_lines(trends(runs), rows=1)[-1] == "(3 more)"


def command(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(application(), ["history", *arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


def test_the_commands(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text("")
    for day, value in enumerate((100, 120)):
        run(day, value).write(tmp_path / f"{day}.json")
    assert command("add", "0.json", "1.json") == (0, f"2 runs added to {tmp_path}/.mpy-harness/history.sqlite\n")
    assert command("add", "0.json")[1].startswith("0 runs added")
    status, output = command("show", "fir/*", "--metric", "instr*")
    assert status == 0
    assert output.splitlines()[1].split()[-6:] == ["120", "2026-11-02", "0000000", "+20", "+20.0%", "▁█"]
    with pytest.raises(MeasurementsInvalid, match="has no measurement of that name in two runs or more"):
        command("show", "nothing")


@pytest.mark.parametrize("suffix", ["svg", "png"])
def test_plots(tmp_path, monkeypatch, suffix):
    pytest.importorskip("matplotlib", reason="plots need matplotlib: pip install 'mpy-harness[plots]'")
    from mpy_harness.reports.trend_table import plot

    runs = [run(0, 1), run(1, 3, emulator="QEMU $10^x$ <b>")]
    one, two = tmp_path / f"1.{suffix}", tmp_path / f"2.{suffix}"
    plot(trends(runs), one)
    plot(trends(runs), two)
    assert one.read_bytes() == two.read_bytes()
    assert len(one.read_bytes()) > 5000
    with pytest.raises(MachineryError, match=r"x\.nothing cannot be drawn: .*nothing"):
        plot(trends(runs), tmp_path / "x.nothing")


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE run SET facts = '[]'",
        "UPDATE run SET facts = '{}'",
        'UPDATE run SET facts = \'{"changed": false, "provenance": 5}\'',
        'UPDATE run SET facts = \'{"changed": false, "provenance": {"x": 1}}\'',
        "UPDATE run SET facts = printf('%.*c', 100000, '[')",
        "UPDATE run SET facts = x'00ff'",
        "UPDATE run SET facts = 7",
        "UPDATE run SET created = 'yesterday'",
        "UPDATE run SET created = 12",
        "UPDATE run SET created = x'ff' WHERE id = 1",
        "UPDATE run SET target = x'ff'",
        "UPDATE run SET revision = x'05'",
        "UPDATE figure SET value = 'much'",
        "UPDATE figure SET value = x'00'",
        "UPDATE figure SET name = x'00' WHERE name = 'fir/a' AND metric = 'snr'",
        "UPDATE figure SET better = 'both'",
        ENDLESS,
        "ALTER TABLE run ADD COLUMN more TEXT GENERATED ALWAYS AS (hex(zeroblob(1000000000)))",
    ],
)
def test_odd_contents_are_told_as_such(change, tmp_path):
    file = tmp_path / "history.sqlite"
    for day in (1, 2):
        History(file).add(run(day, day))
    with contextlib.closing(sqlite3.connect(file)) as database:
        database.executescript(change)
        database.commit()
    done = bounded_command("history", "show", "--database", file, mebibytes=400)
    assert (done.returncode, "Traceback" in done.stderr) == (2, False), done.stderr
    assert "is no history that this version reads" in done.stderr


def test_a_history_larger_than_any_is_not_read(tmp_path):
    file = tmp_path / "history.sqlite"
    History(file).add(run(1, 1))
    os.truncate(file, 5 << 30)
    with pytest.raises(MeasurementsInvalid, match="larger than 256 MiB"):
        History(file).runs()
