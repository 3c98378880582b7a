"""The table of native code that ran says when it has no room left."""

from __future__ import annotations

import os

import numpy as np
import pytest

from mpy_harness.errors import MachineryError
from mpy_harness.memcheck.coverage import TABLE_BYTES, BlockTable


def test_a_full_table_is_told() -> None:
    descriptor = os.memfd_create("table")
    try:
        table = BlockTable(descriptor)
        assert os.fstat(descriptor).st_size == TABLE_BYTES
        assert table.read().size == 0
        os.pwrite(descriptor, np.array([0, 1], "<u4").tobytes(), 0)
        with pytest.raises(MachineryError, match="several sessions"):
            table.read()
    finally:
        os.close(descriptor)
