"""From a run's artifacts to the comment, as the job on ``workflow_run`` does it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys

import pytest

from mpy_harness.errors import GitHubUnavailable, JobMisconfigured, MeasurementsInvalid
from mpy_harness.github.artifacts import JobResult
from mpy_harness.github.comment import Commenter, comment_body
from mpy_harness.github.sticky import marker
from tests import warm
from tests.bounded import bounded_command
from tests.ci.archives import artifact, run, zipped
from tests.ci.github_server import REPOSITORY, Fault
from tests.emulator.leftovers import processes

MARKER = marker("comparison")
HEAD_COMMIT = "a1" * 20
BASE = run(("iir/noise", "instructions", 100), ("fir/noise", "instructions", 50))
HEAD = run(("iir/noise", "instructions", 110), ("fir/noise", "instructions", 50))


@pytest.fixture
def event(tmp_path):
    """The event that GitHub tells of a run for a pull request from a fork: it names no pull request."""
    return {
        "action": "completed",
        "workflow_run": {
            "id": 5,
            "event": "pull_request",
            "head_sha": HEAD_COMMIT,
            "head_branch": "faster",
            "head_repository": {"full_name": "guest/filters"},
            "pull_requests": [],
            "display_title": "# LGTM\n::error::",
        },
    }


@pytest.fixture
def environment(event, tmp_path):
    file = tmp_path / "event.json"

    def write():
        file.write_text(json.dumps(event))
        return {"GITHUB_EVENT_NAME": "workflow_run", "GITHUB_EVENT_PATH": str(file), "GITHUB_REPOSITORY": REPOSITORY}

    return write


@pytest.fixture
def tell(client, environment):
    return lambda **options: Commenter(client, environment(), **options).comment_on_run()


def test_a_regression_from_a_fork_is_told(github, tell):
    github.pull(7, HEAD_COMMIT)
    github.artifact("mpy-harness-m33", artifact(HEAD, BASE))
    assert tell() == ["pull request 7: comment 1000 created"]
    (comment,) = github.comments
    assert comment["issue"] == 7
    lines = comment["body"].splitlines()
    assert lines[:2] == [MARKER, "### ❌ 1 measurement got worse, 1 the same"]
    assert "| `iir/noise` | `instructions` | 100 | 110 | +10 | +10.0% |" in lines
    assert f"{HEAD_COMMIT[:10]}, [run 5](https://github.com/{REPOSITORY}/actions/runs/5)" in comment["body"]

    assert tell() == ["pull request 7: comment 1000 unchanged"]
    github.artifact("mpy-harness-m33", artifact(BASE, BASE))
    assert tell() == ["pull request 7: comment 1000 updated"]
    assert "### ✅ No measurement got worse, 2 the same" in comment["body"]


def test_all_targets_are_in_one_table(github, tell):
    github.pull(7, HEAD_COMMIT)
    for target in ("m33", "m4"):
        base, head = (run(("iir/noise", "instructions", value), target=target) for value in (100, 110))
        github.artifact(f"mpy-harness-{target}", artifact(head, base))
    tell()
    assert "### ❌ 2 measurements got worse" in github.comments[0]["body"]


def test_what_measured_the_same_has_a_section_of_its_own(github, tell):
    github.pull(7, HEAD_COMMIT)
    github.artifact("mpy-harness-m33", artifact(HEAD, BASE))
    github.artifact("mpy-harness-m33-v1.25.0", artifact(BASE, BASE))
    tell()
    body = github.comments[0]["body"]
    assert body.index("**m33**") < body.index("### ❌ 1") < body.index("**m33-v1.25.0**") < body.index("### ✅ No")


def test_thresholds_are_those_of_the_branch_it_is_for(github, tell):
    github.pull(7, HEAD_COMMIT)
    github.artifact("mpy-harness-m33", artifact(HEAD, BASE))
    github.files["d" * 40, "pyproject.toml"] = '[tool.mpy-harness.thresholds]\ninstructions = "20%"\n'
    github.files[HEAD_COMMIT, "pyproject.toml"] = '[tool.mpy-harness.thresholds]\ninstructions = "0%"\n'
    tell()
    assert "### ✅ No measurement got worse" in github.comments[0]["body"]


def test_a_run_without_a_base_is_shown_as_it_is(github, tell):
    github.pull(7, HEAD_COMMIT)
    github.artifact("mpy-harness-m33", artifact(HEAD))
    tell()
    assert "### 2 measurements" in github.comments[0]["body"]


def test_every_pull_request_of_the_commit_is_told(github, tell):
    github.pull(7, HEAD_COMMIT)
    github.pull(8, HEAD_COMMIT)
    github.artifact("mpy-harness-m33", artifact(HEAD, BASE))
    assert [line[:14] for line in tell()] == ["pull request 7", "pull request 8"]


def test_of_two_pull_requests_of_one_commit_the_one_that_was_tested_is_told(github, tell):
    github.pull(7, HEAD_COMMIT)
    github.pull(8, HEAD_COMMIT)
    github.artifact("mpy-harness-m33", artifact(HEAD.model_copy(update={"pull_request": 8}), BASE))
    assert tell() == ["pull request 8: comment 1000 created"]
    assert [comment["issue"] for comment in github.comments] == [8]


def test_a_number_of_another_pull_request_leads_nowhere(github, tell):
    github.pull(7, HEAD_COMMIT)
    github.pull(1, "c3" * 20, "victim", "maker/filters")
    github.artifact("mpy-harness-m33", artifact(HEAD.model_copy(update={"pull_request": 1}), BASE))
    assert tell() == ["run 5 was for a pull request that is not open any more: nothing to comment on"]
    assert github.comments == []


@pytest.mark.parametrize(
    ("fork", "actor", "advice"),
    [("guest/filters", "guest", True), (REPOSITORY, "dependabot[bot]", True), (REPOSITORY, "maker", False)],
)
def test_a_token_that_only_reads_has_advice_that_can_be_followed(fork, actor, advice, github, tmp_path):
    sides = {
        "head": {"sha": HEAD_COMMIT, "repo": {"full_name": fork}},
        "base": {"sha": "d" * 40, "repo": {"full_name": REPOSITORY}},
    }
    (tmp_path / "event.json").write_text(json.dumps({"pull_request": {"number": 7, "state": "open", **sides}}))
    BASE.write(tmp_path / "base.json")
    HEAD.write(tmp_path / "head.json")
    github.faults.append(Fault(403, b'{"message": "Resource not accessible by integration"}', matches="^POST"))
    files = [str(tmp_path / "head.json"), str(tmp_path / "base.json")]
    summary = tmp_path / "summary"
    done = command(
        github, "--pr", "7", *files, GITHUB_REPOSITORY=REPOSITORY, GITHUB_EVENT_NAME="pull_request",
        GITHUB_EVENT_PATH=str(tmp_path / "event.json"), GITHUB_ACTOR=actor, GITHUB_STEP_SUMMARY=str(summary),
    )  # fmt: skip
    assert done.returncode == 2
    assert "pull-requests: write" in done.stderr
    assert ("A workflow on `workflow_run` can comment" in done.stderr) == advice
    assert ("### ❌ 1 measurement got worse" in summary.read_text() if summary.exists() else False) == advice


def not_the_newest(pull):
    pull["head"]["sha"] = "b2" * 20


def closed(pull):
    pull["state"] = "closed"


def of_another_fork(pull):
    pull["head"]["repo"]["full_name"] = "guest/other"


def of_a_deleted_fork(pull):
    pull["head"]["repo"] = None


def for_another_repository(pull):
    pull["base"]["repo"]["full_name"] = "somebody/else"


@pytest.mark.parametrize("change", [not_the_newest, closed, of_another_fork, of_a_deleted_fork, for_another_repository])
def test_a_pull_request_that_is_not_the_runs_is_left_alone(change, github, tell):
    change(github.pull(7, HEAD_COMMIT))
    github.artifact("mpy-harness-m33", artifact(HEAD, BASE))
    assert tell() == [f"commit {HEAD_COMMIT[:10]} is the newest of no open pull request: nothing to comment on"]
    assert github.comments == []


def test_a_number_in_the_artifact_is_not_asked(github, tell):
    github.pull(7, HEAD_COMMIT)
    github.pull(1, "c3" * 20, "victim", "maker/filters")
    files = {"head.json": HEAD.model_dump_json().encode(), "pr_number": b"1", "NR": b"1", "pr.json": b'{"number": 1}'}
    github.artifact("mpy-harness-m33", zipped(files))
    tell()
    assert [comment["issue"] for comment in github.comments] == [7]


def test_other_events_are_not_for_a_pull_request(event, github, tell):
    event["workflow_run"]["event"] = "push"
    assert tell() == ["run 5 was for the event push, not for a pull request: nothing to comment on"]
    assert github.seen == []


def test_branches_with_odd_names_are_asked_for_as_they_are(event, github, tell):
    event["workflow_run"]["head_branch"] = "a&state=all&head=maker:main#ü"
    github.pull(7, HEAD_COMMIT, branch="a&state=all&head=maker:main#ü")
    github.artifact("mpy-harness-m33", artifact(HEAD, BASE))
    assert tell() == ["pull request 7: comment 1000 created"]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("head_sha", "HEAD"),
        ("head_sha", HEAD_COMMIT + "\n"),
        ("id", "5/../6"),
        ("head_repository", {"full_name": "guest/../../evil"}),
        ("head_repository", None),
        ("head_branch", ""),
    ],
)
def test_an_event_that_is_none_is_refused(key, value, event, github, tell):
    event["workflow_run"][key] = value
    with pytest.raises(JobMisconfigured, match="is not an event workflow_run as GitHub writes it"):
        tell()
    assert github.seen == []


@pytest.mark.parametrize("name", ["", "filters", "a/b/c", "../..", "maker/filters\n"])
def test_a_repository_that_is_none_is_refused(name, client, environment, github):
    with pytest.raises(JobMisconfigured, match="not owner/name"):
        Commenter(client, environment() | {"GITHUB_REPOSITORY": name}).comment_on_run()
    assert github.seen == []


HOSTILE = (
    "# LGTM", "**bold**", "<img src=x onerror=alert(1)>", "<!-- mpy-harness:comparison -->", "</details></details>",
    "@maker/owners", "#1", "guest/filters#1", "[free](https://evil.example)", "![](https://evil.example/pixel)",
    "https://evil.example", "`code`", "``` x", "| a | b |", "\\| x", "$x^2$", ":+1:", "a" * 300,
    "\u0627\u0644", "::error::x",
)  # fmt: skip


def test_names_that_would_be_markup_are_not(github, tell):
    github.pull(7, HEAD_COMMIT)
    head = run(*((name, "instructions", 2) for name in HOSTILE), target="<b>`m33`|")
    base = run(*((name, "instructions", 1) for name in HOSTILE), target="<b>`m33`|")
    github.artifact("mpy-harness-m33", artifact(head, base))
    tell()
    body = github.comments[0]["body"]
    assert body.startswith(MARKER)
    # Outside of code spans nothing is left of them.
    text = re.sub(r"(`+).*?\1", "", body.removeprefix(MARKER))
    for odd in ("LGTM", "bold", "img", "mpy-harness:", "maker/owners", "#1", "evil", "error::", ":+1", "$"):
        assert odd not in text
    assert text.count("<details>") == text.count("</details>")


def test_the_comment_has_a_limit_however_much_was_measured(github, tell):
    github.pull(7, HEAD_COMMIT)
    for target in ("a", "b"):
        cases = [f"case {number}/" + "é" * 80 for number in range(3000)]
        base, head, other = (
            run(*((case, "instructions", value) for case in cases), target=target) for value in (1, 2, 3)
        )
        github.artifact(f"mpy-harness-{target}", artifact(head, base))
        github.artifact(f"mpy-harness-{target}-v1", artifact(other, base))
    tell()
    body = github.comments[0]["body"]
    assert 30_000 < len(body.encode()) <= 65_536
    assert body.count("### ❌") == 2
    assert body.count("**Truncated:**") == 2


@pytest.mark.parametrize(
    ("archive", "why"),
    [
        (b"not a zip", "not a zip archive"),
        (zipped({"head.json": b"{}"}), "not a file of measurements"),
        (zipped({"../../head.json": b"{}"}), "no plain path"),
        (zipped({"comment.md": b"# LGTM"}), "holds no head.json"),
    ],
)
def test_what_is_refused_does_not_leave_an_older_comment_that_all_is_well(archive, why, github, tell):
    github.pull(7, HEAD_COMMIT)
    github.comment(f"{MARKER}\n### ✅ No measurement got worse, 2 the same")
    github.artifact("mpy-harness-m33", archive)
    with pytest.raises(MeasurementsInvalid, match=why):
        tell()
    (comment,) = github.comments
    assert "### ⚠️ The measurements could not be compared" in comment["body"]
    assert "✅" not in comment["body"]
    assert "LGTM" not in comment["body"]


@pytest.mark.parametrize("failure", [MemoryError, RecursionError, KeyboardInterrupt, SystemExit])
def test_nor_does_any_other_failure(failure, github, tell, monkeypatch):
    github.pull(7, HEAD_COMMIT)
    github.comment(f"{MARKER}\n### ✅ No measurement got worse, 2 the same")
    github.artifact("mpy-harness-m33", artifact(HEAD, BASE))

    def fail(*_):
        raise failure

    monkeypatch.setattr("mpy_harness.github.comment.compare", fail)
    with pytest.raises(failure):
        tell()
    assert "could not be compared" in github.comments[0]["body"]


@pytest.mark.parametrize("way", ["run", "files"])
def test_nor_does_a_lack_of_memory(way, github, environment, tmp_path):
    many = run(*((f"a case with a name {number}", "instructions", number) for number in range(60_000)))
    github.pull(7, HEAD_COMMIT)
    github.comment(f"{MARKER}\n### ✅ No measurement got worse, 2 the same")
    (tmp_path / "head.json").write_text(many.model_dump_json())
    arguments = ["--pr", "7", tmp_path / "head.json"]
    if way == "run":
        github.artifact("mpy-harness-m33", artifact(many, many))
        arguments = ["--from-workflow-run"]
    access = {"GITHUB_API_URL": github.address, "GITHUB_TOKEN": github.token, **environment()}
    done = bounded_command("comment", *arguments, mebibytes=200, environment=access)
    assert done.returncode == 2, done.stderr
    assert "could not be compared" in github.comments[0]["body"]


def test_nor_does_whoever_kills_the_job_that_compares(github, environment):
    github.pull(7, HEAD_COMMIT)
    github.comment(f"{MARKER}\n### ✅ No measurement got worse, 2 the same")
    github.artifact("mpy-harness-m33", artifact(HEAD, BASE))
    store = github.redirect

    def kill_who_asks(number):
        (child,) = [pid for pid, _, parent in processes() if parent == job.pid]
        os.kill(child, signal.SIGKILL)
        return store(number)

    github.redirect = kill_who_asks
    access = {"GITHUB_API_URL": github.address, "GITHUB_TOKEN": github.token, **environment()}
    command = [sys.executable, "-m", "mpy_harness", "comment", "--from-workflow-run"]
    with subprocess.Popen(command, env=os.environ | access, stderr=subprocess.PIPE, text=True) as job:
        _, said = job.communicate(timeout=60)
    assert job.returncode == 2
    assert "the comparison was ended by signal 9" in said
    assert "could not be compared" in github.comments[0]["body"]


def test_a_run_that_measured_nothing_is_told_as_that(github, tell):
    github.pull(7, HEAD_COMMIT)
    with pytest.raises(MeasurementsInvalid, match="uploaded no measurements"):
        tell()
    assert "could not be compared" in github.comments[0]["body"]


def test_a_head_that_measured_nothing_is_no_success(github, tell):
    github.pull(7, HEAD_COMMIT)
    github.artifact("mpy-harness-m33", artifact(run(), BASE))
    tell()
    assert "### ❌" in github.comments[0]["body"]


def test_the_first_failure_is_told_where_the_comment_fails_too(github, tell):
    github.pull(7, HEAD_COMMIT)
    github.faults.append(Fault(403, b'{"message": "no"}', matches="POST"))
    with pytest.raises(MeasurementsInvalid, match="uploaded no measurements"):
        tell()


@pytest.mark.parametrize("answer", [b"[]", b'{"content": 1}', b'{"content": "%%%"}'])
def test_a_configuration_that_is_none_is_an_error(answer, github, tell):
    github.pull(7, HEAD_COMMIT)
    github.artifact("mpy-harness-m33", artifact(HEAD, BASE))
    github.faults.append(Fault(200, answer, matches="contents"))
    with pytest.raises(GitHubUnavailable, match=r"no pyproject\.toml"):
        tell()


def command(github, *arguments, **environment):
    env = os.environ | {"GITHUB_API_URL": github.address, "GITHUB_TOKEN": github.token} | environment
    return warm.run([sys.executable, "-m", "mpy_harness", "comment", *arguments], env=env)


def test_the_command_of_the_workflow(github, environment):
    github.pull(7, HEAD_COMMIT)
    github.artifact("mpy-harness-m33", artifact(HEAD, BASE))
    done = command(github, "--from-workflow-run", **environment())
    assert (done.returncode, done.stdout) == (0, "pull request 7: comment 1000 created\n"), done.stderr


def test_the_command_with_files(github, tmp_path):
    BASE.write(tmp_path / "base.json")
    HEAD.write(tmp_path / "head.json")
    files = [str(tmp_path / "head.json"), str(tmp_path / "base.json")]
    done = command(github, "--pr", "9", *files, GITHUB_REPOSITORY=REPOSITORY)
    assert (done.returncode, done.stdout) == (0, "pull request 9: comment 1000 created\n"), done.stderr
    assert "+10.0%" in github.comments[0]["body"]


@pytest.mark.parametrize(
    ("arguments", "environment", "status", "said"),
    [
        (["--from-workflow-run"], {}, 2, "was not started by the event workflow_run"),
        (["--from-workflow-run"], {"GITHUB_TOKEN": ""}, 2, "GITHUB_TOKEN is empty"),
        (["--from-workflow-run", "--pr", "1"], {}, 2, "give either --pr"),
        (["--pr", "1"], {}, 2, "give either --pr"),
        ([], {}, 2, "give either --pr"),
        (["--pr", "1", __file__], {}, 2, "is not a file of measurements"),
    ],
)
def test_the_command_says_what_is_wrong(arguments, environment, status, said, github):
    cleared = {"GITHUB_EVENT_NAME": "", "GITHUB_REPOSITORY": REPOSITORY}
    done = command(github, *arguments, **(cleared | environment))
    assert done.returncode == status
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert github.token not in done.stdout + done.stderr


def test_one_body_for_files_and_runs():
    body = comment_body([JobResult("measurements", HEAD, BASE)])
    assert body.startswith("### ❌ 1 measurement got worse")
