"""Call trees of a native module whose functions count their calls themselves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mpy_harness.board import Board
from mpy_harness.counting.profile import visits
from mpy_harness.firmware.natmods import build_natmod
from mpy_harness.firmware.sources import micropython_source
from tests.emulator.absent import target_or_skip

SOURCE = Path(__file__).with_name("counting_itself.c")
MAKEFILE = """\
LINK_RUNTIME = 1
MOD = nat
SRC = nat.c
CFLAGS_EXTRA = {level}
ARCH ?= armv7emsp
include $(MPY_DIR)/py/dynruntime.mk
"""
# In the order of the enumeration there.
NAMES = (
    "leaf", "deep", "swap", "sort", "compare", "back", "even", "odd",
    "tailed", "early", "variadic", "floats", "throws", "many", "switched",
)  # fmt: skip
GUEST = """
def less(a, b):
    return 0 if a == b else -1 if a < b else 1
def run(m, seed):
    m.go(less, seed)
    for depth in (0, 3, 5):
        try:
            m.throw(depth)
        except ValueError:
            pass
def counted(m, number):
    return [m.counted(at) for at in range(number)]
"""
# What functions without a frame jump to at their end, which is not seen on Armv7-M.
NOT_ALL_SEEN = {"m33": {"leaf", "deep", "even", "odd", "early"}}


@pytest.mark.parametrize(
    ("name", "level"), [("m33", "-Os"), ("m33", "-O2"), ("m0", "-Os"), ("m0", "-O2"), ("rv32", "-O2")]
)
def test_calls_are_those_that_the_code_counts(
    boot: Callable[..., Board], tmp_path: Path, name: str, level: str
) -> None:
    target = target_or_skip(name)
    folder = tmp_path / "nat"
    folder.mkdir()
    (folder / "Makefile").write_text(MAKEFILE.format(level=level), encoding="utf-8")
    (folder / "nat.c").write_text(SOURCE.read_text(encoding="utf-8"), encoding="utf-8")
    sources = micropython_source(target.tools)
    build = build_natmod(folder, target.natmod.arch, source=sources, micropython=target.tools)
    board = boot("functions", target)
    module = board.import_native(build)
    board.exec(GUEST)
    for seed in (1, 77):
        before = board.call("counted", module, len(NAMES))
        with board.count("region") as count:
            board.call("run", module, seed)
        after = board.call("counted", module, len(NAMES))
        assert count.profile is not None
        assert count.profile.root.inclusive == count.instructions
        assert [node for node, _ in visits(count.profile.root) if node.calls < 0 or node.exclusive < 0] == []
        functions = count.profile.functions()
        assert [cost.function for cost in functions if cost.function.kind == "unknown"] == []
        told = {cost.function.name: cost.calls for cost in functions if cost.function.module == "nat"}
        expected = {each: int(b - a) for each, a, b in zip(NAMES, before, after, strict=True)}
        assert all(expected.values())
        unseen = NOT_ALL_SEEN.get(name, set())
        assert {each: told[each] for each in NAMES if each not in unseen} == {
            each: calls for each, calls in expected.items() if each not in unseen
        }
        assert all(told[each] <= expected[each] for each in unseen)
