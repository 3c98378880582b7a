"""Where a debugger finds the sources that a native module was built from: not where the compiler saw them."""

from __future__ import annotations

from mpy_harness.firmware.natmod_debug import DebugFile
from mpy_harness.firmware.natmods import NatmodBuild
from mpy_harness.firmware.project_mirror import project_of


def moved(build: NatmodBuild, debug: DebugFile) -> list[tuple[str, str]]:
    """Return pairs: a folder of the build, and where its files are now."""
    if build.folder is None:
        return []
    return [(debug.folder, str(build.folder)), (debug.project, str(project_of(build.folder)))]
