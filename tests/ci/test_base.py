"""What a job compares with, in real checkouts."""

from __future__ import annotations

import json
import shutil

import pytest

from mpy_harness.errors import JobMisconfigured, ToolMissing
from mpy_harness.github.base import base_commit, second_checkout, top
from tests.ci.repositories import commit, git, new_repository

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed; On Debian: apt install git")


@pytest.fixture
def repository(tmp_path):
    return new_repository(tmp_path / "filters")


@pytest.fixture
def job(tmp_path):
    def write(event, **payload):
        file = tmp_path / f"{event}.json"
        file.write_text(json.dumps(payload))
        return {"GITHUB_EVENT_NAME": event, "GITHUB_EVENT_PATH": str(file)}

    return write


def pull_request(base: str, head: str) -> dict[str, object]:
    return {"number": 7, "state": "open", "head": {"sha": head}, "base": {"sha": base}}


def test_a_pull_request_is_compared_with_where_it_left(repository, job):
    start = commit(repository, {"a": "1"})
    git(repository, "checkout", "--quiet", "-b", "faster")
    head = commit(repository, {"b": "1"})
    git(repository, "checkout", "--quiet", "main")
    base = commit(repository, {"a": "2"})
    git(repository, "checkout", "--quiet", "faster")
    assert base_commit(repository, job("pull_request", pull_request=pull_request(base, head))) == start
    # What actions/checkout gives is the merge of both: then all that differs from the branch's tip is the change.
    git(repository, "checkout", "--quiet", "--detach", "main")
    git(repository, "merge", "--quiet", "--no-edit", "faster")
    assert base_commit(repository, job("pull_request", pull_request=pull_request(base, head))) == base


def test_a_push_is_compared_with_what_was_there(repository, job):
    before = commit(repository, {"a": "1"})
    commit(repository, {"a": "2"})
    assert base_commit(repository, job("push", before=before)) == before


@pytest.mark.parametrize(("event", "payload"), [("push", {"before": "0" * 40}), ("schedule", {})])
def test_without_anything_before_there_is_nothing(event, payload, repository, job):
    commit(repository, {"a": "1"})
    assert base_commit(repository, job(event, **payload)) is None


def test_outside_of_a_job_there_is_nothing(repository):
    assert base_commit(repository, {}) is None


def test_a_shallow_checkout_is_said_with_what_to_do(repository, tmp_path, job):
    before = commit(repository, {"a": "1"})
    commit(repository, {"a": "2"})
    git(tmp_path, "clone", "--quiet", "--depth=1", repository.as_uri(), "shallow")
    for environment in (job("push", before=before), job("pull_request", pull_request=pull_request(before, before))):
        with pytest.raises(JobMisconfigured, match=r"has no commit [0-9a-f]{10}\..*`fetch-depth: 0`"):
            base_commit(tmp_path / "shallow", environment)


def test_histories_with_nothing_in_common_are_said(repository, job):
    other = commit(repository, {"a": "1"})
    git(repository, "checkout", "--quiet", "--orphan", "alone")
    commit(repository, {"a": "2"})
    with pytest.raises(JobMisconfigured, match="no commit in common"):
        base_commit(repository, job("pull_request", pull_request=pull_request(other, other)))


@pytest.mark.parametrize("before", ["--upload-pack=touch x", "HEAD", "main", "", None])
def test_an_events_commit_is_a_commit(before, repository, job):
    commit(repository, {"a": "1"})
    with pytest.raises(JobMisconfigured, match="not an event push"):
        base_commit(repository, job("push", before=before))


def test_a_second_checkout_comes_and_goes(repository):
    before = commit(repository, {"a": "1", "tests/b": "1"})
    commit(repository, {"a": "2"})
    (repository / ".git" / "hooks").mkdir(exist_ok=True)
    hook = repository / ".git" / "hooks" / "post-checkout"
    hook.write_text("#!/bin/sh\ntouch hooked\n")
    hook.chmod(0o755)
    with second_checkout(repository / "tests", before) as checkout:
        assert (checkout / "a").read_text() == "1"
        assert (repository / "a").read_text() == "2"
        assert not (checkout / "hooked").exists()
        assert top(checkout / "tests") == checkout.resolve()
        (checkout / "left behind").write_text("")
    assert not checkout.parent.exists()
    assert git(repository, "worktree", "list").count("\n") == 0
    assert git(repository, "status", "--porcelain") == ""


def test_a_second_checkout_goes_when_something_fails(repository):
    before = commit(repository, {"a": "1"})
    with pytest.raises(RuntimeError), second_checkout(repository, before) as checkout:
        raise RuntimeError
    assert not checkout.parent.exists()
    assert git(repository, "worktree", "list").count("\n") == 0


def test_a_revision_that_is_not_there_is_said(repository):
    commit(repository, {"a": "1"})
    with (
        pytest.raises(JobMisconfigured, match="git could not check out cccccccccc a second time"),
        second_checkout(repository, "c" * 40),
    ):
        pass


def test_a_folder_that_is_no_checkout_is_said(tmp_path):
    with pytest.raises(JobMisconfigured, match="git could not find the checkout"):
        top(tmp_path)


def test_git_that_is_missing_is_said(repository, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolMissing, match="apt install git"):
        top(repository)
