from __future__ import annotations

import numpy as np
import pytest

from mpy_harness.errors import VectorsInvalid
from mpy_harness.golden.pins import TOLERANCE, Pin, Pins

X = np.random.default_rng(1).standard_normal(500)


def arrays(**changed):
    return {"x_in": X.astype(np.float32), "x_ref": X, "n": np.arange(5, dtype=np.int16)} | changed


PIN = Pin.of(arrays())


def test_the_same_arrays_are_as_pinned():
    assert PIN.differences(arrays()) == []
    assert [name for name, _, _ in PIN.sums] == ["x_ref"]


@pytest.mark.parametrize(
    "changed",
    [
        {"x_in": np.nextafter(X.astype(np.float32), np.float32(9))},
        {"n": np.arange(5, dtype=np.int32)},
        {"n": np.arange(5, dtype=np.int16).reshape(1, 5)},
        {"more": np.zeros(1, np.int16)},
        {"x_ref": X[:-1]},
        {"x_ref": X.astype(np.float32)},
        {"x_ref": np.where(np.arange(500) == 7, np.nan, X)},
        {"x_ref": np.where(np.arange(500) == 7, np.inf, X)},
    ],
)
def test_what_is_exact_has_to_be_the_same_to_the_bit(changed):
    (difference,) = PIN.differences(arrays(**changed))
    assert difference.startswith(f"SHA-256 of what is exact: pinned {PIN.sha256}, is ")


def test_other_last_bits_of_float64_are_none_of_our_business():
    assert PIN.differences(arrays(x_ref=np.nextafter(X, 9))) == []
    assert PIN.differences(arrays(x_ref=X * (1 + 1e-14))) == []


@pytest.mark.parametrize("at", [0, 250, 499])
def test_an_error_in_one_float64_is_found(at):
    wrong = X.copy()
    wrong[at] += 2 * TOLERANCE * np.abs(X).sum()
    assert PIN.differences(arrays(x_ref=wrong))[0].startswith("x_ref: sums pinned ")


def test_errors_that_cancel_in_the_sums_of_magnitudes_are_found():
    assert PIN.differences(arrays(x_ref=X[::-1]))
    assert PIN.differences(arrays(x_ref=-X))


def test_nan_and_infinity_have_their_places():
    special = np.r_[np.nan, np.inf, -np.inf, 1.0]
    pin = Pin.of({"x": special})
    assert pin.differences({"x": special}) == []
    assert pin.differences({"x": special[[1, 0, 2, 3]]})
    assert pin.differences({"x": special[[0, 2, 1, 3]]})


def test_written_pins_come_back(tmp_path):
    odd = Pin.of({'a "quoted" name': X, "b/c": X * 1e300, "größe": X * 0})
    pins = Pins({"x/y": PIN, "odd": odd}, {"numpy": "2.0"})
    file = tmp_path / "vectors.toml"
    pins.write(file)
    first = file.read_bytes()
    back = Pins.read(file)
    assert back == pins
    back.write(file)
    assert file.read_bytes() == first


def test_missing_pins_say_how_to_write_them(tmp_path):
    with pytest.raises(VectorsInvalid, match=r"There is no .*vectors\.toml.*\n?.*mpy-harness vectors --pin"):
        Pins.read(tmp_path / "vectors.toml")


@pytest.mark.parametrize(
    "text",
    ["", "versions = 3", "[versions]\n[a]\n", "[versions]\n[a]\nsha256 = ''\nsums = {x = [1]}", "[versions", "\udcff"],
)
def test_damaged_pins_are_refused(text, tmp_path):
    file = tmp_path / "vectors.toml"
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(VectorsInvalid, match="is no file of pinned vectors"):
        Pins.read(file)
