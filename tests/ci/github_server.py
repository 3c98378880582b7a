"""A server on loopback that answers like GitHub's REST API, as far as this project calls it.

Pages, redirects, statuses and headers follow GitHub's documentation. ``faults`` are answers to give first:
each is taken by the next request whose method and path it matches.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

REPOSITORY = "maker/filters"
NOT_FOUND = (404, b'{"message": "Not Found"}', dict[str, str]())


@dataclass
class Fault:
    """An answer out of turn; ``done`` means that the request is carried out all the same, ``close`` that none comes."""

    status: int
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    matches: str = ""
    done: bool = False
    close: bool = False


@dataclass
class Seen:
    method: str
    path: str
    authorization: str | None


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # an answer in one piece does not wait for the client's acknowledgement

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        self.server.github.answer(self)  # type: ignore[attr-defined]

    do_POST = do_PATCH = do_DELETE = do_GET  # noqa: N815

    def reply(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response_only(status)
        if "Date" not in headers:
            self.send_header("Date", self.date_time_string())
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, github: GitHub) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.github = github
        self.thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def end(self) -> None:
        self.shutdown()
        self.server_close()
        self.thread.join(10)


class GitHub:
    """The API and the store of artifacts, two servers as in reality."""

    def __init__(self) -> None:
        self.token = "token-of-the-job"  # noqa: S105
        self.login: str | None = None  # a job's own token may not ask
        self.page = 30
        self.comments: list[dict[str, Any]] = []
        self.pulls: list[dict[str, Any]] = []
        self.artifacts: list[dict[str, Any]] = []
        self.archives: dict[int, bytes] = {}
        self.files: dict[tuple[str, str], str] = {}  # by commit and path
        self.faults: list[Fault] = []
        self.seen: list[Seen] = []
        self.redirect: Callable[[int], str] = lambda number: f"{self.store}/blob/{number}?signature=secret"
        self._lock = threading.Lock()

    def __enter__(self) -> GitHub:  # noqa: PYI034 - Python 3.10
        self._api, self._store = _Server(self), _Server(self)
        return self

    def __exit__(self, *_: object) -> None:
        self._api.end()
        self._store.end()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._api.server_port}"

    @property
    def store(self) -> str:
        return f"http://127.0.0.1:{self._store.server_port}"

    def comment(self, body: str, login: str = "github-actions[bot]", issue: int = 7) -> dict[str, Any]:
        made = {"id": 1000 + len(self.comments), "body": body, "user": {"login": login}, "issue": issue}
        self.comments.append(made)
        return made

    def artifact(self, name: str, archive: bytes, **facts: object) -> dict[str, Any]:
        number = 1 + len(self.artifacts)
        digest = f"sha256:{hashlib.sha256(archive).hexdigest()}"
        made = {"id": number, "name": name, "size_in_bytes": len(archive), "expired": False, "digest": digest, **facts}
        self.artifacts.append(made)
        self.archives[number] = archive
        return made

    def pull(self, number: int, commit: str, branch: str = "faster", fork: str = "guest/filters") -> dict[str, Any]:
        made = {
            "number": number,
            "state": "open",
            "head": {"sha": commit, "label": f"{fork.partition('/')[0]}:{branch}", "repo": {"full_name": fork}},
            "base": {"sha": "d" * 40, "repo": {"full_name": REPOSITORY}},
        }
        self.pulls.append(made)
        return made

    def asked(self, method: str = "") -> list[str]:
        return [seen.path for seen in self.seen if seen.method == method or not method]

    def answer(self, request: _Handler) -> None:
        with self._lock:
            length = int(request.headers.get("Content-Length") or 0)
            data = request.rfile.read(length)
            at_store = request.server is self._store
            self.seen.append(Seen(request.command, request.path, request.headers.get("Authorization")))
            if at_store:
                number = int(urlsplit(request.path).path.rpartition("/")[2])
                # Azure's store refuses a request with a token it does not know.
                allowed = "Authorization" not in request.headers and number in self.archives
                request.reply(200 if allowed else 403, self.archives[number] if allowed else b"", {})
                return
            for fault in self.faults:
                if re.search(fault.matches, f"{request.command} {request.path}"):
                    self.faults.remove(fault)
                    if fault.done:
                        self._do(request, data)
                    if fault.close:
                        request.close_connection = True
                        request.connection.close()
                        return
                    request.reply(fault.status, fault.body, fault.headers)
                    return
            if request.headers.get("Authorization") != f"Bearer {self.token}":
                request.reply(401, b'{"message": "Bad credentials"}', {})
                return
            request.reply(*self._do(request, data))

    def _do(self, request: _Handler, data: bytes) -> tuple[int, bytes, dict[str, str]]:
        home = re.escape(f"/repos/{REPOSITORY}")
        where = f"{request.command} {urlsplit(request.path).path}"
        for route, do in (
            ("GET /user", self._user),
            (rf"GET {home}/issues/(\d+)/comments", self._comments),
            (rf"POST {home}/issues/(\d+)/comments", self._create),
            (rf"PATCH {home}/issues/comments/(\d+)", self._update),
            (rf"DELETE {home}/issues/comments/(\d+)", self._delete),
            (rf"GET {home}/contents/pyproject\.toml", self._contents),
            (rf"GET {home}/pulls", self._pulls),
            (rf"GET {home}/actions/runs/(\d+)/artifacts", self._artifacts),
            (rf"GET {home}/actions/artifacts/(\d+)/zip", self._zip),
        ):
            if match := re.fullmatch(route, where):
                number = int(match[1]) if match.groups() else 0
                return do(request, number, data)
        return NOT_FOUND

    def _user(self, *_: object) -> tuple[int, bytes, dict[str, str]]:
        if self.login is None:
            return 403, b'{"message": "Resource not accessible by integration"}', {}
        return 200, json.dumps({"login": self.login}).encode(), {}

    def _comments(self, request: _Handler, issue: int, _: bytes) -> tuple[int, bytes, dict[str, str]]:
        return self._page(request, [comment for comment in self.comments if comment["issue"] == issue])

    def _create(self, _: _Handler, issue: int, data: bytes) -> tuple[int, bytes, dict[str, str]]:
        made = self.comment(json.loads(data)["body"], self.login or "github-actions[bot]", issue)
        return 201, json.dumps(made).encode(), {}

    def _update(self, _: _Handler, number: int, data: bytes) -> tuple[int, bytes, dict[str, str]]:
        for comment in self.comments:
            if comment["id"] == number:
                comment["body"] = json.loads(data)["body"]
                return 200, json.dumps(comment).encode(), {}
        return NOT_FOUND

    def _delete(self, _: _Handler, number: int, __: bytes) -> tuple[int, bytes, dict[str, str]]:
        kept = [comment for comment in self.comments if comment["id"] != number]
        if len(kept) == len(self.comments):
            return NOT_FOUND
        self.comments[:] = kept
        return 204, b"", {}

    def _pulls(self, request: _Handler, *_: object) -> tuple[int, bytes, dict[str, str]]:
        head = parse_qs(urlsplit(request.path).query)["head"][0]
        return self._page(request, [p for p in self.pulls if p["head"]["label"] == head and p["state"] == "open"])

    def _contents(self, request: _Handler, *_: object) -> tuple[int, bytes, dict[str, str]]:
        text = self.files.get((parse_qs(urlsplit(request.path).query)["ref"][0], "pyproject.toml"))
        if text is None:
            return NOT_FOUND
        lines = base64.encodebytes(text.encode()).decode()
        return 200, json.dumps({"type": "file", "encoding": "base64", "content": lines}).encode(), {}

    def _artifacts(self, request: _Handler, *_: object) -> tuple[int, bytes, dict[str, str]]:
        return self._page(request, self.artifacts, "artifacts")

    def _zip(self, _: _Handler, number: int, *__: object) -> tuple[int, bytes, dict[str, str]]:
        return 302, b"", {"Location": self.redirect(number)}

    def _page(
        self, request: _Handler, entries: list[dict[str, Any]], key: str | None = None
    ) -> tuple[int, bytes, dict[str, str]]:
        parts = urlsplit(request.path)
        query = parse_qs(parts.query)
        number = int(query.get("page", ["1"])[0])
        size = min(int(query.get("per_page", ["30"])[0]), self.page)
        some = entries[(number - 1) * size : number * size]
        headers = {}
        if number * size < len(entries):
            rest = "&".join(f"{name}={values[0]}" for name, values in query.items() if name != "page")
            headers["Link"] = f'<{self.address}{parts.path}?{rest}&page={number + 1}>; rel="next"'
        page: object = {"total_count": len(entries), key: some} if key else some
        return 200, json.dumps(page).encode(), headers
