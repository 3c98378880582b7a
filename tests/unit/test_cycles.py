"""Cycle models: how they are read, what is computed from them, and how far that is from published cycle counts."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import mpy_harness
from mpy_harness.costs.cycles import Estimate, estimate
from mpy_harness.errors import TargetInvalid
from mpy_harness.resources import targets_dir
from mpy_harness.targets import Cycles, available, load_target

M33 = (targets_dir() / "m33" / "target.toml").read_text()
CORES = sorted((targets_dir() / "cores").glob("*.toml"))
INLINE = '[cycles]\nclock = 8\nsource = "here"\nerror = 30\n[cycles.costs]\ninteger = 2'
WORDS = {"load_words": 0, "store_words": 0}


def folder_with(tmp_path: Path, text: str) -> str:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "target.toml").write_text(text)
    return str(folder)


def model(clock: int = 1000, **costs: float) -> Cycles:
    return Cycles.model_validate({"source": "a manual", "error": 10, "clock": clock, "costs": costs})


# --- the data ------------------------------------------------------------------------------------


@pytest.fixture
def of_core(tmp_path):
    def read(core: str) -> Cycles:
        text = M33.replace('core = "cortex-m33"', f'core = "{core}"')
        cycles = load_target(folder_with(tmp_path, text)).cycles
        assert cycles is not None
        return cycles

    return read


@pytest.mark.parametrize("core", [path.stem for path in CORES])
def test_every_core_has_a_model_that_a_target_can_take(core, of_core):
    cycles = of_core(core)
    assert cycles.source
    assert {"integer", "load", "load_word", "store", "store_word", "branch_taken", "call"} <= cycles.costs.keys()


def test_models_of_cores_are_no_targets():
    assert len(CORES) >= 6
    assert not {"cores", *(path.stem for path in CORES)} & set(available())


def test_m33_has_the_model_of_its_core():
    cycles = load_target("m33").cycles
    assert cycles is not None
    assert cycles.clock == 20_000_000
    assert "cortex_m33" in cycles.source


def test_a_target_may_have_none(tmp_path):
    text = M33.replace("[cycles]\nclock = 20_000_000\n", "")
    assert load_target(folder_with(tmp_path, text)).cycles is None


def test_a_target_may_bring_its_own(tmp_path):
    text = M33.replace("[cycles]\nclock = 20_000_000", INLINE)
    cycles = load_target(folder_with(tmp_path, text)).cycles
    assert cycles == Cycles(clock=8, source="here", error=30, costs={"integer": 2})


def test_a_target_may_differ_from_its_core_in_the_bound(tmp_path):
    text = M33.replace("clock = 20_000_000", "clock = 20_000_000\nerror = 40\nrefill = 1.5")
    cycles = load_target(folder_with(tmp_path, text)).cycles
    assert cycles is not None
    assert (cycles.error, cycles.refill, cycles.costs["integer"]) == (40, 1.5, 1)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("clock = 20_000_000", "", r"cycles\.clock: Field required"),
        ("clock = 20_000_000", "clock = 0", r"cycles\.clock: .*greater than 0 \(it is 0\)"),
        ("clock = 20_000_000", 'clock = "fast"', r"cycles\.clock: .*integer \(it is 'fast'\)"),
        ("clock = 20_000_000", "clock = 1\nwait = 1", r"cycles\.wait: unknown key"),
        ("clock = 20_000_000", "clock = 1\nrefill = -1", r"cycles\.refill: .*\(it is -1\)"),
        ("[cycles]\nclock = 20_000_000", f"{INLINE}\ndivision = 7", r"cycles\.costs\.division\.\[key\]: .*'division'"),
        ("[cycles]\nclock = 20_000_000", f"{INLINE}\nload = -1", r"cycles\.costs\.load: .*\(it is -1\)"),
        ("[cycles]\nclock = 20_000_000", INLINE.replace("error = 30\n", ""), r"cycles\.error: Field required"),
        ("[cycles]\nclock = 20_000_000", "cycles = 4", r"cycles: .*\(it is 4\)"),
        ('core = "cortex-m33"', 'core = "z80"', r"no cycle model of 'z80', only of cortex-m0, .*cortex-m7"),
    ],
)
def test_what_is_wrong_is_said_with_file_and_key(tmp_path, old, new, message):
    assert old in M33
    text = M33.replace(old, "" if new.startswith("cycles =") else new)
    path = folder_with(tmp_path, f"{new}\n{text}" if new.startswith("cycles =") else text)
    with pytest.raises(TargetInvalid, match=rf"(?s){path}/target\.toml.*{message}"):
        load_target(path)


def test_what_is_wrong_in_a_cores_file_is_said_with_that_file(tmp_path, monkeypatch):
    (tmp_path / "cores").mkdir()
    file = tmp_path / "cores" / "cortex-m33.toml"
    file.write_text('source = "x"\nerror = 0\n[costs]\ninteger = 1\n')
    monkeypatch.setattr("mpy_harness.targets.files.targets_dir", lambda: tmp_path)
    path = folder_with(tmp_path, M33)
    with pytest.raises(TargetInvalid, match=rf"(?s){file} does not describe a core.*error: .*\(it is 0\)"):
        load_target(path)
    file.write_text("error = ")
    with pytest.raises(TargetInvalid, match=rf"{file} is not valid TOML: .*line"):
        load_target(path)


# --- the sum -------------------------------------------------------------------------------------


def test_a_sum_of_costs():
    costs = model(integer=1, multiply=1.5, divide=7, branch_taken=3, branch_not_taken=1, call=4, system=2)
    counts = {
        "integer": 10,
        "multiply": 2,
        "divide": 1,
        "branch_taken": 4,
        "branch_not_taken": 5,
        "call": 1,
        "system": 3,
    }
    assert estimate(counts | WORDS, costs).cycles == 10 + 3 + 7 + 12 + 5 + 4 + 6


def test_further_words_of_one_instruction():
    costs = model(load=2, load_word=1, store=1, store_word=0.5)
    # Two loads of one word and one of four; the words of a return from the stack are counted as well.
    counts = {"load": 3, "load_words": 6, "store": 1, "store_words": 3}
    assert estimate(counts, costs).cycles == 3 * 2 + 3 * 1 + 1 + 2 * 0.5


def test_loads_in_a_row_cost_their_own_and_used_ones_more():
    counts = {"load": 10, "load_row": 4, "load_used": 3, "load_words": 10, "store_words": 0}
    assert estimate(counts, model(load=2, load_row=1)).cycles == 6 * 2 + 4 * 1
    assert estimate(counts, model(load=1, load_used=2)).cycles == 10 + 3 * 2
    assert estimate(counts, model(load=2)).cycles == 20


def test_results_that_the_next_instruction_reads_cost_more():
    costs = model(load=1, load_used=3, multiply=1, multiply_used=2, float_add=1, float_divide=9, float_used=0.5)
    counts = {"load": 4, "multiply": 3, "float_add": 8, "float_divide": 1, "load_words": 4, "store_words": 0}
    used = {"load_used": 2, "multiply_used": 1, "float_used": 6}
    known = estimate(counts | used, costs)
    assert known.cycles == 4 + 3 + 8 + 9 + 2 * 3 + 1 * 2 + 6 * 0.5
    assert known.error == costs.error


def test_shifted_operands_cost_more_where_they_were_counted():
    counts = {"integer": 9} | WORDS
    assert estimate(counts | {"shift_used": 4}, model(integer=1, shift_used=2)).cycles == 9 + 4 * 2
    assert estimate(counts, model(integer=1, shift_used=2)) == estimate(counts, model(integer=1))


@pytest.mark.parametrize(
    ("unknown", "middle"), [("load_used", 4 * 3 / 2), ("multiply_used", 3 * 2 / 2), ("float_used", (8 + 1) * 0.5 / 2)]
)
def test_where_older_counts_do_not_tell_it_half_of_the_results_are_read(unknown, middle):
    costs = model(load=1, load_used=3, multiply=1, multiply_used=2, float_add=1, float_divide=9, float_used=0.5)
    counts = {"load": 4, "multiply": 3, "float_add": 8, "float_divide": 1, "load_words": 4, "store_words": 0}
    told = {"load_used": 0, "multiply_used": 0, "float_used": 0}
    del told[unknown]
    found = estimate(counts | told, costs)
    assert found.cycles == 24 + middle
    assert found.error == round(costs.error + 100 * middle / found.cycles, 1)


def test_a_refill_is_paid_where_the_flow_turns():
    costs = Cycles(
        source="a manual", error=10, clock=1, refill=2, costs={"branch_taken": 3, "branch_not_taken": 1, "return": 3}
    )
    counts = {"branch_taken": 5, "branch_not_taken": 7, "return": 1}
    assert estimate(counts | WORDS, costs).cycles == 5 * 5 + 7 + 5


def test_the_time_is_that_of_the_clock_or_of_another():
    counts = {"integer": 5000} | WORDS
    assert estimate(counts, model(clock=1000, integer=1)).seconds == 5
    assert estimate(counts, model(clock=1000, integer=1), clock=10_000).seconds == 0.5


def test_the_plugins_names_are_known():
    rules = (Path(mpy_harness.__file__).parent / "counting" / "plugin_c" / "decode" / "rules.c").read_text()
    names = re.findall(r'\[CLASS_\w+\] = "([^"]+)"', rules)
    assert len(names) > 15
    names.remove("branch")  # counted as taken and not taken
    counts = dict.fromkeys([*names, "branch_taken", "branch_not_taken"], 0)
    assert estimate(counts | WORDS, model(integer=1)).cycles == 0
    costs = load_target("m33").cycles
    assert costs is not None
    counts = dict.fromkeys(counts.keys() - {"vector"}, 1) | {"load_words": 1, "store_words": 1, "load_used": 1}
    assert estimate(counts, costs).cycles > len(counts)


def test_classes_that_were_not_executed_may_be_missing_or_without_a_cost():
    assert estimate({"integer": 1, "divide": 0} | WORDS, model(integer=1)).cycles == 1
    assert estimate(WORDS, model(integer=1)).cycles == 0


def test_an_instruction_of_no_known_class_counts_as_one_of_integers():
    assert estimate({"unknown": 3} | WORDS, model(integer=1)).cycles == 3


@pytest.mark.parametrize("name", ["branch", "integers", "float", "load_word"])
def test_an_unknown_class_is_named(name):
    with pytest.raises(ValueError, match=rf"called {name}\. Known: .*integer"):
        estimate({name: 1} | WORDS, model(integer=1))


def test_counts_that_the_model_needs_are_named():
    with pytest.raises(ValueError, match="needs the counts load_words, store_words too"):
        estimate({"integer": 1}, model(integer=1))
    with pytest.raises(ValueError, match="needs the counts load_row too"):
        estimate({"integer": 1} | WORDS, model(integer=1, load_row=1))


def test_a_class_without_a_cost_is_named_where_it_was_executed():
    with pytest.raises(TargetInvalid, match="no cost for divide, float_add, which the guest executed"):
        estimate({"integer": 1, "divide": 2, "float add": 1} | WORDS, model(integer=1))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Estimate(1_230_000, 100_000_000, 15), "≈ 1.23 M cycles ±15 %, 12.3 ms at 100 MHz"),
        (Estimate(950, 20_000_000, 10), "≈ 950 cycles ±10 %, 47.5 µs at 20 MHz"),
        (Estimate(999_999, 1_000_000, 10), "≈ 1 M cycles ±10 %, 1 s at 1 MHz"),
        (Estimate(12_345.6, 480_000_000, 12.5), "≈ 12.3 k cycles ±12.5 %, 25.7 µs at 480 MHz"),
        (Estimate(3, 1_000_000_000, 10), "≈ 3 cycles ±10 %, 3 ns at 1 GHz"),
        (Estimate(0, 32_768, 10), "≈ 0 cycles ±10 %, 0 ns at 32.8 kHz"),
    ],
)
def test_an_estimate_always_prints_as_one(value, text):
    assert str(value) == text


# --- what was published --------------------------------------------------------------------------

# Published cycles, and what the plugin counted in the same program; docs/counting-time.md says whose figures they are.
PUBLISHED = [
    (
        "cortex-m0",
        1646,  # AES-128 of one block, assembler
        {"integer": 1194, "load": 177, "store": 3, "branch_taken": 9, "branch_not_taken": 8, "call": 1, "return": 1,
         "load_words": 223, "store_words": 14},
    ),
    (
        "cortex-m0plus",
        1_238_375,  # ML-KEM-512, key generation, C
        {"integer": 664899, "multiply": 6148, "load": 149453, "store": 71948, "branch_taken": 10181,
         "branch_not_taken": 3258, "call": 9745, "return": 9448, "load_words": 153507, "store_words": 75300},
    ),
    (
        "cortex-m3",
        685_263,  # Kyber-512, key generation, C and assembler
        {"integer": 300984, "multiply": 15360, "load": 97497, "store": 55231, "branch_taken": 10920,
         "branch_not_taken": 2493, "call": 9448, "return": 9448, "load_words": 102130, "store_words": 58899,
         "load_row": 41425},
    ),
    (
        "cortex-m4",
        595_793,  # ML-KEM-512, key generation, C and assembler
        {"integer": 271916, "multiply": 4096, "load": 97490, "store": 55893, "dsp": 11776, "branch_taken": 9805,
         "branch_not_taken": 2896, "call": 9449, "return": 9449, "load_words": 102122, "store_words": 59560,
         "load_row": 61106},
    ),
    (
        "cortex-m7",
        292,  # AES-128 of one block, assembler
        {"integer": 341, "load": 194, "store": 2, "branch_taken": 8, "branch_not_taken": 1, "call": 1, "return": 1,
         "load_words": 220, "store_words": 14, "load_used": 0},
    ),
    (
        "cortex-m33",
        294_468,  # CoreMark, one iteration, C
        {"integer": 119060, "multiply": 9396, "load": 50752, "store": 12749, "branch_taken": 26386,
         "branch_not_taken": 30283, "call": 242, "return": 242, "load_words": 51355, "store_words": 13390,
         "load_used": 20822},
    ),
    (
        "cortex-m33",
        574,  # AES-128 of one block, assembler
        {"integer": 341, "load": 176, "store": 5, "branch_taken": 8, "branch_not_taken": 1, "call": 1, "return": 1,
         "load_words": 217, "store_words": 11, "load_used": 0},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("core", "published", "counts"), PUBLISHED)
def test_published_cycles_are_within_the_bound(core, published, counts, of_core):
    cycles = of_core(core)
    assert estimate(counts, cycles).cycles == pytest.approx(published, rel=cycles.error / 100)


def test_vectors_are_known_less_well(of_core):
    cycles = of_core("cortex-m55")
    counts = {"integer": 50, "load_used": 0, "multiply_used": 0, "load_row": 0, "shift_used": 0, **WORDS}
    vectors = 50 / cycles.costs["vector"]
    assert estimate(counts, cycles).error == cycles.error
    assert estimate(counts | {"vector": vectors}, cycles).error == pytest.approx(cycles.error + 25, abs=0.1)


@pytest.mark.parametrize("core", ["cortex-m3", "cortex-m4", "cortex-m7", "cortex-m33"])
def test_saturation_has_a_cost_where_it_is_an_instruction(core, of_core):
    # SSAT and USAT, which compilers make of a limited value, are of ARMv7-M; all else of their class is not.
    pairs = {"load_row": 0, "load_used": 0}
    assert estimate({"dsp": 10, **WORDS, **pairs}, of_core(core)).cycles > 0
