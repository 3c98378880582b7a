"""A pytest plugin: of each result that a case checks, its bytes' digest goes to a file, one JSON object a line."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mpy_harness.golden import Golden

FILE = "CHECKED_BITS_FILE"


@pytest.fixture(autouse=True)
def _checked_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    check = Golden.check

    def checked(self: Golden, got: Any, reference: Any, **options: Any) -> Any:
        array = np.asarray(got)
        line = {
            "target": self.target,
            "case": f"{options['case']} {options.get('form', '')}".strip(),
            "bits": hashlib.sha256(array.tobytes()).hexdigest(),
            "of": f"{array.dtype} {array.shape}",
        }
        with Path(os.environ[FILE]).open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        return check(self, got, reference, **options)

    monkeypatch.setattr(Golden, "check", checked)
