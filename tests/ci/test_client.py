"""The API's client against a server: pages, limits, failures, and where the token goes."""

from __future__ import annotations

import time
from email.utils import formatdate

import pytest

from mpy_harness.errors import GitHubUnavailable, JobMisconfigured
from mpy_harness.github.answers import Forbidden, NotDone, NotFound
from mpy_harness.github.client import Client
from tests.ci.github_server import REPOSITORY, Fault

COMMENTS = f"/repos/{REPOSITORY}/issues/7/comments"


def test_all_pages_are_read(github, client):
    github.page = 4
    for number in range(10):
        github.comment(f"comment {number}")
    assert [entry["body"] for entry in client.pages(COMMENTS)] == [f"comment {number}" for number in range(10)]
    assert len(github.seen) == 3


def test_a_page_of_another_server_is_not_asked(github, client):
    github.faults.append(Fault(200, b"[]", {"Link": f'<{github.store}/blob/1>; rel="next"'}))
    with pytest.raises(GitHubUnavailable, match="the token is not for it"):
        list(client.pages(COMMENTS))
    assert len(github.seen) == 1


def test_pages_without_end_are_left(github, client):
    endless = Fault(200, b"[]", {"Link": f'<{github.address}{COMMENTS}>; rel="next"'})
    github.faults += [endless] * 200
    assert list(client.pages(COMMENTS)) == []
    assert len(github.seen) == 100


def test_server_errors_pass(github, client, waits):
    github.faults += [Fault(502, b"<html>"), Fault(503)]
    assert client.get(COMMENTS) == []
    assert waits == [1, 2]


def test_a_connection_that_breaks_is_tried_again(github, client, waits):
    github.faults.append(Fault(0, close=True))
    assert client.get(COMMENTS) == []
    assert waits == [1]


def test_a_server_that_stays_broken_is_given_up(github, client, waits):
    github.faults += [Fault(500)] * 20
    with pytest.raises(NotDone, match=f"GET {COMMENTS}: status 500"):
        client.get(COMMENTS)
    assert len(github.seen) == 5
    assert sum(waits) == 15


def test_what_may_have_been_created_is_not_created_again(github, client, waits):
    github.faults.append(Fault(502, done=True))
    with pytest.raises(NotDone):
        client.post(COMMENTS, {"body": "once"})
    assert len(github.comments) == 1
    assert waits == []


def test_retry_after_is_waited_for(github, client, waits):
    github.faults.append(Fault(403, b'{"message": "You have exceeded a secondary rate limit"}', {"Retry-After": "17"}))
    client.post(COMMENTS, {"body": "later"})
    assert waits == [17]
    assert len(github.comments) == 1


def test_the_primary_limit_is_waited_for_by_the_servers_clock(github, client, waits):
    ahead = time.time() + 100_000  # a job's own clock may be wrong by more than the limit lasts
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(ahead) + 40), "Date": formatdate(ahead)}
    github.faults.append(Fault(403, b'{"message": "API rate limit exceeded"}', headers))
    client.get(COMMENTS)
    assert 40 <= waits[0] <= 42


def test_a_limit_that_is_over_is_not_waited_for(github, client, waits):
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(time.time()) - 100)}
    github.faults.append(Fault(429, headers=headers))
    client.get(COMMENTS)
    assert waits == [1]


def test_a_secondary_limit_without_a_time_is_a_minute(github, client, waits):
    said = b'{"message": "You have exceeded a secondary rate limit. Please wait."}'
    github.faults += [Fault(403, said), Fault(429)]
    client.get(COMMENTS)
    assert waits == [60, 120]


@pytest.mark.parametrize(
    "headers", [{"Retry-After": "3600"}, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "9999999999"}]
)
def test_a_limit_that_lasts_too_long_is_an_error(headers, github, client, waits):
    github.faults.append(Fault(403, b'{"message": "rate limit exceeded"}', headers))
    with pytest.raises(GitHubUnavailable, match=r"rate limit is used up.*asks to wait \d+ s, which is too long. Run"):
        client.get(COMMENTS)
    assert waits == []


def test_the_patience_is_for_all_waits_together(github, client, waits):
    github.faults += [Fault(429, headers={"Retry-After": "100"})] * 4
    with pytest.raises(GitHubUnavailable, match="too long"):
        client.get(COMMENTS)
    assert waits == [100, 100, 100]


