"""What a job compares with, in real checkouts."""

from __future__ import annotations

import json
import shutil

import pytest

from mpy_harness.errors import JobMisconfigured, ToolMissing
from mpy_harness.github.base import base_commit
from mpy_harness.revisions.checkout import second_checkout, top
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
    return {"number": 7, "state": "open", "head": {"sha": head}, "base": {"sha": base, "ref": "main"}}


def fetched(repository, branch="main"):
    """Leave what actions/checkout fetches of a branch."""
    git(repository, "update-ref", f"refs/remotes/origin/{branch}", branch)


@pytest.fixture
def changed(repository):
    """The event's commits of a pull request whose branch has moved on since it was opened: base and head."""
    start = commit(repository, {"a": "1"})
    git(repository, "checkout", "--quiet", "-b", "faster")
    head = commit(repository, {"b": "1"})
    git(repository, "checkout", "--quiet", "main")
    commit(repository, {"a": "2"})
    return start, head


def merge(repository):
    git(repository, "checkout", "--quiet", "--detach", "main")
    git(repository, "merge", "--quiet", "--no-ff", "--no-edit", "faster")


def test_a_pull_request_is_compared_with_the_first_parent_of_its_merge(repository, changed, job):
    merge(repository)
    # The event still tells of the branch as it was: what others did since is not this change's.
    assert base_commit(repository, job("pull_request", pull_request=pull_request(*changed))) == git(
        repository, "rev-parse", "main"
    )


def test_a_pull_requests_own_branch_is_compared_with_where_it_left_the_branch_as_it_is_now(repository, changed, job):
    start, head = changed
    git(repository, "checkout", "--quiet", "faster")
    fetched(repository)
    environment = job("pull_request", pull_request=pull_request(start, head))
    assert base_commit(repository, environment) == start
    # Once it has what is new there, that is not its own change.
    git(repository, "merge", "--quiet", "--no-edit", "main")
    head = git(repository, "rev-parse", "HEAD")
    environment = job("pull_request", pull_request=pull_request(start, head))
    assert base_commit(repository, environment) == git(repository, "rev-parse", "main")


def test_a_base_that_was_pushed_by_force_is_asked_for_as_it_is_now(repository, changed, job):
    git(repository, "checkout", "--quiet", "main")
    git(repository, "commit", "--quiet", "--amend", "-m", "another")
    gone = "e" * 40  # what the event tells of is in no clone any more
    merge(repository)
    environment = job("pull_request", pull_request=pull_request(gone, changed[1]))
    assert base_commit(repository, environment) == git(repository, "rev-parse", "main")
    git(repository, "checkout", "--quiet", "faster")
    fetched(repository)
    assert base_commit(repository, environment) == changed[0]


def test_a_merge_group_is_compared_with_what_it_is_built_on(repository, changed, job):
    merge(repository)
    onto = git(repository, "rev-parse", "main")
    group = {"head_sha": git(repository, "rev-parse", "HEAD"), "base_sha": onto, "base_ref": "refs/heads/main"}
    assert base_commit(repository, job("merge_group", action="checks_requested", merge_group=group)) == onto


@pytest.mark.parametrize("depth", [1, 2])
def test_a_shallow_clone_of_the_merge_is_enough(depth, repository, changed, job, tmp_path):
    merge(repository)
    git(repository, "update-ref", "refs/pull/7/merge", "HEAD")
    clone = new_repository(tmp_path / "shallow")
    git(clone, "remote", "add", "origin", repository.as_uri())
    git(clone, "fetch", "--quiet", f"--depth={depth}", "origin", "refs/pull/7/merge")
    git(clone, "checkout", "--quiet", "--detach", "FETCH_HEAD")
    found = base_commit(clone, job("pull_request", pull_request=pull_request(*changed)))
    assert found == git(repository, "rev-parse", "main")
    with second_checkout(clone, found) as checkout:
        assert (checkout / "a").read_text() == "2"
        assert not (checkout / "b").exists()


def test_a_whole_clone_does_not_become_a_shallow_one(repository, changed, job, tmp_path):
    git(tmp_path, "clone", "--quiet", "--branch=faster", "--single-branch", repository.as_uri(), "whole")
    before = git(repository, "rev-parse", "main")
    assert base_commit(tmp_path / "whole", job("push", before=before)) == before
    assert git(tmp_path / "whole", "rev-parse", "--is-shallow-repository") == "false"


def test_a_push_by_force_is_compared_with_what_both_have(repository, changed, job):
    start, _ = changed
    before = git(repository, "rev-parse", "main")
    git(repository, "checkout", "--quiet", "faster")
    assert base_commit(repository, job("push", before=before, forced=True)) == start
    # What was replaced is gone for good: nothing to compare with, and nothing that anybody could check out.
    assert base_commit(repository, job("push", before="e" * 40, forced=True)) is None


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


def test_a_checkout_that_lacks_the_base_is_said_with_what_to_do(repository, tmp_path, job):
    commit(repository, {"a": "1"})
    with pytest.raises(JobMisconfigured, match=r"has no commit eeeeeeeeee,.*`fetch-depth: 0`"):
        base_commit(repository, job("push", before="e" * 40))
    alone = pull_request("e" * 40, git(repository, "rev-parse", "HEAD"))
    with pytest.raises(JobMisconfigured, match=r"does not have refs/remotes/origin/main,.*`fetch-depth: 0`"):
        base_commit(repository, job("pull_request", pull_request=alone))


def test_histories_with_nothing_in_common_are_said(repository, job):
    commit(repository, {"a": "1"})
    fetched(repository)
    git(repository, "checkout", "--quiet", "--orphan", "alone")
    head = commit(repository, {"a": "2"})
    with pytest.raises(JobMisconfigured, match="no commit in common"):
        base_commit(repository, job("pull_request", pull_request=pull_request("e" * 40, head)))


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
