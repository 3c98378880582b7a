"""Keep what was made once: whole or not at all, made by one process, used by all.

Layout: ``<root>/<kind>/<key>/`` is a finished entry and is never written again. What a build read is known only
when it is over: then the key gets a digest of those files as well, and ``<root>/<kind>/.inputs/<key>`` has their names,
a list for each of the latest builds that read other ones. While an entry is made, the maker holds
``<root>/<kind>/.locks/<key>`` and writes to ``<root>/<kind>/.part-<key>-*``, which is renamed when complete. The lock
is the operating system's (flock) and ends with its holder, so a part whose lock is free belongs to nobody and is swept.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache, partial
from pathlib import Path

import platformdirs
from filelock import FileLock, Timeout

from mpy_harness.errors import MachineryError
from mpy_harness.firmware.progress import Progress, Silent
from mpy_harness.resources import write_whole

ENVIRONMENT = "MPY_HARNESS_CACHE"

# GNU make splits file names at white space and gives other characters a meaning of their own.
_NOT_FOR_MAKE = re.compile(r"[^\w/.+,@~-]")

# Longer than any build may take (image.py, sources.py), so that a waiter outlasts the maker's own limit.
_LOCK_SECONDS = 1800.0
_PATIENCE_SECONDS = 1.0
_MOST_LISTS = 8
# Of a write to an open file, which does not tell its name.
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG}


def cache_root() -> Path:
    """Return the cache's folder: ``$MPY_HARNESS_CACHE``, or the user's cache folder; it may not exist yet."""
    given = os.environ.get(ENVIRONMENT)
    root = Path(given).expanduser().absolute() if given else platformdirs.user_cache_path("mpy-harness")
    if odd := _NOT_FOR_MAKE.search(str(root)):
        raise MachineryError(
            f"the cache folder {str(root)!r} has {odd.group()!r} in its path, which make cannot build in. "
            f"Set {ENVIRONMENT} to a folder without."
        )
    return root


def digest(facts: object) -> str:
    """Return a key for ``facts`` (JSON data): 32 hexadecimal digits of a SHA-256."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:32]


def hash_tree(folder: Path, files: Iterable[Path] | None = None) -> str:
    """Return the SHA-256 over the names, executable bits and contents of the files under ``folder``."""
    total = hashlib.sha256()
    for path in sorted(files if files is not None else folder.rglob("*")):
        if "__pycache__" in path.parts or not path.is_file():
            continue
        content = path.read_bytes()
        executable = bool(path.stat().st_mode & 0o100)
        total.update(f"{path.relative_to(folder).as_posix()}\0{executable:d}\0{len(content)}\0".encode())
        total.update(content)
    return total.hexdigest()


def entry(kind: str, key: str) -> Path | None:
    """Return the finished entry, or None."""
    path = cache_root() / kind / key
    return path if path.is_dir() else None


def build_once(
    kind: str,
    key: str,
    builder: Callable[[Path], object],
    *,
    force: bool = False,
    progress: Progress | None = None,
) -> Path:
    """Return the folder of entry ``key``, made by ``builder(folder)`` unless it is there; ``force`` makes it anew.

    The builder gets an empty folder; what it raises is passed on and leaves no entry.
    """

    def build(folder: Path) -> str:
        builder(folder)
        return key

    return _build_unless(lambda: entry(kind, key), kind, key, build, force=force, progress=progress)


def build_from_inputs(
    kind: str,
    key: str,
    builder: Callable[[Path], Iterable[Path]],
    *,
    anchor: Path,
    project: Path,
    force: bool = False,
    progress: Progress | None = None,
) -> Path:
    """Return an entry like ``build_once`` whose builder returns the files that it read, and folders that it listed.

    It is made anew when one of them has changed since; of a folder, the names in it count. Files of the folder
    ``project`` are known by their places relative to ``anchor``, so that two checkouts do not take each other's files
    for their own.
    """

    def build(folder: Path) -> str:
        names = [_name_of(file, anchor, project) for file in builder(folder)]
        others = [listed for listed in _inputs(kind, key) if listed != names]
        lists = [names, *others][:_MOST_LISTS]
        write_whole(_make_folder(cache_root() / kind / ".inputs") / key, json.dumps(lists))
        return _key_with_inputs(key, names, anchor)

    found = partial(entry_from_inputs, kind, key, anchor)
    return _build_unless(found, kind, key, build, force=force, progress=progress)


def entry_from_inputs(kind: str, key: str, anchor: Path) -> Path | None:
    """Return the finished entry of ``build_from_inputs``, None where there is none or a file that it read changed."""
    entries = (entry(kind, _key_with_inputs(key, names, anchor)) for names in _inputs(kind, key))
    return next((found for found in entries if found is not None), None)


