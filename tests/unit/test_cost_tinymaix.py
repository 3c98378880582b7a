"""Models of TinyMaix: what their files say, what a run does how often, and files that mean no good."""

from __future__ import annotations

import random
import struct
from collections import Counter
from itertools import product

import pytest

from docs import count_tinymaix
from docs.tinymaix_models import MODELS, made
from mpy_harness.costs import estimate
from mpy_harness.costs.constants import constants
from mpy_harness.costs.fitting import error
from mpy_harness.costs.tinymaix import DTYPES, Layer
from mpy_harness.costs.tinymaix_file import read_tinymaix
from mpy_harness.errors import ModelInvalid

CONV = "8x8x3 | c4x3/2p d3! c7x1 m 5 s"
FIRST = 64  # where the first layer begins


@pytest.fixture
def read(tmp_path):
    def stage_of(data: bytes):
        file = tmp_path / "model.tmdl"
        file.write_bytes(data)
        return read_tinymaix(file)

    return stage_of


def changed(data: bytes, at: int, fmt: str, *values: int) -> bytes:
    new = struct.pack(fmt, *values)
    return data[:at] + new + data[at + len(new) :]


# --- what is read --------------------------------------------------------------------------------


def test_a_run_does_what_the_sizes_of_layers_say(read):
    stage = read(made("4x4x2 | c3x3 r 5 s"))
    assert {term: often for term, often in stage.terms.items() if often} == {
        "run": 1, "layer": 4, "scale": 3, "place": 4, "channel": 4 * 2, "copied": 4 * 18, "sum": 4 * 3,
        "eight": 4 * 3 * 2 + 5, "single": 4 * 3 * 2 + 5 * 4, "dense": 5, "exponential": 5, "dequantised": 5,
    }  # fmt: skip
    assert stage.sizes == {"layers": 4, "products": 4 * 3 * 18 + 12 * 5, "inputs": 32}
    stage = read(made("2x3x9 | c5x1! d2*2 m", "float32"))
    assert {term: often for term, often in stage.terms.items() if often} == {
        "run": 1, "layer": 3, "scale": 5 + 10, "point": 6, "pair": 6 * 2, "pair_eight": 12, "pair_single": 12,
        "sum": 6 + 2 * 10, "eight": 6, "single": 6 + 20 * 4, "clipped": 30, "place": 2, "channel": 20, "copied": 80,
        "mean": 10, "averaged": 20,
    }  # fmt: skip


