"""Real builds: the source comes from the shared cache, which other tests and the user's runs fill as well."""

from __future__ import annotations

import pytest

from mpy_harness.firmware.sources import Source, micropython_source
from mpy_harness.targets import Target


@pytest.fixture(scope="session")
def source(m33: Target) -> Source:
    return micropython_source(m33.firmware.micropython)
