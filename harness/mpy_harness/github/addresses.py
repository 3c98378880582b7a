"""Addresses that a server gives: which are safe to ask, and which part of one may be shown."""

from __future__ import annotations

from urllib.parse import SplitResult, urljoin, urlsplit

from mpy_harness.errors import GitHubUnavailable, JobMisconfigured
from mpy_harness.measurements.run import plain

NO_ADDRESS = "the API redirects to what is no address. Is GITHUB_API_URL right?"
_HERE = {"127.0.0.1", "::1", "localhost"}


def check_address(url: str) -> None:
    """Raise unless an address is safe to ask: HTTPS, or a server on this machine."""
    parts = _split(url)
    if not parts.hostname or not (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _HERE)):
        raise JobMisconfigured(f"{host(url) or 'an empty address'} is no address with https://, it is not asked.")


def resolve(url: str, other: str | None) -> str:
    """Return where a redirect or link from ``url`` leads. Raises GitHubUnavailable where that is nowhere."""
    if not other:
        raise GitHubUnavailable(NO_ADDRESS)
    try:
        return urljoin(url, other)
    except ValueError as error:
        raise GitHubUnavailable(NO_ADDRESS) from error


def origin(url: str) -> tuple[str, str | None, int | None]:
    """Return what must be equal for two addresses to be of one server."""
    parts = _split(url)
    return parts.scheme, parts.hostname, parts.port


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - reading it checks it
    except ValueError as error:
        raise GitHubUnavailable(NO_ADDRESS) from error
    return parts


def host(url: str) -> str:
    """Return scheme and host alone: the rest of a signed address is a secret."""
    parts = _split(url)
    return plain(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}")[:200] if parts.netloc else ""
