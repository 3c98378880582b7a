"""What the unit tests share."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from tests.unit.answering import Server


@pytest.fixture
def server() -> Iterator[Server]:
    """An HTTP server; set its ``answers``."""
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join(10)
