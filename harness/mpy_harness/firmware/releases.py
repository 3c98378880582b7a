"""The MicroPython releases that firmware is built from, with the archives' pinned hashes."""

from __future__ import annotations

from dataclasses import dataclass

from mpy_harness.errors import SourceUnavailable


@dataclass(frozen=True)
class Release:
    """One release: its date (seconds since 1970, UTC), where its archives are and their SHA-256.

    The date is None where no record of it was at hand: then it is that of the archive's files. Not every release is a
    package of Debian. ``debian_suites`` are those that keep the source package; the machine's own suite is most often
    older or newer.
    """

    version: str
    released: int | None
    upstream_url: str
    upstream_sha256: str
    debian_version: str = ""
    debian_sha256: str = ""
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
        debian = {self.debian_archive: self.debian_sha256} if self.debian_version else {}
        return {self.upstream_archive: self.upstream_sha256, **debian}


_UPSTREAM = "https://github.com/micropython/micropython/releases/download"

# From 1.25.0 on, the port takes boards that are outside of it. Dates are of the commits that upstream's tags name.
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
        version="1.26.0",
        released=1754746291,  # 2025-08-09 13:31:31 UTC
        upstream_url=f"{_UPSTREAM}/v1.26.0/micropython-1.26.0.tar.xz",
        # As in Homebrew's formula `micropython` 1.26.0.
        upstream_sha256="a1b8e0f6bf7a8a78b55ac865c46c4c45f9623a86a1785d2063ff1cb3b6e661d7",
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
    Release(
        version="1.27.0",
        released=1765291456,  # 2025-12-09 14:44:16 UTC
        upstream_url=f"{_UPSTREAM}/v1.27.0/micropython-1.27.0.tar.xz",
        # As in Homebrew's formula `micropython` 1.27.0 and in the Arch user package `mpy-cross` 1.27.0.
        upstream_sha256="9874b20646c3bbe81d524f779a16875e5d088b7065e175ffd2aa2a02f50573c9",
    ),
    Release(
        version="1.28.0",
        released=1775481169,  # 2026-04-06 13:12:49 UTC
        upstream_url=f"{_UPSTREAM}/v1.28.0/micropython-1.28.0.tar.xz",
        # As in Homebrew's formula `micropython` 1.28.0 and in the Arch user package `mpy-cross` 1.28.0.
        upstream_sha256="4e43c59657b8da33b4bc503509a827cc3ea6cb66c446475c57776cf4467ba215",
    ),
    Release(
        version="1.29.0",
        released=None,
        upstream_url=f"{_UPSTREAM}/v1.29.0/micropython-1.29.0.tar.xz",
        # As in Homebrew's formula `micropython` 1.29.0 and in the Arch user package `mpy-cross` 1.29.0.
        upstream_sha256="d925a7c664e79a2bdf3dfcb285ba5e2237041cc35a0bd4ee573b6c5711efeca0",
    ),
)


def versions() -> list[str]:
    """Return the releases that are pinned, which ``TARGET@VERSION`` can ask for, the oldest first."""
    return [known.version for known in _RELEASES]


def released(version: str) -> int | None:
    """Return the date of a release, None where it is not known."""
    return next((known.released for known in _RELEASES if known.version == version), None)


def release(version: str) -> Release:
    """Return the pinned release; raises SourceUnavailable for a version that is not pinned."""
    for known in _RELEASES:
        if known.version == version:
            return known
    raise SourceUnavailable(
        f"no archive of MicroPython {version} is pinned here (pinned: {', '.join(versions())}). "
        "Unpack one yourself and give its folder: --micropython FOLDER or MPY_HARNESS_MICROPYTHON=FOLDER."
    )
