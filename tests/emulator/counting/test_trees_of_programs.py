"""The call trees of larger programs, MicroPython's benchmarks, are those that CPython tells of the same programs."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from mpy_harness.counting.profile import Node, visits
from mpy_harness.firmware.sources import micropython_source
from mpy_harness.targets import Target
from tests.emulator.absent import target_or_skip

#: Those that call the same whatever the precision of floats is.
PROGRAMS = ("bm_fft", "bm_float", "bm_hexiom", "bm_nqueens", "core_yield_from", "misc_aes", "misc_pystone")
SETUP = """
_at = max(at for at in bm_params if 10 * at[0] <= 12 * 100 and at[1] <= 100)
_run, _result = bm_setup(bm_params[_at])
"""
#: CPython as of 3.12 calls nothing for these, MicroPython does: what they call is their caller's.
COMPREHENSIONS = ("<listcomp>", "<dictcomp>", "<setcomp>")
#: A node is its number of calls and the nodes below it. It calls what a generator's body is, at each resumption.
PROFILER = """
import json, sys
_root = [0, {}]
_stack = [_root]
def _profile(frame, event, argument):
    code = frame.f_code
    if code.co_filename != "<program>":
        return
    if event == "call":
        known = _stack[-1]
        if code.co_name not in COMPREHENSIONS:
            known = known[1].setdefault(code.co_name, [0, {}])
            known[0] += 1
        _stack.append(known)
    elif event == "return":
        _stack.pop()
_names = {}
exec(compile(SOURCE, "<program>", "exec"), _names)
sys.setprofile(_profile)
_names["_run"]()
sys.setprofile(None)
print(json.dumps(_root[1]), file=sys.stderr)
"""


def told_by_cpython(source: str) -> dict[str, list]:
    script = f"COMPREHENSIONS = {COMPREHENSIONS!r}\nSOURCE = {source!r}\n{PROFILER}"
    done = subprocess.run([sys.executable, "-I", "-c", script], capture_output=True, text=True, timeout=120, check=True)
    return json.loads(done.stderr)


def python_functions(root: Node) -> dict[str, list]:
    """Return the tree of Python functions alone, in the same form."""
    found: dict[str, list] = {}
    waiting = [(root, found)]
    while waiting:
        node, below = waiting.pop()
        if node.function.kind == "python" and node.function.name not in COMPREHENSIONS:
            own = below.setdefault(node.function.name, [0, {}])
            own[0] += node.calls
            below = own[1]
        waiting += [(child, below) for child in node.children]
    return found


@pytest.fixture(scope="module")
def programs(m33: Target) -> dict[str, tuple[str, dict[str, list]]]:
    folder = micropython_source(m33.tools).path / "tests" / "perf_bench"
    sources = {name: (folder / f"{name}.py").read_text(encoding="utf-8") + SETUP for name in PROGRAMS}
    return {name: (source, told_by_cpython(source)) for name, source in sources.items()}


@pytest.mark.parametrize("target", ["m33", "m0", "m7-dp", "rv32"])
def test_the_tree_is_the_one_that_cpython_tells(boot, programs, target: str) -> None:
    board = boot("functions", target_or_skip(target))
    for name, (source, expected) in programs.items():
        board.exec(source, name=f"{name}.py")
        with board.count("region") as count:
            board.call("_run")
        assert count.profile is not None
        assert all(node.calls >= 0 and node.exclusive >= 0 for node, _ in visits(count.profile.root)), name
        assert python_functions(count.profile.root) == expected, name
