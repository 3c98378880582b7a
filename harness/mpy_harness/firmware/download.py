"""Download a file over HTTPS. The caller checks its hash."""

from __future__ import annotations

from pathlib import Path

import pooch
import requests

from mpy_harness.errors import SourceUnavailable
from mpy_harness.firmware.progress import Progress

# A closed network should cost seconds: the next origin may be reachable.
_CONNECT_SECONDS = 8.0
_READ_SECONDS = 60.0
_ATTEMPTS = 2


class _Bar:
    """What pooch takes for a progress bar, shown as text."""

    def __init__(self, name: str, progress: Progress) -> None:
        self._name, self._progress = name, progress
        self.total = 0
        self._done = 0

    def update(self, count: int) -> None:
        self._done += count
        if self.total:
            self._progress.detail(f"downloading {self._name}: {self._done / 1e6:.1f} of {self.total / 1e6:.1f} MB")

    def reset(self) -> None:
        self._done = 0

    def close(self) -> None:
        """Nothing is held open."""


def fetch(url: str, destination: Path, progress: Progress) -> Path:
    """Download ``url`` to the file ``destination`` and return it; raises SourceUnavailable.

    What may pass (a broken connection, a server error) is tried once more.
    """
    progress.stage(f"downloading {url}")
    for attempt in range(1, _ATTEMPTS + 1):
        get = pooch.HTTPDownloader(
            progressbar=_Bar(destination.name, progress), chunk_size=1 << 16, timeout=(_CONNECT_SECONDS, _READ_SECONDS)
        )
        try:
            get(url, str(destination), None)
        except (requests.RequestException, OSError) as error:
            destination.unlink(missing_ok=True)
            if attempt == _ATTEMPTS or not _may_pass(error):
                raise SourceUnavailable(f"{url}: {_reason(error)}") from error
            progress.stage(f"downloading {url} failed ({_reason(error)}), trying once more")
        else:
            break
    return destination


def _may_pass(error: Exception) -> bool:
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return error.response.status_code >= 500 or error.response.status_code == 429
    # Who cannot connect at all, or is refused by a certificate, will not be able to a moment later.
    return not isinstance(
        error, (requests.ConnectTimeout, requests.exceptions.SSLError, requests.exceptions.ProxyError)
    )


def _reason(error: Exception) -> str:
    """Return the innermost reason, without the layers of the HTTP library around it."""
    while (inner := error.__cause__ or error.__context__) is not None and isinstance(inner, Exception):
        error = inner
    return str(error) or type(error).__name__
