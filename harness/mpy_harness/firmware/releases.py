"""The MicroPython releases that firmware is built from, with the archives' pinned hashes."""

from __future__ import annotations

from dataclasses import dataclass

from mpy_harness.errors import SourceUnavailable


@dataclass(frozen=True)
class Release:
    """One release: its date (seconds since 1970, UTC), where its two archives are and their SHA-256.

    ``debian_suites`` are those that keep the source package; the machine's own suite is most often older or newer.
    """

    version: str
    released: int
    upstream_url: str
    upstream_sha256: str
    debian_version: str
    debian_sha256: str
    debian_suites: tuple[str, ...] = ("sid", "forky")

    @property
    def upstream_archive(self) -> str:
        """Return the file name of the upstream release archive."""
        return self.upstream_url.rpartition("/")[2]

    @property
    def debian_archive(self) -> str:
        """Return the file name of the source package's upstream archive."""
        return f"micropython_{self.debian_version.rpartition('-')[0]}.orig.tar.xz"

    @property
    def hashes(self) -> dict[str, str]:
        """Return the pinned SHA-256 by archive name."""
        return {self.upstream_archive: self.upstream_sha256, self.debian_archive: self.debian_sha256}


_UPSTREAM = "https://github.com/micropython/micropython/releases/download"

_RELEASES = (
    Release(
        version="1.25.0",
        released=1744727310,  # 2025-04-15 14:28:30 UTC, the date of its commit
        upstream_url=f"{_UPSTREAM}/v1.25.0/micropython-1.25.0.tar.xz",
        # As in Homebrew's formula `micropython` 1.25.0.
        upstream_sha256="9fe99ad5808e66bb40d374f5cad187c32c7d1c49cf47f72b38fd453c28c2aebe",
        # As in Debian's signed index of sources (Checksums-Sha256 of micropython 1.25.0+ds-1).
        debian_version="1.25.0+ds-1",
        debian_sha256="7b25be99a502f070b2de81dafc08da7051d992325d6e67daa9045a918fffdbea",
        debian_suites=("trixie",),
    ),
    Release(
        version="1.26.1",
        released=1757564472,  # 2025-09-11 04:21:12 UTC, the files' time in the archive
        upstream_url=f"{_UPSTREAM}/v1.26.1/micropython-1.26.1.tar.xz",
        # As in Homebrew's formula `micropython` 1.26.1 and in the Arch user package `mpy-cross` 1.26.1.
        upstream_sha256="12be6514df6272c0fcb328122b534af6b12abdd52435c19f40ee1707cc43ac98",
        # As in Debian's signed index of sources (Checksums-Sha256 of micropython 1.26.1+ds-1).
        debian_version="1.26.1+ds-1",
        debian_sha256="f5ad2ec89d3e921f753d448955af98b6005655f84ba26087dde6ba0e8d062f34",
    ),
)


def release(version: str) -> Release:
    """Return the pinned release; raises SourceUnavailable for a version that is not pinned."""
    for known in _RELEASES:
        if known.version == version:
            return known
    raise SourceUnavailable(
        f"no archive of MicroPython {version} is pinned here (pinned: {', '.join(r.version for r in _RELEASES)}). "
        "Unpack one yourself and give its folder: --micropython FOLDER or MPY_HARNESS_MICROPYTHON=FOLDER."
    )
