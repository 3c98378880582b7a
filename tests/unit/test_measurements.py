"""Files of measurements: what was written is what is read, and what does not fit is refused, clearly and fast."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from mpy_harness.errors import MeasurementsInvalid
from mpy_harness.limits import RUN_BYTES
from mpy_harness.measurements.run import Conditions, Measurement, Part, Run, parse_run, plain, read_run

CREATED = datetime(2026, 11, 21, tzinfo=timezone.utc)
HEAD = '{"format": "mpy-harness measurements 1", "created": "2026-11-21T00:00:00Z"'


def with_value(value: str, **more: str) -> bytes:
    """Return a file with one measurement, of that value as JSON."""
    members = {"target": '"m33"', "case": '"a"', "metric": '"instructions"', "value": value} | more
    inside = ", ".join(f'"{name}": {text}' for name, text in members.items())
    return f'{HEAD}, "measurements": [{{{inside}}}]}}'.encode()


@pytest.fixture
def fast() -> Iterator[None]:
    """Limit a test's own time: refusing is no work (the machine may be busy, so processor time counts)."""
    start = time.process_time()
    yield
    assert time.process_time() - start < 10


def test_what_was_written_is_read(tmp_path):
    run = Run(
        created=CREATED,
        revision="ab" * 20,
        changed=True,
        provenance={
            "m33": Conditions(micropython="1.26.1", firmware="0" * 64, emulator="QEMU emulator 7.2", harness="0.1.0")
        },
        natmods={"iir/armv7emsp": "f" * 64},
        measurements=(
            Measurement(target="m33", case="größer → „ä“", metric="instructions", value=2**63 - 1, line=3),
            Measurement(target="m33", case="a", metric="snr", value=90.0, unit="dB", better="higher", limit=60.0),
            Measurement(target="m33", case="a", metric="text", value=-1, parts=(Part(name="f", value=7),)),
        ),
    )
    file = tmp_path / "deep" / "run.json"
    run.write(file)
    run.write(file)
    assert read_run(file) == run
    assert [each.name for each in file.parent.iterdir()] == ["run.json"]
    assert type(read_run(file).measurements[1].value) is float


def test_a_file_that_cannot_be_written_leaves_nothing(tmp_path):
    (tmp_path / "run.json").mkdir()
    with pytest.raises(IsADirectoryError):
        Run(created=CREATED).write(tmp_path / "run.json")
    assert [each.name for each in tmp_path.iterdir()] == ["run.json"]


def test_whole_numbers_stay_whole():
    (measurement,) = parse_run(with_value(str(2**53 + 1)), "x").measurements
    assert measurement.value == 2**53 + 1


@pytest.mark.usefixtures("fast")
@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "Invalid JSON"),
        (b"\x00\xff\xfe", "Invalid JSON"),
        (b"[]", "Input should be an object"),
        (b'{"created": "2026-11-21T00:00:00Z"}', "format: it is missing"),
        (HEAD.replace("measurements 1", "measurements 2").encode() + b"}", "should be 'mpy-harness measurements 1'"),
        (HEAD.encode() + b', "more": 1}', "more: Extra inputs are not permitted"),
        (HEAD.encode() + b', "changed": false, "changed": true}', "changed is there twice in one object"),
        (HEAD.encode() + b', "revision": "--help"}', "revision: String should match pattern"),
        (HEAD.replace("00Z", "00").encode() + b"}", "created: Input should have timezone info"),
        (with_value("NaN"), "value"),
        (with_value("Infinity"), "value"),
        (with_value("-1e999"), "value"),
        (with_value(str(2**63)), "is no whole number of 64 bits"),
        (with_value("1" + "0" * 300), "is no whole number of 64 bits"),
        (with_value("9" * 4000), "is no whole number of 64 bits"),
        (with_value("9" * 10_000_000), "is no whole number of 64 bits"),
        (with_value("true"), "value"),
        (with_value('"1"'), "value"),
        (with_value("1", case='""'), "case: String should have at least 1 character"),
        (with_value("1", case=json.dumps("x" * 301)), "case: String should have at most 300 characters"),
        (with_value("1", case=r'"a\nb"'), "case: Value error, holds control or format characters"),
        (with_value("1", case='"\\u202e"'), "case: Value error, holds control or format characters"),
        (with_value("1", target='"\\u001b[31m"'), "target: Value error, holds control or format characters"),
        (with_value("1", case='"\\ud800"'), "Invalid JSON"),
        (with_value("1", **{"x" * 1000: "1"}), "x" * 60 + ": Extra"),
        (with_value("1", parts="[" + '{"name": "f", "value": 1},' * 2001 + "{}]"), "at most 2000"),
        (with_value("1").replace(b"]}", b", ") + with_value("2").partition(b"[")[2], "m33 / a / instructions is there"),
        (b"[" * 10_000_000, "Invalid JSON: it is nested too deep"),
        (b'{"measurements":' * 1_000_000, "Invalid JSON: it is nested too deep"),
        (HEAD.encode() + b', "x": ' + b'{"y":0},' * 2_000_000, "holds more than 1,500,000 values"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(data, why):
    with pytest.raises(MeasurementsInvalid, match=r"(?s)^artifact x .*") as raised:
        parse_run(data, "artifact x")
    assert why in str(raised.value)
    assert len(str(raised.value)) < 600
    assert plain(str(raised.value)) == str(raised.value)


@pytest.mark.usefixtures("fast")
def test_a_file_of_100_mb_is_not_even_read(tmp_path):
    file = tmp_path / "run.json"
    with file.open("wb") as opened:
        opened.truncate(100_000_000)
    with pytest.raises(MeasurementsInvalid, match=f"it is larger than {RUN_BYTES >> 20} MiB"):
        read_run(file)


@pytest.mark.parametrize("name", [".", "fifo", "nothing"])
def test_what_is_no_file_is_refused(tmp_path, name):
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(MeasurementsInvalid, match=r"cannot be read: (it is a folder|it is a pipe|No such file)"):
        read_run(tmp_path / name)
    with pytest.raises(MeasurementsInvalid, match="cannot be read: it is a pipe, a socket or a device"):
        read_run(Path("/dev/zero"))


@pytest.mark.parametrize("field", [{"value": float("nan")}, {"value": float("inf")}, {"case": "a\nb"}, {"line": -1}])
def test_nothing_of_the_kind_is_recorded_either(field):
    facts: dict[str, Any] = {"target": "m33", "case": "a", "metric": "m", "value": 1}
    with pytest.raises(ValidationError):
        Measurement(**facts | field)


def test_plain_text_shows_what_it_replaced():
    assert plain("a\nb\x1b[31m\u202e\u2028 ä\u00a0€") == "a\\u000ab\\u001b[31m\\u202e\\u2028 ä\u00a0€"
