from __future__ import annotations

from collections.abc import Iterator

import pytest

from mpy_harness.github.client import Client
from tests.ci.github_server import GitHub


@pytest.fixture
def github() -> Iterator[GitHub]:
    with GitHub() as server:
        yield server


@pytest.fixture
def waits() -> list[float]:
    """Seconds that a client would have slept."""
    return []


@pytest.fixture
def client(github: GitHub, waits: list[float]) -> Iterator[Client]:
    made = Client(github.token, github.address, sleep=waits.append)
    yield made
    made.close()
