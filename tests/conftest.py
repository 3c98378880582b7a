"""What holds for every test: an environment that is the same on a desk, in a CI job and in each of its processes."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator

import pytest

JOB_VARIABLES = ("CI", "BUILD_NUMBER", "GITHUB_ACTIONS")
"""Variables by which programs notice a CI job. pytest prints its summary in full where it sees one of them."""


@pytest.fixture(scope="session", autouse=True)
def environment_of_a_desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Hide that this is a CI job or a hook of git's, and give each process its own temporary folder.

    What a test is to see of a job it sets itself. In a folder of its own a process does not take for left behind what
    another one still needs.
    """
    folder = str(tmp_path_factory.mktemp("temporary"))
    with pytest.MonkeyPatch.context() as patch:
        for name in (*JOB_VARIABLES, *(name for name in os.environ if name.startswith("GIT_"))):
            patch.delenv(name, raising=False)
        patch.setenv("TMPDIR", folder)
        patch.setattr(tempfile, "tempdir", folder)
        yield
