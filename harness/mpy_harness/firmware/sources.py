"""Provide MicroPython's source of a pinned version.

In this order: a path the user gives, a cached copy, the upstream release archive, Debian's source
package. Archives are checked against a pinned SHA-256 before anything of them is used.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath

from mpy_harness.errors import HashMismatch, SourceUnavailable, ToolMissing
from mpy_harness.firmware import cache, debian
from mpy_harness.firmware.archives import date_of, unpack
from mpy_harness.firmware.git import git
from mpy_harness.firmware.mpy_cross import Tree, know_tree
from mpy_harness.firmware.progress import Progress, Silent
from mpy_harness.firmware.releases import Release, release, released

ENVIRONMENT = "MPY_HARNESS_MICROPYTHON"
_KIND = "sources"
_FACTS = "source.json"
_TREE = "micropython"

# What is unpacked. Documentation is never built, and of lib/ only what is MicroPython's own: the
# release archive has 100 MB of git submodules that Debian's lacks, and both must give one tree.
_LEFT_OUT = frozenset({"docs", "logo", ".github"})
_LIBRARIES = frozenset(
    {"cmsis", "crypto-algorithms", "libm", "libm_dbl", "littlefs", "mbedtls_errors", "oofatfs", "re1.5", "uzlib"}
)


@dataclass(frozen=True)
class Source:
    """A source tree of MicroPython: ``sha256`` is over its files, ``origin`` says where it came from.

    ``released`` is the date that what is built of it bears, in seconds since 1970: the release's, or the tree's own.
    """

    path: Path
    version: str
    sha256: str
    origin: str
    released: int


def micropython_source(
    version: str, *, given: Path | None = None, force: bool = False, progress: Progress | None = None
) -> Source:
    """Return the source of MicroPython ``version``, fetched into the cache on first use.

    ``given`` (or ``$MPY_HARNESS_MICROPYTHON``) is a folder or an archive to use instead; ``force``
    fetches anew. Raises SourceUnavailable, which tells every origin that was tried, or HashMismatch.
    """
    progress = progress or Silent()
    if given is None and (named := os.environ.get(ENVIRONMENT)):
        given = Path(named)
    if given is not None:
        given = given.expanduser().absolute()
        if given.is_dir():
            source = _from_folder(given, version, progress)
            know_tree(version, Tree(source.path, source.sha256, source.released))
            return source
        if given.is_file():
            return _from_archive(given, release(version), progress)
        raise SourceUnavailable(f"{given} does not exist: give a folder or an archive of MicroPython {version}.")
    pinned = release(version)
    key = f"{version}-{cache.digest(pinned.hashes)}"
    return _load(cache.build_once(_KIND, key, lambda to: _fetch(pinned, to, progress), force=force, progress=progress))


def check_release(version: str, given: Path | None = None) -> None:
    """Raise SourceUnavailable for a release that is neither pinned nor given."""
    if given is None and not os.environ.get(ENVIRONMENT):
        release(version)


def cached_source(version: str) -> Source | None:
    """Return the source that is in the cache already, or None; fetches nothing."""
    path = cache.entry(_KIND, f"{version}-{cache.digest(release(version).hashes)}")
    return _load(path) if path else None


def verify(archive: Path, *expected: str) -> str:
    """Return the archive's SHA-256; raises HashMismatch unless it is one of ``expected``."""
    with archive.open("rb") as file:
        total = hashlib.sha256()
        while chunk := file.read(1 << 20):
            total.update(chunk)
    actual = total.hexdigest()
    if actual not in expected:
        raise HashMismatch(archive, " or ".join(expected), actual)
    return actual


def _fetch(pinned: Release, folder: Path, progress: Progress) -> None:
    """Unpack the archive of the first origin that answers."""

    def upstream(to: Path) -> Path:
        from mpy_harness.firmware import download  # noqa: PLC0415 - needed once, and slow to import

        return download.fetch(pinned.upstream_url, to / pinned.upstream_archive, progress)

    def from_debian(to: Path) -> Path:
        return debian.fetch(pinned, to, progress)

    origins: list[tuple[str, Callable[[Path], Path]]] = [("upstream release archive", upstream)]
    if pinned.debian_version:
        origins.append(("Debian source package", from_debian))
    failures: list[str] = []
    downloads = folder / "downloads"
    downloads.mkdir()
    for origin, get in origins:
        try:
            archive = get(downloads)
        except SourceUnavailable as error:
            progress.stage(f"the {origin} cannot be had: {str(error).splitlines()[0]}")
            failures.append(f"{origin}: {error}")
            continue
        sha256 = verify(archive, pinned.hashes[archive.name])
        _unpack(archive, pinned, folder, f"{origin} {archive.name} (SHA-256 {sha256})", progress)
        shutil.rmtree(downloads)
        return
    raise SourceUnavailable(
        f"the source of MicroPython {pinned.version} could not be fetched:\n"
        + "\n".join(f"- {failure}" for failure in failures)
        + f"\nCheck the network, or fetch {pinned.upstream_url} elsewhere and give its path: "
        f"--micropython PATH or {ENVIRONMENT}=PATH."
    )


