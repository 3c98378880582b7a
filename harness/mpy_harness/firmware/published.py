"""Images that somebody publishes: downloaded once, or given by hand; used only with the SHA-256 that is pinned."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from mpy_harness.errors import SourceUnavailable
from mpy_harness.firmware import cache
from mpy_harness.firmware.progress import Progress
from mpy_harness.firmware.sources import verify
from mpy_harness.targets import PublishedFirmware

_KIND = "published"


def published_image(spec: PublishedFirmware, target: str, *, force: bool, progress: Progress) -> Path:
    """Return the image, downloaded on first use.

    Raises HashMismatch, or SourceUnavailable, which says how to get the file in another way.
    """

    def download(folder: Path) -> None:
        from mpy_harness.firmware.download import fetch  # noqa: PLC0415 - needed once, and slow to import

        try:
            fetch(spec.url, folder / spec.image, progress)
        except SourceUnavailable as error:
            raise SourceUnavailable(
                f"the firmware of {target} could not be fetched: {error}\n"
                f"Check the network, or fetch that file elsewhere and keep it here: "
                f"mpy-harness setup {target}@{spec.micropython} --firmware FILE. "
                "Tests and other commands take any image: --firmware FILE."
            ) from error
        verify(folder / spec.image, spec.sha256)

    return _entry(spec, download, force=force, progress=progress)


def keep_image(spec: PublishedFirmware, file: Path, progress: Progress) -> Path:
    """Put a file that was fetched by hand into the cache and return its place there.

    Raises HashMismatch, SourceUnavailable where it cannot be read.
    """
    try:
        verify(file, spec.sha256)
    except OSError as error:
        raise SourceUnavailable(f"the firmware {file} cannot be read: {error.strerror}. Correct the path.") from error
    return _entry(spec, lambda folder: _copy(file, folder / spec.image), force=True, progress=progress)


def cached_image(spec: PublishedFirmware) -> Path | None:
    """Return the image if it is in the cache, or None."""
    folder = cache.entry(_KIND, _key(spec))
    return folder / spec.image if folder else None


def _entry(spec: PublishedFirmware, builder: Callable[[Path], None], *, force: bool, progress: Progress) -> Path:
    return cache.build_once(_KIND, _key(spec), builder, force=force, progress=progress) / spec.image


def _key(spec: PublishedFirmware) -> str:
    return f"{spec.image}-{spec.sha256[:32]}"


def _copy(file: Path, to: Path) -> None:
    shutil.copyfile(file, to)
