"""The hooks that this plugin calls, for a ``conftest.py`` or another plugin to define."""

from __future__ import annotations

import pytest

from mpy_harness.machines import Kinds


@pytest.hookspec
def pytest_mpy_harness_machines() -> Kinds:
    """Return classes of machines, each by the name that ``emulator`` has in ``target.toml``.

    Called whenever a target of a kind is wanted that is not one of the harness's own. A ``conftest.py`` beside the
    tests may have it as well as one further up; with pytest-xdist, it has to be where pytest begins: in the folder
    that is named on the command line, or in one of ``testpaths``. ``docs/machines.md`` has an example.
    """
    raise NotImplementedError