@pytest.mark.parametrize("kind", ["conv2d", "depthwise"])
def test_windows_at_borders_are_counted_one_by_one(kind):
    numbers = random.Random(1)
    for _ in range(300):
        window, step = (numbers.randint(2, 5), numbers.randint(1, 5)), (numbers.randint(1, 3), numbers.randint(1, 4))
        before, behind = ([numbers.randint(0, 4), numbers.randint(0, 4)] for _ in range(2))
        size = [max(1, window[axis] - before[axis] - behind[axis]) + numbers.randint(0, 9) for axis in (0, 1)]
        places = [(size[i] + before[i] + behind[i] - window[i]) // step[i] + 1 for i in (0, 1)]
        layer = Layer(kind, (size[0], size[1], 3), (places[0], places[1], 3), window, step, (before[0], before[1]))
        found = Counter[str]()
        for y, x in product(range(places[0]), range(places[1])):
            top, left = y * step[0] - before[0], x * step[1] - before[1]
            lines = len(set(range(top, top + window[0])) & set(range(size[0])))
            columns = len(set(range(left, left + window[1])) & set(range(size[1])))
            is_border = top < 0 or left < 0 or top + window[0] > size[0] or left + window[1] > size[1]
            found += Counter(place=1, channel=3, copied=3 * lines * columns, border=is_border)
            if is_border:
                found += Counter(filled=3 * window[0] * window[1], line=3 * lines)
        terms = layer.terms
        assert {term: terms[term] for term in found} == dict(found), layer


def test_both_forms_of_a_file_are_the_same_model(tmp_path):
    data = made(CONV)
    (tmp_path / "model.tmdl").write_bytes(data)
    for number in ("0x{:02x}, ", "{},", "0X{:02X} ,\\\r\n\t"):
        text = "".join(number.format(each) for each in data)
        file = tmp_path / "model.h"
        file.write_text(
            f"#include <stdint.h>\n#define MDL_BUF_LEN (9)\nconst uint8_t mdl_data[{len(data)}]={{\\\n\t{text}}};"
        )
        stages = [estimate(str(each), target="m0").stages[0].stage for each in (file, tmp_path / "model.tmdl")]
        assert stages[0].terms == stages[1].terms
        assert stages[0].data == stages[1].data == len(data)


def test_what_was_counted_are_these_models(read):
    described = {each["model"]: each for each in count_tinymaix.read()["models"]}
    for dtype in DTYPES:
        for text in MODELS:
            stage, known = read(made(text, dtype)), described[f"{text}, {dtype}"]
            assert {term: often for term, often in stage.terms.items() if often} == known["terms"], text
            assert (stage.kind, stage.sizes) == (known["kind"], known["sizes"])
    own = [name for name in described if " | " not in name]
    assert len(own) == 8
    assert all(described[name]["held_out"] for name in own)


def test_plain_c_takes_on_a_c3_what_it_takes_on_rv32():
    c3, rv32 = (constants().targets[name] for name in ("esp32c3", "rv32"))
    for kind in ("tinymaix_int8", "tinymaix_float32"):
        assert (c3.stages[kind], c3.modules[kind]) == (rv32.stages[kind], rv32.modules[kind])


def test_an_estimate_has_the_greatest_error_of_held_out_models(tmp_path):
    for target in count_tinymaix.TARGETS:
        for kind, points in count_tinymaix.points(target).items():
            known = constants().targets[target].stages[kind]
            held_out = [each for each in points if each.held_out]
            assert len(points) > 100
            assert 0.45 < len(held_out) / len(points) < 0.55
            assert max(abs(error(each, known.terms)) for each in held_out) <= known.errors.known
    (tmp_path / "model.tmdl").write_bytes(made(CONV))
    cost = estimate(str(tmp_path / "model.tmdl"), target="m33", rate=20)
    assert cost.error == constants().targets["m33"].stages["tinymaix_int8"].errors.known
    assert cost.flash > len(made(CONV)) + 4000
    assert cost.share is not None
    on_part = estimate(str(tmp_path / "model.tmdl"), part="rp2040")
    assert on_part.seconds is not None


# --- files that mean no good ---------------------------------------------------------------------


def test_each_begin_of_a_file_is_an_error(read):
    data = made(CONV)
    for length in range(len(data)):
        with pytest.raises(ModelInvalid, match=r"is no model of TinyMaix that can be estimated: "):
            read(data[:length])


def test_bytes_of_chance_are_read_or_refused(read):
    numbers, refused = random.Random(2), 0
    data = made(CONV)
    for _ in range(3000):
        spoiled = bytearray(data)
        for _ in range(numbers.randint(1, 3)):
            spoiled[numbers.randrange(len(data))] = numbers.choice((0, 1, 255, numbers.randrange(256)))
        try:
            stage = read(bytes(spoiled))
        except ModelInvalid:
            refused += 1
        else:
            assert min(stage.terms.values()) >= 0
    assert 300 < refused < 2700


@pytest.mark.parametrize(
    ("at", "fmt", "values", "why"),
    [
        (0, "<4s", (b"XIAM",), "does not begin with MAIX"),
        (4, "<B", (1,), "its numbers are int16; what was counted are int8 and float32"),
        (4, "<B", (4,), "its numbers are fp8_143"),
        (4, "<B", (9,), "numbers of type 9"),
        (10, "<H", (0,), "it has 0 layers"),
        (10, "<H", (65535,), "it has 65535 layers"),
        (10, "<H", (1000,), "it ends before its layer 7 of 1000"),
        (12, "<I", (10,), "layer 1: 192 numbers at 0 are beyond the buffer of 10 B"),
        (FIRST, "<H", (7,), "layer 1: its kind is 7; there are 0 to 6"),
        (FIRST + 4, "<I", (0,), "layer 1 has 0 bytes"),
        (FIRST + 4, "<I", (0xFFFFFFFF,), "layer 1 has 4294967295 bytes"),
        (FIRST + 18, "<H", (0,), "layer 1: a shape of 0 × 8 × 3"),
        (FIRST + 18, "<3H", (65535, 65535, 65535), "beyond the buffer"),
        (FIRST + 26, "<H", (5,), "does not give 5 places of 8"),
        (FIRST + 48, "<2B", (0, 3), "no window of 3 × 0"),
        (FIRST + 50, "<2B", (0, 0), "steps 0, 0"),
        (FIRST + 52, "<2B", (2, 2), r"dilation \[2, 2\]"),
        (FIRST + 60, "<I", (2,), "a conv2d layer with the depth multiplier 2"),
        (FIRST + 72, "<I", (0xFFFFFFFF,), "weights at 4,294,967,295 are beyond"),
        (FIRST + 76, "<I", (9999,), "biases at 9,999 are beyond"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(read, at, fmt, values, why):
    with pytest.raises(ModelInvalid, match=why):
        read(changed(made(CONV), at, fmt, *values))


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("", "it has 0 bytes"),
        ("0x4d, 300", "has '300' where"),
        ("77, x", "has 'x' where"),
        ("77 65", "where a byte"),
    ],
)
def test_an_array_of_something_else_is_an_error(tmp_path, body, why):
    file = tmp_path / "model.h"
    file.write_text(f"const uint8_t mdl_data[2]={{{body}}};")
    with pytest.raises(ModelInvalid, match=why):
        estimate(str(file))


def test_an_array_that_was_cut_is_an_error_of_tinymaix(tmp_path):
    file = tmp_path / "cut.h"
    file.write_text("const uint8_t mdl_data[91008]={\\\n\t0x4d, 0x41, 0x49, 0x58, 0x0")
    with pytest.raises(ModelInvalid, match=r"cut\.h is no model of TinyMaix .*: its array mdl_data has no end"):
        estimate(str(file))


def test_a_header_without_such_an_array_is_emlearns(tmp_path):
    file = tmp_path / "model.h"
    file.write_text("const uint8_t other[2]={1, 2};")
    with pytest.raises(ModelInvalid, match="emlearn"):
        estimate(str(file))
    with pytest.raises(ModelInvalid, match="cannot be read"):
        estimate(str(tmp_path / "none.tmdl"))
