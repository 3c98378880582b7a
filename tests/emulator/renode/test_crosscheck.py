"""The same cases with the same image in QEMU and in Renode: the same bits, and the same counts."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path

import pytest

from mpy_harness import machines
from mpy_harness.board import Board
from mpy_harness.firmware.progress import Silent
from tests.emulator import counted_programs
from tests.emulator.counted_programs import CALLS, DEVICE_REGISTER, define, measured
from tests.emulator.renode import checked_bits

CASES = Path(__file__).parents[3] / "cases"
# Of each module and of both forms, integers, floats and special values: what does not take long.
SOME = """
    (Fft and (/out or /in_place) and not 256 and not 1024) or float_to_int16/ends or /special or one_tap
    or a_weighting/impulse or (Trees and (/impulse or /silence)) or IirForms
""".replace("\n", " ").strip()


# Rounds of a known number of instructions, with what emulators could count in different ways.
ROUNDS = """
@micropython.asm_thumb
def branch(r0):        # 2: sub, bne
    label(AGAIN)
    sub(r0, 1)
    bne(AGAIN)

@micropython.asm_thumb
def conditions(r0):    # 7: add, tst, ite, one that its condition turns off and one that it does not, sub, bne
    mov(r2, 1)
    label(AGAIN)
    add(r1, r1, 1)
    tst(r0, r2)
    ite(eq)
    add(r1, r1, 1)
    sub(r1, r1, 1)
    sub(r0, 1)
    bne(AGAIN)

@micropython.asm_thumb
def several(r0):       # 6: push, pop, udiv, vsqrt, sub, bne
    label(AGAIN)
    push({r2, r4, r5, r6})
    pop({r2, r4, r5, r6})
    udiv(r2, r0, r0)
    vsqrt(s0, s0)
    sub(r0, 1)
    bne(AGAIN)

@micropython.asm_thumb
def calls(r0):         # 7: add, bl, add, add, bx, sub, bne
    b(BEGIN)
    label(CALLED)
    add(r1, r1, 1)
    add(r1, r1, 1)
    bx(lr)
    label(BEGIN)
    add(r1, r1, 1)
    bl(CALLED)
    sub(r0, 1)
    bne(BEGIN)
"""
EACH = {"branch": 2, "conditions": 7, "several": 6, "calls": 7}


@pytest.fixture
def pair(chip, image, board, nothing_left, tmp_path):
    """A board in QEMU and one in Renode that run the same image."""
    instrument = machines.kind_of(chip.firmware_of).instrument(image, "count", Silent())
    in_qemu = Board(chip.firmware_of, image, tmp_path / "console.log", instrument=instrument)
    yield in_qemu, board
    in_qemu.close()


@pytest.mark.parametrize("name", EACH)
def test_each_round_counts_what_it_is_long(pair, name):
    for board in pair:
        board.exec(ROUNDS)
        found = [measured(board, name, rounds) for rounds in (1, 2, 12)]
        assert [count - found[0] for count in found] == [0, EACH[name], 11 * EACH[name]]


def test_programs_of_all_sorts_count_the_same(pair, chip, monkeypatch):
    calls = dict(CALLS)
    if chip.window is None:  # a chip with less memory, and another timer at another place
        del calls["collections_inside"]
        calls["deep"] = (40,)
        moved = counted_programs.SOURCE.replace(f"{DEVICE_REGISTER:#x}", "0x40000024")
        monkeypatch.setattr(counted_programs, "SOURCE", moved)
    found = []
    for board in pair:
        define(board)
        found.append({name: measured(board, name, *arguments) for name, arguments in calls.items()})
    assert found[0] == found[1]
    assert min(found[0].values()) > 0


@pytest.mark.slow
def test_cases_give_the_same_in_both(chip, project, monkeypatch, tmp_path):
    in_qemu, in_renode = chip.firmware_of.name, chip.name
    bits = tmp_path / "bits"
    monkeypatch.setenv(checked_bits.FILE, str(bits))
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent), prepend=":")
    options = ["-p", "no:cacheprovider", "-p", "checked_bits", "--measurements", "run.json", "-k", SOME]
    targets = ["--target", in_qemu, "--target", in_renode]
    result = project.runpytest_subprocess(CASES, "--rootdir", CASES.parent, *targets, *options, timeout=3600)
    assert result.ret == 0

    found = defaultdict(list)
    for line in bits.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        found[row.pop("target")].append(row)
    assert len(found[in_qemu]) > 50
    assert found[in_qemu] == found[in_renode]

    counts: dict[str, dict[str, int]] = defaultdict(dict)
    for row in json.loads((project.path / "run.json").read_text(encoding="utf-8"))["measurements"]:
        if row["metric"] == "instructions":
            counts[row["target"]][row["case"]] = row["value"]
    ours, theirs = counts[in_qemu], counts[in_renode]
    assert len(ours) > 50
    assert ours.keys() == theirs.keys()
    differ = {case: (count, theirs[case]) for case, count in ours.items() if theirs[case] != count}
    assert not differ