def _inputs(kind: str, key: str) -> list[list[str]]:
    try:
        lists = json.loads((cache_root() / kind / ".inputs" / key).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    return [listed for listed in lists if isinstance(listed, list)]


def _name_of(file: Path, anchor: Path, project: Path) -> str:
    is_own = file.is_relative_to(os.path.realpath(project))
    return os.path.relpath(file, os.path.realpath(anchor)) if is_own else str(file)


def _key_with_inputs(key: str, names: Iterable[str], anchor: Path) -> str:
    base = Path(os.path.realpath(anchor))
    return f"{key}-{digest([(name, _content_hash(base / name)) for name in names])}"


def _content_hash(file: Path) -> str:
    try:
        if file.is_dir():
            names = (child.name for child in file.iterdir())
            return digest(sorted(name for name in names if not name.startswith((".", "__pycache__"))))
        about = file.stat()
        return _hash_of_version(file, about.st_mtime_ns, about.st_size)
    except OSError:
        return "absent"


@lru_cache(maxsize=4096)
def _hash_of_version(file: Path, _changed: int, _size: int) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _build_unless(
    found: Callable[[], Path | None],
    kind: str,
    key: str,
    build: Callable[[Path], str],
    *,
    force: bool,
    progress: Progress | None,
) -> Path:
    """Return what ``found`` finds, or have it made under the lock of ``key``; ``build`` returns its entry's key."""
    if not force and (there := found()) is not None:
        return there
    folder = _make_folder(cache_root() / kind)
    locks = _make_folder(folder / ".locks")
    with _write_errors(folder), _locked(FileLock(locks / key), kind, progress or Silent()):
        _sweep(folder, holding=key)
        if not force and (there := found()) is not None:
            return there
        part = Path(tempfile.mkdtemp(prefix=f".part-{key}-", dir=folder))
        try:
            made = part / "new"
            made.mkdir()
            final = folder / build(made)
            if final.is_dir():
                final.rename(part / "old")
            made.rename(final)
        finally:
            shutil.rmtree(part, ignore_errors=True)
    return final


def shared_folder(name: str) -> Path:
    """Return a folder of the cache in which a tool keeps files of its own."""
    return _make_folder(cache_root() / name)


def keep_log(log: Path, name: str) -> Path:
    """Move a failed build's log out of the folder that is about to vanish, and return where it is."""
    return log.replace(shared_folder("logs") / f"{name}.log")


def _make_folder(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise MachineryError(
            f"the cache folder {folder} cannot be made: {error.strerror}. "
            f"Set {ENVIRONMENT} to a folder you may write to."
        ) from error
    return folder


@contextmanager
def _write_errors(folder: Path) -> Iterator[None]:
    """Raise MachineryError, which names the folder, where a lock or what is made cannot be written there."""
    try:
        yield
    except OSError as error:
        named = Path(os.fsdecode(error.filename)) if isinstance(error.filename, (str, bytes)) else None
        if error.errno not in _NO_ROOM and (named is None or not named.is_relative_to(folder)):
            raise
        raise MachineryError(
            f"the cache folder {folder} cannot be written: {error.strerror}. "
            f"Make room there, or set {ENVIRONMENT} to a folder that you may write to."
        ) from error


@contextmanager
def _locked(lock: FileLock, kind: str, progress: Progress) -> Iterator[None]:
    """Hold a lock, saying so when another process has it for more than a moment."""
    try:
        lock.acquire(timeout=_PATIENCE_SECONDS)
    except Timeout:
        progress.stage(f"waiting for another process that makes this entry of {kind}")
        try:
            lock.acquire(timeout=_LOCK_SECONDS)
        except Timeout as error:
            raise MachineryError(
                f"another process has held {lock.lock_file} for {_LOCK_SECONDS:.0f} s. "
                "End that process, or use another cache folder."
            ) from error
    try:
        yield
    finally:
        lock.release()


def _sweep(folder: Path, holding: str) -> None:
    """Delete the parts that killed makers left: those whose lock is ours or free."""
    for part in folder.glob(".part-*"):
        key = part.name.removeprefix(".part-").rpartition("-")[0]
        if key == holding:
            shutil.rmtree(part, ignore_errors=True)
            continue
        lock = FileLock(folder / ".locks" / key)
        try:
            with lock.acquire(timeout=0):
                shutil.rmtree(part, ignore_errors=True)
        except Timeout:
            continue  # its maker is alive
