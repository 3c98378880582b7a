"""Thresholds: their notation, which one is for what, and that they are exact."""

from __future__ import annotations

import pytest

from mpy_harness.errors import ConfigurationInvalid
from mpy_harness.measurements.configuration import read_configuration
from mpy_harness.measurements.run import Measurement
from mpy_harness.measurements.thresholds import NONE, ROUNDING, Rules, Threshold


def measurement(case: str = "filters/iir", metric: str = "instructions", value: float = 1) -> Measurement:
    return Measurement(target="m33", case=case, metric=metric, value=value)


@pytest.mark.parametrize(
    ("text", "base", "let_pass", "counts"),
    [
        (0, 100, 100, 101),
        (200, 1000, 1200, 1201),
        ("200", 1000, 800, 799),
        ("0.5%", 1000, 1005, 1006),
        ("0.5%", -1000, -995, -994),
        ("0.5%|200", 10_000, 10_050, 10_051),
        ("0.5% | 200", 100_000, 100_200, 100_201),
        ("0.5% & 200", 10_000, 10_200, 10_201),
        ("200 & 0.5%", 100_000, 100_500, 100_501),
        ("10%", 0, 0, 1),
        ("10% & 5", 0, 5, 6),
        ("1e-3 & 1%", 0.0, 0.0009, 0.002),
        ("0.0000000000001%", 2**62, 2**62 + 4611, 2**62 + 4612),
        ("0.1%", 1e300, 1.0009e300, 1.01e300),
    ],
)
def test_what_counts(text, base, let_pass, counts):
    threshold = Threshold.parse(text)
    assert not threshold.exceeded(base, let_pass)
    assert threshold.exceeded(base, counts)


@pytest.mark.parametrize(
    "text",
    ["", "much", "-1", "5%%", "1%|2%", "1 & 2", "1%|2|3", "1% or 2", "nan", "inf", "1e999999999", "9" * 30, True, "٣"],
)
def test_what_is_no_threshold(text):
    with pytest.raises(ValueError, match="is no threshold"):
        Threshold.parse(text)


def test_the_last_that_matches_counts_and_those_of_cases_before_those_for_all():
    rules = Rules.of(
        {
            "filters/*": {"*": 1, "instructions": 2, "s?r": 3},
            "m33/filters/fir*": {"instructions": "4"},
            "*": 5,
            "text": "6%",
        }
    )

    def found(case: str, metric: str) -> str:
        return rules.threshold(measurement(case, metric), measurement(case, metric)).text

    assert found("filters/iir", "instructions") == "2"
    assert found("filters/iir", "text") == "1"
    assert found("filters/iir", "snr") == "3"
    assert found("filters/fir/lowpass (native)", "instructions") == "4"
    assert found("natmods/iir", "text") == "6%"
    assert found("natmods/iir", "bss") == "5"


def test_brackets_are_no_special_characters():
    rules = Rules.of({"test_it.py::test_[a*": {"instructions": 7}})
    case = "test_it.py::test_[a-b]"
    assert rules.threshold(measurement(case), measurement(case)).text == "7"
    assert rules.threshold(measurement("test_it.py::test_a"), measurement("test_it.py::test_a")) is NONE


def test_without_rules_counts_are_exact_and_what_the_host_computes_is_rounded():
    assert Rules().threshold(measurement(), measurement(value=2)) is NONE
    assert Rules().threshold(measurement(value=1.0), measurement()) is ROUNDING
    assert not ROUNDING.exceeded(94.123456, 94.123457)
    assert not ROUNDING.exceeded(0.0, 1e-13)
    assert ROUNDING.exceeded(94.12, 94.13)


# --- pyproject.toml -----------------------------------------------------------------------------


def test_rules_come_from_the_nearest_pyproject(tmp_path):
    (tmp_path / "pyproject.toml").write_text(
        """
        [tool.mpy-harness]
        baselines = "kept"
        may-go = ["old/*"]
        [tool.mpy-harness.thresholds]
        instructions = "0.5% & 200"
        text = 16
        [tool.mpy-harness.thresholds."fft/*"]
        instructions = "1%"
        """
    )
    (tmp_path / "deep" / "er").mkdir(parents=True)
    found = read_configuration(tmp_path / "deep" / "er")
    assert (found.folder, found.baselines, found.strict) == (tmp_path, "kept", False)
    rules = found.rules(strict=True)
    assert rules.threshold(measurement("fft/n8"), measurement("fft/n8")).text == "1%"
    assert rules.threshold(measurement("fir/x"), measurement("fir/x")).text == "0.5% & 200"
    assert (rules.may_disappear, rules.strict) == (("old/*",), True)
    assert found.rules(may_disappear=True).may_disappear == ("*",)


@pytest.mark.parametrize("text", ["", "[tool.other]\nx = 1\n"])
def test_nothing_has_to_be_configured(tmp_path, text):
    (tmp_path / "pyproject.toml").write_text(text)
    assert read_configuration(tmp_path).rules() == Rules()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[tool.mpy-harness", "Expected ']'"),
        ("tool = 1", "'int' object has no attribute"),
        ("[tool]\nmpy-harness = 1", "not a mapping"),
        ("[tool.mpy-harness]\nthreshold = 1", "threshold: Extra inputs are not permitted"),
        ("[tool.mpy-harness.thresholds]\ntext = '1 percent'", "'1 percent' is no threshold: write"),
        ("[tool.mpy-harness.thresholds]\ntext = true", "thresholds.text"),
        ("[tool.mpy-harness.thresholds.'a'.b]\ntext = 1", "thresholds.a"),
        ("[tool.mpy-harness]\nmay-go = 'x'", "may-go: Input should be a valid list"),
    ],
)
def test_a_mistake_is_told_with_its_place(tmp_path, text, why):
    (tmp_path / "pyproject.toml").write_text(text)
    with pytest.raises(ConfigurationInvalid) as raised:
        read_configuration(tmp_path)
    assert str(raised.value).startswith(f"{tmp_path / 'pyproject.toml'}, table tool.mpy-harness: ")
    assert why in str(raised.value)
