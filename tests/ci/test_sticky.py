"""One comment, ours, whatever happens on the way."""

from __future__ import annotations

import pytest

from mpy_harness.errors import GitHubUnavailable, JobMisconfigured
from mpy_harness.github.answers import Forbidden, NotDone
from mpy_harness.github.sticky import Outcome, StickyComment, marker
from tests.ci.github_server import REPOSITORY, Fault

MARKER = "<!-- mpy-harness:comparison -->"


@pytest.fixture
def sticky(client):
    return StickyComment(client, REPOSITORY, 7)


def bodies(github):
    return [comment["body"] for comment in github.comments]


def test_it_is_created_updated_and_left_when_it_says_the_same(github, sticky):
    assert sticky.put("first") == Outcome("created", 1000)
    assert bodies(github) == [f"{MARKER}\nfirst"]
    assert sticky.put("second") == Outcome("updated", 1000)
    assert sticky.put("second") == Outcome("unchanged", 1000)
    assert bodies(github) == [f"{MARKER}\nsecond"]
    assert len(github.asked("POST")) == len(github.asked("PATCH")) == 1


def test_line_ends_that_the_page_changed_are_no_change(github, sticky):
    github.comment(f"{MARKER}\r\none\r\ntwo")
    assert sticky.put("one\ntwo").done == "unchanged"


def test_it_is_found_on_a_later_page(github, sticky):
    github.page = 5
    for number in range(17):
        github.comment(f"chat {number}", "somebody")
    ours = github.comment(f"{MARKER}\nold")
    assert sticky.put("new") == Outcome("updated", ours["id"])
    assert len(github.comments) == 18


def test_it_is_found_among_more_than_a_hundred(github, sticky):
    github.page = 100
    for number in range(250):
        github.comment(f"chat {number}", "somebody")
    ours = github.comment(f"{MARKER}\nold")
    assert sticky.put("new") == Outcome("updated", ours["id"])
    assert len(github.comments) == 251
    assert len([path for path in github.asked("GET") if "comments" in path]) == 3


def test_of_two_of_ours_one_stays(github, sticky):
    first = github.comment(f"{MARKER}\n✅ old")
    theirs = github.comment(f"{MARKER}\n✅ old", "mallory")
    github.comment(f"{MARKER}\n✅ older")
    assert sticky.put("❌ new") == Outcome("updated", first["id"])
    assert github.comments == [first, theirs]
    assert first["body"] == f"{MARKER}\n❌ new"


def test_a_second_one_that_is_gone_already_is_no_failure(github, sticky):
    github.comment(f"{MARKER}\nold")
    github.comment(f"{MARKER}\nolder")
    github.faults.append(Fault(404, matches="^DELETE"))
    assert sticky.put("new").done == "updated"


def test_a_comment_by_somebody_else_with_the_same_marker_is_left_alone(github, sticky):
    theirs = github.comment(f"{MARKER}\nApproved by the bot", "mallory")
    imitation = github.comment(f"{MARKER}\nApproved by the bot", "github-actions")
    assert sticky.put("worse").done == "created"
    assert theirs["body"] == imitation["body"] == f"{MARKER}\nApproved by the bot"
    assert bodies(github)[2] == f"{MARKER}\nworse"


def test_a_comment_of_the_bot_for_something_else_is_left_alone(github, sticky):
    github.comment("deployed")
    github.comment(f"> {MARKER}\nquoted by another workflow")
    github.comment(marker("nightly"))
    github.comment("of a deleted account")["user"] = None
    assert sticky.put("ours").done == "created"
    assert len(github.comments) == 5


def test_with_a_token_of_a_person_the_comment_is_that_persons(github, sticky):
    github.login = "maker"
    github.comment(f"{MARKER}\nof the bot")
    assert sticky.put("of the maker").done == "created"
    assert sticky.put("again").done == "updated"
    assert bodies(github) == [f"{MARKER}\nof the bot", f"{MARKER}\nagain"]


def test_the_author_can_be_said(github, client):
    github.comment(f"{MARKER}\nold", "our-app[bot]")
    assert StickyComment(client, REPOSITORY, 7, author="our-app[bot]").put("new").done == "updated"
    assert "/user" not in github.asked()


def test_comments_by_other_names_are_kept_apart(github, client):
    for name in ("m33", "nightly 1.26"):
        StickyComment(client, REPOSITORY, 7, name=name).put(name)
    assert bodies(github) == ["<!-- mpy-harness:m33 -->\nm33", "<!-- mpy-harness:nightly 1.26 -->\nnightly 1.26"]


@pytest.mark.parametrize("name", ["", "-->", "a--b", "two\nlines", "x" * 101, "<b>"])
def test_a_name_that_would_end_the_marker_is_refused(name):
    with pytest.raises(JobMisconfigured, match="cannot name a comment"):
        marker(name)


def test_a_creation_that_was_done_although_it_failed_is_not_done_twice(github, sticky):
    github.faults.append(Fault(502, done=True, matches="^POST"))
    assert sticky.put("once").done == "unchanged"
    assert len(github.comments) == 1


def test_a_creation_whose_answer_got_lost_is_not_done_twice(github, sticky):
    github.faults.append(Fault(0, done=True, close=True, matches="^POST"))
    assert sticky.put("once").done == "unchanged"
    assert len(github.comments) == 1


def test_a_creation_that_was_not_done_is_done_again(github, sticky):
    github.faults += [Fault(500, matches="^POST")] * 2
    assert sticky.put("at last").done == "created"
    assert len(github.comments) == 1


def test_a_comment_that_was_deleted_meanwhile_is_created(github, sticky):
    ours = github.comment(f"{MARKER}\nold")
    github.faults.append(Fault(404, matches="^PATCH"))
    ours["issue"] = 8
    assert sticky.put("new").done == "created"


def test_failures_that_stay_are_errors(github, sticky):
    github.faults += [Fault(500, matches="^POST")] * 9
    with pytest.raises(NotDone):
        sticky.put("never")
    assert len(github.asked("POST")) == 3


def test_a_token_that_may_not_write_is_an_error_that_says_what_to_do(github, sticky):
    github.faults.append(Fault(403, b'{"message": "Resource not accessible by integration"}', matches="^POST"))
    with pytest.raises(Forbidden, match="pull-requests: write"):
        sticky.put("not allowed")
    assert github.comments == []


def test_updates_wait_for_a_rate_limit(github, sticky, waits):
    github.comment(f"{MARKER}\nold")
    github.faults.append(Fault(429, headers={"Retry-After": "3"}, matches="^PATCH"))
    assert sticky.put("new").done == "updated"
    assert waits == [3]


@pytest.mark.parametrize("page", [b'{"message": "hm"}', b'[{"id": "x"}]', b"[1]", b"null"])
def test_answers_that_are_no_comments_are_errors(page, github, sticky):
    github.faults.append(Fault(200, page, matches="comments"))
    with pytest.raises(GitHubUnavailable, match=r"the API answered|answered no list"):
        sticky.put("text")
    assert github.comments == []


def test_what_the_api_would_refuse_is_not_sent(github, sticky):
    with pytest.raises(ValueError, match="65"):
        sticky.put("x" * 65_536)
    assert github.seen == []
