"""On each core, a call tree is in step with the program whatever it has called: what comes next lies where it must.

Compilers return in different ways: on Armv6-M, functions that take any number of arguments in one of their own.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mpy_harness.board import Board
from mpy_harness.counting.profile import Profile, visits
from mpy_harness.errors import PythonLoop
from tests.emulator.absent import target_or_skip

PROGRAMS = {
    "formatted": "'%d %s %.2f %r' % (7, 'text', 2.5, b'bytes')",
    "f-string": "f'{1.5!r:>8} {12345678901234567890}'",
    "printed": "print(1.5, 'text', [1, None], {'a': 1}, file=io.StringIO())",
    "text as JSON": "json.dumps({'a': [1, 2.5, 'text\\n']})",
    "of JSON": 'json.loads(\'{"a": [1, 2.5, "text", {}]}\')',
    "no JSON": "json.loads('{')",
    "number from text": "int('12a')",
    "float from text": "float('1e3x')",
    "no attribute": "[].nothing",
    "no key": "{}['key']",
    "division by zero": "1 // 0",
    "no module": "__import__('nothing')",
    "wrong arguments": "sorted(1, 2, 3)",
    "long integers": "pow(3, 200) % 1000007 * 2 ** 100 // 7",
    "sorted by a key": "sorted([3, 1, 2], key=lambda x: -x)",
    "a generator that is left": "next(n for n in range(5))",
    "a pattern": "re.match('(a+)(b*)', 'aaabbb').group(1)",
    "packed": "struct.unpack('<hIf', struct.pack('<hIf', 1, 2, 3.0))",
    "deep": "deep(30)",
    "thrown deep": "deep(30, True)",
}
GUEST = """
import io, json, re, struct
def deep(n, throws=False):
    if n == 0:
        if throws:
            raise ValueError("deep %d" % n)
        return 0
    return 1 + deep(n - 1, throws)
def sentinel():
    pass
def nothing():
    pass
def step(program):
    try:
        program()
    except Exception:
        pass
    sentinel()
"""


def path_to(profile: Profile, name: str) -> list[str]:
    """Return the functions from the region's root down to the one place where a function is called."""
    found: list[list[str]] = []
    path: list[str] = []
    for node, entered in visits(profile.root):
        assert node.calls >= 0, node
        assert node.exclusive >= 0, node
        if not entered:
            path.pop()
            continue
        path.append(node.function.name)
        if node.function.name == name:
            found.append(list(path))
    assert len(found) == 1, found
    return found[0]


@pytest.mark.parametrize("name", ["m0", "m3", "m33", "m55", "m7-dp", "rv32"])
def test_what_is_called_after_a_program_lies_where_it_must(boot: Callable[..., Board], name: str) -> None:
    board = boot("functions", target_or_skip(name))
    board.exec(GUEST)
    for number, program in enumerate(PROGRAMS.values()):
        board.exec(f"def program_{number}():\n    return {program}")

    def path_after(program: str) -> list[str]:
        board.exec(f"def go():\n    step({program})")
        with board.count("region") as count:
            board.call("go")
        assert count.profile is not None
        assert count.profile.root.inclusive == count.instructions
        return path_to(count.profile, "sentinel")

    usual = path_after("nothing")
    steps = ["region", "go", "step", "sentinel"]
    assert [each for each in usual if each in steps] == steps
    paths = {what: path_after(f"program_{number}") for number, what in enumerate(PROGRAMS)}
    assert {what: path for what, path in paths.items() if path != usual} == {}


@pytest.mark.parametrize("name", ["m0", "m3", "m33", "rv32"])
def test_what_a_handler_calls_is_not_called_by_the_program(boot: Callable[..., Board], name: str) -> None:
    # Ctrl-C comes as an interrupt, whose handler has MicroPython raise KeyboardInterrupt.
    board = boot("functions", target_or_skip(name))
    board.exec(GUEST + "def endless():\n    while True:\n        pass\n")
    with board.count("region") as count, pytest.raises(PythonLoop):
        board.exec("endless()", timeout=0.5)
    assert count.profile is not None
    assert all(node.exclusive >= 0 and node.calls >= 0 for node, _ in visits(count.profile.root))
    assert path_to(count.profile, "endless")[0] == "region"
    assert "mp_sched_keyboard_interrupt" not in {node.function.name for node, _ in visits(count.profile.root)}
