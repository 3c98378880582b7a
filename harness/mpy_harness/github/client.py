"""The few calls of GitHub's REST API that are needed, repeated where that makes sense.

The token goes to the API's own address and nowhere else: redirects are followed here, not by requests. Repeating is
done here too, not by urllib3's Retry: that decides by status and ``Retry-After`` alone, while GitHub's limits are told
by other headers and by the text of an answer, and it does not repeat a body that breaks off.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import requests

from mpy_harness import __version__
from mpy_harness.errors import GitHubUnavailable, JobMisconfigured
from mpy_harness.github.addresses import NO_ADDRESS, check_address, host, origin, resolve
from mpy_harness.github.answers import Answer, NotDone, json_of, judge
from mpy_harness.limits import API_ANSWER_BYTES, API_PAGES

_TIMEOUT = (10.0, 30.0)  # seconds to connect, seconds between two pieces of an answer
_ANSWER_SECONDS = 120.0
_ATTEMPTS = 5
_PATIENCE_SECONDS = 300.0
_REDIRECTS = 3
_MOVED = {301, 302, 303, 307, 308}


class _Bearer(requests.auth.AuthBase):
    """Sends the token, or nothing; given explicitly so that a user's .netrc is not asked."""

    def __init__(self, token: str | None) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token is not None:
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class Client:
    """Talks to the API at ``api`` with a token; ``sleep`` and ``patience`` (seconds in all) are for waiting."""

    def __init__(
        self,
        token: str,
        api: str = "https://api.github.com",
        *,
        sleep: Callable[[float], None] = time.sleep,
        patience: float = _PATIENCE_SECONDS,
    ) -> None:
        if not re.fullmatch(r"[!-~]+", token):
            raise JobMisconfigured(
                "GITHUB_TOKEN is empty or not a token. Give the step that comments `GITHUB_TOKEN: ${{ github.token }}`."
            )
        self._api = api.rstrip("/")
        check_address(self._api)
        self._auth = _Bearer(token)
        self._sleep = sleep
        self._patience = patience
        self._http = requests.Session()
        self._http.headers.update({
            "Accept": "application/vnd.github+json",
            "User-Agent": f"mpy-harness/{__version__}",
            "X-GitHub-Api-Version": "2022-11-28",
        })  # fmt: skip

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def get(self, path: str) -> Any:
        """Return the JSON data at a path."""
        return json_of(self._request("GET", self._api + path))

    def pages(self, path: str, key: str | None = None) -> Iterator[Any]:
        """Yield the entries of a list, page by page; ``key`` names the list where a page is an object."""
        url: str | None = self._api + path
        for _ in range(API_PAGES):
            if url is None:
                return
            answer = self._request("GET", url)
            page = json_of(answer)
            entries = page.get(key) if key is not None and isinstance(page, dict) else page
            if not isinstance(entries, list):
                raise GitHubUnavailable(f"GET {path} answered no list. Is GITHUB_API_URL the address of the API?")
            yield from entries
            url = resolve(url, answer.next) if answer.next else None
            if url is not None:
                self._check_ours(url)

    def post(self, path: str, data: dict[str, str]) -> Any:
        """Create something, once: raises NotDone where it cannot be known whether that happened."""
        return json_of(self._request("POST", self._api + path, data))

    def patch(self, path: str, data: dict[str, str]) -> Any:
        """Change something."""
        return json_of(self._request("PATCH", self._api + path, data))

    def delete(self, path: str) -> None:
        """Remove something."""
        self._request("DELETE", self._api + path)

    def download(self, path: str, limit: int) -> bytes:
        """Return a file of at most ``limit`` bytes that the API redirects to; its server does not get the token."""
        answer = self._request("GET", self._api + path, limit=limit, follow=False)
        url = self._api + path
        for _ in range(_REDIRECTS):
            if answer.status not in _MOVED:
                return answer.body
            url = resolve(url, answer.headers.get("Location"))
            check_address(url)
            answer = self._request("GET", url, limit=limit, follow=False, auth=_Bearer(None))
        raise GitHubUnavailable(f"GET {path}: redirected more than {_REDIRECTS} times.")

    def _check_ours(self, url: str) -> None:
        if origin(url) != origin(self._api):
            raise GitHubUnavailable(
                f"the API at {self._api} points to {host(url)}, which was not asked: the token is not for it."
            )

    def _request(
        self,
        method: str,
        url: str,
        data: dict[str, str] | None = None,
        *,
        limit: int = API_ANSWER_BYTES,
        follow: bool = True,
        auth: _Bearer | None = None,
    ) -> Answer:
        """Return the answer to a request, tried again as long as that makes sense."""
        what = f"{method} {urlsplit(url).path}"
        redirects = 0
        attempt = 0
        while True:
            attempt += 1
            try:
                answer = self._once(method, url, data, limit, auth or self._auth)
            except ValueError as error:  # requests looks at where a redirect leads, even if it is not to follow
                raise GitHubUnavailable(f"{what}: {NO_ADDRESS}") from error
            except (requests.RequestException, OSError) as error:
                failure: GitHubUnavailable = NotDone(f"{what}: {_why(error)}.")
                wait: float | None = 2.0 ** (attempt - 1)
            else:
                if answer.status in _MOVED and follow:
                    url = resolve(url, answer.headers.get("Location"))
                    self._check_ours(url)
                    redirects += 1
                    if (answer.status in {301, 302, 303} and method != "GET") or redirects > _REDIRECTS:
                        raise GitHubUnavailable(f"{what}: redirected. Has the repository been renamed?")
                    continue
                if answer.status < 400:
                    return answer
                failure, wait = judge(what, answer, attempt)
            # What may have been done already is not done twice.
            if wait is None or attempt == _ATTEMPTS or (isinstance(failure, NotDone) and method == "POST"):
                raise failure
            if wait > self._patience:
                raise type(failure)(f"{failure} It asks to wait {wait:.0f} s, which is too long. Run the job again.")
            self._patience -= wait
            self._sleep(wait)

    def _once(self, method: str, url: str, data: dict[str, str] | None, limit: int, auth: _Bearer) -> Answer:
        ends = time.monotonic() + _ANSWER_SECONDS
        with self._http.request(
            method, url, json=data, auth=auth, timeout=_TIMEOUT, allow_redirects=False, stream=True
        ) as response:
            body = bytearray()
            for piece in response.iter_content(1 << 16):
                body += piece
                if len(body) > limit:
                    raise GitHubUnavailable(
                        f"{method} {urlsplit(url).path}: the answer is larger than {limit / (1 << 20):.0f} MiB."
                    )
                if time.monotonic() > ends:
                    raise requests.Timeout(f"no whole answer within {_ANSWER_SECONDS:.0f} s")
            following = response.links.get("next", {}).get("url")
            return Answer(response.status_code, response.headers, bytes(body), following)


def _why(error: Exception) -> str:
    """Return what kind of failure it was; the text of some holds whole addresses."""
    if isinstance(error, requests.Timeout):
        return "no answer in time"
    if isinstance(error, requests.exceptions.SSLError):
        return "the server's certificate is not valid"
    return f"no connection ({type(error).__name__})"