def test_a_header_that_makes_no_sense_does_no_harm(github, client, waits):
    headers = {"Retry-After": "soon", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1e999", "Date": "never"}
    github.faults.append(Fault(429, headers=headers))
    client.get(COMMENTS)
    assert waits == [60]


def test_what_is_forbidden_is_said_at_once(github, client, waits):
    github.faults.append(Fault(403, b'{"message": "Resource not accessible by integration"}'))
    with pytest.raises(Forbidden, match=r"not accessible by integration\). The job needs.* pull-requests: write"):
        client.post(COMMENTS, {"body": "no"})
    assert waits == []


def test_what_is_not_there_is_said_at_once(client, waits):
    with pytest.raises(NotFound, match="not found, or hidden from this token"):
        client.get("/repos/maker/nothing")
    assert waits == []


def test_a_wrong_token_is_not_shown(github):
    client = Client("wrong-token", github.address)
    with pytest.raises(Forbidden, match="GITHUB_TOKEN is not valid") as failed:
        client.get(COMMENTS)
    assert "wrong-token" not in str(failed.value)
    client.close()


@pytest.mark.parametrize("token", ["", "two words", "line\nbreak", "Ünicode"])
def test_what_is_no_token_is_refused_and_not_shown(token, github):
    with pytest.raises(JobMisconfigured, match="GITHUB_TOKEN is empty or not a token") as failed:
        Client(token, github.address)
    assert not token or token not in str(failed.value)


@pytest.mark.parametrize(
    "address", ["", "api.github.com", "http://api.github.com", "ftp://127.0.0.1", "https://", "http://[::1"]
)
def test_the_token_goes_to_no_address_that_is_not_safe(address):
    with pytest.raises((JobMisconfigured, GitHubUnavailable)):
        Client("token", address)


def test_messages_of_the_server_are_cut_and_made_harmless(github, client):
    github.faults.append(Fault(422, ('{"message": "\\u001b[31m' + "x" * 5000 + '"}').encode()))
    with pytest.raises(GitHubUnavailable) as failed:
        client.get(COMMENTS)
    assert "\x1b" not in str(failed.value)
    assert len(str(failed.value)) < 400


@pytest.mark.parametrize("body", [b"", b"<html>", b"[" * 100_000, b'{"a": ' * 100_000])
def test_an_answer_that_is_no_json_is_an_error(body, github, client):
    github.faults.append(Fault(200, body))
    with pytest.raises(GitHubUnavailable, match="not JSON"):
        client.get(COMMENTS)


def test_an_answer_without_end_is_an_error(github, client):
    github.faults.append(Fault(200, b" " * (17 << 20)))
    with pytest.raises(GitHubUnavailable, match="larger than 16 MiB"):
        client.get(COMMENTS)


def test_a_renamed_repository_is_followed_on_the_same_server(github, client):
    github.faults.append(Fault(301, b"", {"Location": f"{github.address}{COMMENTS}"}))
    assert client.get("/repos/maker/old/issues/7/comments") == []


def test_a_redirect_to_another_server_does_not_get_the_token(github, client):
    github.faults.append(Fault(307, b"", {"Location": f"{github.store}/blob/1"}))
    with pytest.raises(GitHubUnavailable, match="the token is not for it"):
        client.post(COMMENTS, {"body": "secret"})
    assert len(github.seen) == 1


def test_a_redirect_to_itself_ends(github, client):
    github.faults += [Fault(302, b"", {"Location": COMMENTS})] * 20
    with pytest.raises(GitHubUnavailable, match="redirected"):
        client.get(COMMENTS)
    assert len(github.seen) < 6


def test_a_download_takes_no_token_to_the_store(github, client):
    github.artifact("mpy-harness-m33", b"content")
    assert client.download(f"/repos/{REPOSITORY}/actions/artifacts/1/zip", 100) == b"content"
    api, store = github.seen
    assert api.authorization == f"Bearer {github.token}"
    assert store.authorization is None


def test_a_users_netrc_is_not_asked_for_the_store(github, client, tmp_path, monkeypatch):
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password secret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    github.artifact("mpy-harness-m33", b"content")
    assert client.download(f"/repos/{REPOSITORY}/actions/artifacts/1/zip", 100) == b"content"
    assert github.seen[0].authorization == f"Bearer {github.token}"
    assert github.seen[1].authorization is None


@pytest.mark.parametrize("location", ["http://example.com/blob", "file:///etc/passwd", "http://[", ""])
def test_a_download_is_not_sent_where_it_is_not_safe(location, github, client):
    github.redirect = lambda _: location
    with pytest.raises((GitHubUnavailable, JobMisconfigured)):
        client.download(f"/repos/{REPOSITORY}/actions/artifacts/1/zip", 100)
    assert all(seen.authorization for seen in github.seen)


def test_a_download_has_a_limit(github, client):
    github.artifact("mpy-harness-m33", bytes(1001))
    with pytest.raises(GitHubUnavailable, match="larger than"):
        client.download(f"/repos/{REPOSITORY}/actions/artifacts/1/zip", 1000)
