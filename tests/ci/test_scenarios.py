"""The comments in the guide are those that are posted."""

from __future__ import annotations

import pytest

from mpy_harness.errors import MeasurementsInvalid
from mpy_harness.github.comment import Commenter
from mpy_harness.github.sticky import marker
from tests.ci.archives import artifact
from tests.ci.github_server import REPOSITORY
from tests.ci.scenarios import FOOTER, GUIDE, HEAD_COMMIT, SCENARIOS, replaced
from tests.ci.test_comment import environment, event  # noqa: F401 - fixtures

FIRST = {
    "Nothing got worse": "### ✅ No measurement got worse, 13 the same",
    "One cause": "### ❌ `filter_run` (`iir`): +6 instructions a sample, 12 cases",
    "Several causes": "### ❌ `filter_run` (`iir`): +6 instructions a sample, 4 cases, and 1 more cause",
    "A test that fails": "### ❌ `filter_run` (`iir`): +6 instructions a sample, 4 cases, 1 test failed",
    "The first run": "### 4 measurements",
    "A committed baseline": "### ⚠️ 4 measurements changed under other conditions and cannot be judged",
}


def test_the_guide_has_the_comments_of_now():
    guide = GUIDE.read_text(encoding="utf-8")
    assert replaced(guide) == guide, "write them anew: python -m tests.ci.scenarios"


@pytest.mark.parametrize("title", SCENARIOS)
def test_they_are_what_is_posted(title, github, client, environment, event):  # noqa: F811
    event["workflow_run"]["head_sha"] = HEAD_COMMIT
    github.pull(7, HEAD_COMMIT)
    result = SCENARIOS[title]
    github.artifact(f"mpy-harness-{result.label}", artifact(result.head, result.base))
    Commenter(client, environment()).comment_on_run()
    (comment,) = github.comments
    posted = comment["body"].removeprefix(f"{marker('comparison')}\n")
    (first,) = (line for begin, line in FIRST.items() if title.startswith(begin))
    assert posted.startswith(f"{first}\n")
    quoted = "\n".join(f"> {line}".rstrip() for line in posted.rstrip().split("\n"))
    assert quoted.replace(f"/{REPOSITORY}/", "/OWNER/filters/") in GUIDE.read_text(encoding="utf-8")
    assert FOOTER.partition("/actions")[2] in posted


def test_what_is_too_large_is_told(github, client, environment, event):  # noqa: F811
    event["workflow_run"]["head_sha"] = HEAD_COMMIT
    github.pull(7, HEAD_COMMIT)
    result = SCENARIOS["One cause with many echoes"]
    github.comment(f"{marker('comparison')}\n### ✅ No measurement got worse, 13 the same")
    github.artifact("mpy-harness-m33", artifact(result.head, result.base), size_in_bytes=1 << 40)
    with pytest.raises(MeasurementsInvalid, match="larger than"):
        Commenter(client, environment()).comment_on_run()
    (comment,) = github.comments
    title = comment["body"].splitlines()[1]
    assert title.startswith("### ⚠️")
    assert f"> {title}" in GUIDE.read_text(encoding="utf-8")