def _from_archive(archive: Path, pinned: Release, progress: Progress) -> Source:
    sha256 = verify(archive, *pinned.hashes.values())
    origin = f"given archive {archive.name} (SHA-256 {sha256})"
    key = f"{pinned.version}-{cache.digest(['archive', sha256])}"
    return _load(
        cache.build_once(_KIND, key, lambda to: _unpack(archive, pinned, to, origin, progress), progress=progress)
    )


def _from_folder(folder: Path, version: str, progress: Progress) -> Source:
    """Copy a given tree: a build must not change it, nor see it change."""
    _check_version(folder, version)
    # With its submodules, where it has some.
    files = [path for path in _walk(folder) if path.relative_to(folder).parts[0] not in _LEFT_OUT]
    sha256 = cache.hash_tree(folder, files)

    def copy(to: Path) -> None:
        progress.stage(f"copying {folder}")
        for path in files:
            target = to / _TREE / path.relative_to(folder)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
            target.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)
        _finish(to, version, f"given folder {folder}", released(version) or _date_of(folder))

    return _load(cache.build_once(_KIND, f"{version}-{cache.digest(['folder', sha256])}", copy, progress=progress))


def _walk(folder: Path) -> Iterator[Path]:
    for root, folders, names in os.walk(folder):
        # What earlier builds, runs of tests and other tools left in a working tree is not source.
        folders[:] = sorted(n for n in folders if n != "__pycache__" and not n.startswith((".", "build")))
        # A submodule's .git is a file, which names the folder of the tree.
        yield from (path for name in names if name != ".git" and (path := Path(root, name)).is_file())


def _date_of(folder: Path) -> int:
    """Return the date of a tree: of its commit where it is a checkout, else the one of its main header on the disk."""
    if (folder / ".git").exists():
        with suppress(ToolMissing, OSError):
            found = git(folder, "log", "-1", "--format=%ct")
            if found.status == 0 and found.output.strip().isdigit():
                return int(found.output)
    return int((folder / "py" / "mpconfig.h").stat().st_mtime)


def _unpack(archive: Path, pinned: Release, folder: Path, origin: str, progress: Progress) -> None:
    """Write the files of ``archive`` that are kept, without their first path component, below ``folder``."""
    progress.stage(f"unpacking {archive.name}")
    unpack(archive, folder / _TREE, _place)
    _check_version(folder / _TREE, pinned.version)
    _finish(folder, pinned.version, origin, pinned.released or date_of(archive))


def _place(path: PurePosixPath) -> PurePosixPath | None:
    below = PurePosixPath(*path.parts[1:])
    return below if len(path.parts) > 1 and _is_kept(below.as_posix()) else None


def _is_kept(path: str) -> bool:
    top, _, rest = path.partition("/")
    return top not in _LEFT_OUT and (top != "lib" or rest.partition("/")[0] in _LIBRARIES)


def _check_version(tree: Path, version: str) -> None:
    """Raise SourceUnavailable unless ``py/mpconfig.h`` of the tree says ``version``."""
    header = tree / "py" / "mpconfig.h"
    if not header.is_file():
        raise SourceUnavailable(f"{tree} is not a source tree of MicroPython: it has no py/mpconfig.h.")
    text = header.read_text(encoding="utf-8", errors="replace")
    numbers = dict(re.findall(r"#define MICROPY_VERSION_(MAJOR|MINOR|MICRO|PRERELEASE)\s+(\d+)", text))
    found = ".".join(numbers.get(part, "?") for part in ("MAJOR", "MINOR", "MICRO"))
    if numbers.get("PRERELEASE", "0") != "0":
        found += "-preview"
    if found != version:
        raise SourceUnavailable(
            f"{tree} is MicroPython {found}, but {version} is needed. "
            "Give a tree of that version, or change `micropython` in the target's target.toml."
        )


def _finish(folder: Path, version: str, origin: str, date: int) -> None:
    facts = {"version": version, "sha256": cache.hash_tree(folder / _TREE), "origin": origin, "released": date}
    (folder / _FACTS).write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")


@lru_cache(maxsize=8)
def _load(entry: Path) -> Source:
    facts = json.loads((entry / _FACTS).read_text(encoding="utf-8"))
    # One that was made before dates were kept is of a release whose date is pinned.
    date = facts["released"] if "released" in facts else released(facts["version"]) or 0
    return Source(entry / _TREE, facts["version"], facts["sha256"], facts["origin"], date)
