"""What to do where a board, which is one test's, is asked for by something else than a test."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest

#: The fixtures that belong to one test, because what they stand for is fresh in each.
OF_ONE_TEST = ("board", "another_board", "natmod", "guarded", "golden", "program")
_MISMATCH = re.compile(r"ScopeMismatch: You tried to access the function scoped fixture (\w+) with a (\w+) scoped")


def advice(excinfo: pytest.ExceptionInfo[BaseException]) -> str:
    """Return what to do about a fixture of ours that another scope asked for; "" for any other failure."""
    text = str(excinfo.value)
    found = _MISMATCH.search(text)
    if not isinstance(excinfo.value, pytest.fail.Exception) or found is None or found[1] not in OF_ONE_TEST:
        return ""
    name, scope = found.groups()
    return (
        f"{name} is fresh for each test: a board is reset between two, in some 10 ms, and a native module is "
        f'built once. So the fixture that asks for it cannot be of scope "{scope}": leave scope="{scope}" out of its '
        f"pytest.fixture(), and it runs again for each test. What takes long on the host and needs no {name}, such as "
        f'a reference, can stay in a fixture of scope "{scope}" of its own.\n\n{text}'
    )


def only_target(names: Sequence[str]) -> str:
    """Return the run's only target; with several, fail with what a test can do that pytest cannot make for each."""
    if len(names) != 1:
        pytest.fail(
            f"this test cannot run once for each target of the run ({', '.join(names)}): pytest does not do that "
            "for a method of unittest.TestCase, nor for a fixture that only request.getfixturevalue() asks for. Make "
            'it a test function or a plain class, or mark it with @pytest.mark.usefixtures("target"); or run one '
            f"target: pytest --target {names[0]}.",
            pytrace=False,
        )
    return names[0]
