"""Fetch MicroPython's Debian source package with apt's own client, without root.

apt gets folders of its own for state, cache and sources, so nothing of the machine's apt changes;
its settings for proxies and transports stay in force, and so does its signature check. See
apt-get(8), apt.conf(5) and sources.list(5).
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from pathlib import Path

from mpy_harness.errors import MachineryError, SourceUnavailable
from mpy_harness.firmware.process import last_lines, run
from mpy_harness.firmware.progress import Progress
from mpy_harness.firmware.releases import Release

_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")

# Read after the machine's own settings. The hooks of the machine (package-kit, docker-clean) are
# not for private lists; as root, apt would fetch as a user that may not enter our folder. An index
# may be old (a frozen mirror, a clock that is off): what it leads to is pinned by hash.
_SETTINGS = """
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
APT::Sandbox::User "root";
Dir::State "{private}/state";
Dir::Cache "{private}/cache";
Dir::Etc::SourceList "{sources}";
Dir::Etc::SourceParts "{private}/parts";
Acquire::Languages "none";
Acquire::Check-Date "false";
Acquire::Check-Valid-Until "false";
Acquire::Retries "1";
Acquire::http::Timeout "20";
Acquire::https::Timeout "20";
"""

_INDEX_SECONDS = 300.0
_FETCH_SECONDS = 300.0


def fetch(release: Release, destination: Path, progress: Progress) -> Path:
    """Download the source package's upstream archive into ``destination`` and return its path.

    The caller checks its hash. Raises SourceUnavailable with what apt said.
    """
    if shutil.which("apt-get") is None:
        raise SourceUnavailable("apt-get is not installed: not a Debian system")
    mirrors = _mirrors()
    if not mirrors:
        raise SourceUnavailable("apt is configured for no Debian mirror")
    said: list[str] = []
    for mirror in mirrors:
        for suite in release.debian_suites:
            progress.stage(f"fetching Debian's source package micropython {release.debian_version} ({suite})")
            with tempfile.TemporaryDirectory(prefix="apt-", dir=destination) as private:
                try:
                    _fetch_from(mirror, suite, release, Path(private))
                    found = Path(private) / release.debian_archive
                    if found.is_file():
                        return found.rename(destination / release.debian_archive)
                    said.append(f"{suite}: apt-get source did not leave {release.debian_archive}")
                except MachineryError as error:
                    said.append(f"{suite}: {error}")
    raise SourceUnavailable("\n".join(said))


def _mirrors() -> list[str]:
    """Return the addresses of the package archives this machine's apt uses, without security archives."""
    # Unlike `apt-get indextargets`, this needs no lists that were fetched before: images of containers have none.
    result = run(["apt-get", "update", "--print-uris"], timeout=60, env={**os.environ, "LC_ALL": "C"})
    uris = dict.fromkeys(re.findall(r"^'(\S+?)/dists/", result.output, re.MULTILINE))
    # A Debian archive is published under .../debian/; others (security, third party) do not hold the package.
    return [uri for uri in uris if uri.rpartition("/")[2] == "debian"]


def _fetch_from(mirror: str, suite: str, release: Release, private: Path) -> None:
    for folder in ("state/lists/partial", "cache/archives/partial", "parts"):
        (private / folder).mkdir(parents=True)
    signed_by = f"[signed-by={_KEYRING}] " if _KEYRING.is_file() else ""
    sources = private / "sources.list"
    sources.write_text(f"deb-src {signed_by}{mirror} {suite} main\n", encoding="utf-8")
    settings = private / "apt.conf"
    settings.write_text(_SETTINGS.format(private=private, sources=sources), encoding="utf-8")
    _apt(["-c", str(settings), "--error-on=any", "update"], _INDEX_SECONDS, private)
    package = f"micropython={release.debian_version}"
    _apt(["-c", str(settings), "source", "--download-only", package], _FETCH_SECONDS, private)


def _apt(arguments: list[str], timeout: float, cwd: Path) -> None:
    result = run(["apt-get", "-q", *arguments], timeout=timeout, cwd=cwd, env={**os.environ, "LC_ALL": "C"})
    if result.status != 0:
        errors = [line for line in result.output.splitlines() if line.startswith(("E:", "Err:"))]
        raise SourceUnavailable("\n".join(errors[-5:]) or last_lines(result.output, 5))
