"""Native modules of a few lines, for tests."""

from __future__ import annotations

from pathlib import Path

from mpy_harness.firmware.natmods import NatmodBuild, build_natmod
from mpy_harness.firmware.sources import micropython_source
from mpy_harness.targets import load_target

MAKEFILE = """\
MOD = {name}
SRC = {name}.c
ARCH ?= armv7emsp
include $(MPY_DIR)/py/dynruntime.mk
"""


def build_tiny(folder: Path, name: str, source: str, target_name: str = "m33", *, runtime: bool = False) -> NatmodBuild:
    """Build a native module from one C file for a target, with the compiler's own functions if it needs such."""
    (folder / name).mkdir(parents=True)
    makefile = "LINK_RUNTIME = 1\n" * runtime + MAKEFILE.format(name=name)
    (folder / name / "Makefile").write_text(makefile, encoding="utf-8")
    (folder / name / f"{name}.c").write_text(source, encoding="utf-8")
    target = load_target(target_name)
    version = target.tools
    return build_natmod(folder / name, target.natmod.arch, source=micropython_source(version), micropython=version)
