"""Real builds: the source comes from the shared cache, which other tests and the user's runs fill as well."""

from __future__ import annotations

from pathlib import Path

import pytest

from mpy_harness.firmware import cache
from mpy_harness.firmware.natmods import NatmodBuild, build_natmod
from mpy_harness.firmware.sources import Source, micropython_source
from mpy_harness.targets import Target


@pytest.fixture(scope="session")
def source(m33: Target) -> Source:
    return micropython_source(m33.firmware.micropython)


@pytest.fixture
def build(source, tmp_path, monkeypatch):
    """Build native modules into a cache of the test's own."""
    monkeypatch.setenv(cache.ENVIRONMENT, str(tmp_path / "cache"))

    def build(folder: Path, arch: str = "armv7emsp") -> NatmodBuild:
        return build_natmod(folder, arch, source=source, micropython=source.version)

    return build
