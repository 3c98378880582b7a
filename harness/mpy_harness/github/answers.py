"""What an answer of the API means: an error, which one, and whether it makes sense to ask again.

https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api says how long to wait.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

from mpy_harness.errors import GitHubUnavailable
from mpy_harness.measurements.run import plain

_SECONDARY_SECONDS = 60.0  # what GitHub asks for where it names no time


class NotDone(GitHubUnavailable):
    """A request that failed in a way which leaves open whether it was carried out."""


class NotFound(GitHubUnavailable):
    """What was asked for does not exist, or the token may not see it."""


class Forbidden(GitHubUnavailable):
    """The token may not do what was asked."""


@dataclass(frozen=True)
class Answer:
    """One answer: ``next`` is the address of the list's next page."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    next: str | None


def judge(what: str, answer: Answer, attempt: int) -> tuple[GitHubUnavailable, float | None]:
    """Return the error that an answer means, and after how many seconds another attempt makes sense."""
    said = _message(answer)
    if answer.status >= 500:
        return NotDone(f"{what}: status {answer.status}{said}."), 2.0 ** (attempt - 1)
    if answer.status in {403, 429} and (wait := _limited(answer, attempt)) is not None:
        return GitHubUnavailable(f"{what}: GitHub's rate limit is used up{said}."), wait
    if answer.status == 401:
        return Forbidden(f"{what}: GITHUB_TOKEN is not valid{said}."), None
    if answer.status == 403:
        needs = "actions: read, contents: read and pull-requests: write"
        return Forbidden(f"{what}: the token may not do that{said}. The job needs the permissions {needs}."), None
    if answer.status in {404, 410}:
        return NotFound(f"{what}: not found, or hidden from this token{said}."), None
    return GitHubUnavailable(f"{what}: status {answer.status}{said}."), None


def _limited(answer: Answer, attempt: int) -> float | None:
    """Return how long a rate limit asks to wait, in seconds; None where it is no rate limit."""
    after = answer.headers.get("Retry-After", "")
    if re.fullmatch(r"\d{1,9}", after):
        return float(after)
    reset = answer.headers.get("X-RateLimit-Reset", "")
    if answer.headers.get("X-RateLimit-Remaining") == "0" and re.fullmatch(r"\d{1,12}", reset):
        return max(0.0, float(reset) - _their_time(answer)) + 1.0
    if answer.status == 429 or "rate limit" in _message(answer).lower():
        return _SECONDARY_SECONDS * 2.0 ** (attempt - 1)
    return None


def _their_time(answer: Answer) -> float:
    """Return the server's clock, in seconds since 1970: what its limits go by."""
    try:
        return parsedate_to_datetime(answer.headers.get("Date", "")).timestamp()
    except (TypeError, ValueError, OverflowError):
        return time.time()


def _message(answer: Answer) -> str:
    try:
        data = json.loads(answer.body)
    except (ValueError, RecursionError):
        return ""
    said = data.get("message") if isinstance(data, dict) else None
    return f" ({plain(said)[:200]})" if isinstance(said, str) and said else ""


def json_of(answer: Answer) -> Any:
    """Return an answer's JSON data. Raises GitHubUnavailable for what is none."""
    try:
        return json.loads(answer.body, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise GitHubUnavailable("the API's answer is not JSON. Is GITHUB_API_URL the address of the API?") from error


def _no_number(name: str) -> None:
    raise ValueError(name)
