"""pytest loads the package ``plugin``, and knows what that names: all that ``hooks`` defines for it."""

from __future__ import annotations

import inspect

from mpy_harness import plugin
from mpy_harness.plugin import hooks


def test_all_hooks_and_fixtures_are_the_plugins() -> None:
    defined = {
        name
        for name, value in vars(hooks).items()
        if getattr(value, "__module__", None) == hooks.__name__
        and ((inspect.isfunction(value) and name.startswith("pytest_")) or type(value).__name__.startswith("Fixture"))
    }
    assert {"board", "golden", "pytest_runtest_call"} <= defined
    assert defined == set(plugin.__all__)
