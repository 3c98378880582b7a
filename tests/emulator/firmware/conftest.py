"""Real builds: the source comes from the shared cache, which other tests and the user's runs fill as well."""

from __future__ import annotations

import pytest

from mpy_harness.firmware.sources import Source, micropython_source
from mpy_harness.targets import Target, load_target


@pytest.fixture(scope="session")
def m33() -> Target:
    return load_target("m33")


@pytest.fixture(scope="session")
def source(m33) -> Source:
    return micropython_source(m33.firmware.micropython)
