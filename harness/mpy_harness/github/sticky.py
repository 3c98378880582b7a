"""One comment on a pull request, made once and then kept up to date."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mpy_harness.errors import GitHubUnavailable, JobMisconfigured
from mpy_harness.github.answers import Forbidden, NotDone, NotFound
from mpy_harness.github.client import Client

#: Who a job's own token speaks as. It may not ask who it is.
ACTIONS_BOT = "github-actions[bot]"
MAX_CHARACTERS = 65_536  # of a comment, says the API
_LOOKS = 3


class _User(BaseModel):
    login: str


class _Comment(BaseModel):
    model_config = ConfigDict(extra="ignore")

    id: Annotated[int, Field(gt=0)]
    body: str | None = None
    user: _User | None = None  # None for a deleted account


@dataclass(frozen=True)
class Outcome:
    """What was done, "created", "updated" or "unchanged", to which comment."""

    done: str
    comment: int


def marker(name: str) -> str:
    """Return the line, invisible on a page, that tells our comment from others; ``name`` tells ours apart."""
    if not re.fullmatch(r"[\w.]([\w. -]{0,98}[\w.])?", name, re.ASCII) or "--" in name:
        raise JobMisconfigured(f"{name!r} cannot name a comment: up to 100 letters, digits, blanks, '.', '_' and '-'.")
    return f"<!-- mpy-harness:{name} -->"


@dataclass(frozen=True)
class StickyComment:
    """Our comment on pull request ``number`` of ``repository``.

    Ours is the first with the marker of ``name`` that ``author`` wrote, by default whoever the token speaks for.
    Further ones of ours, which two jobs at once may have made, are removed: they would go on saying what they say. One
    with the same marker by somebody else is left alone.
    """

    client: Client
    repository: str
    number: int
    name: str = "comparison"
    author: str | None = None

    def put(self, body: str) -> Outcome:
        """Make the comment say ``body``. Raises GitHubUnavailable."""
        text = f"{marker(self.name)}\n{body}"
        if len(text) > MAX_CHARACTERS:
            raise ValueError(f"a comment of {len(text)} characters")
        author = self.author or _myself(self.client)
        for _ in range(_LOOKS - 1):
            # A request that failed may have been carried out, or the comment was deleted just now: look again.
            with suppress(NotDone, NotFound):
                return self._put(text, author)
        return self._put(text, author)

    def _put(self, text: str, author: str) -> Outcome:
        found = list(self._find(author))
        if not found:
            made = self.client.post(f"/repos/{self.repository}/issues/{self.number}/comments", {"body": text})
            return Outcome("created", _parse(made).id)
        ours, *others = found
        done = "unchanged"
        if (ours.body or "").replace("\r\n", "\n").strip() != text.strip():
            self.client.patch(f"/repos/{self.repository}/issues/comments/{ours.id}", {"body": text})
            done = "updated"
        for other in others:
            with suppress(NotFound):
                self.client.delete(f"/repos/{self.repository}/issues/comments/{other.id}")
        return Outcome(done, ours.id)

    def _find(self, author: str) -> Iterator[_Comment]:
        for entry in self.client.pages(f"/repos/{self.repository}/issues/{self.number}/comments?per_page=100"):
            comment = _parse(entry)
            written = comment.user is not None and comment.user.login == author
            if written and (comment.body or "").startswith(marker(self.name)):
                yield comment


def _myself(client: Client) -> str:
    try:
        return _User.model_validate(client.get("/user")).login
    except Forbidden:
        return ACTIONS_BOT
    except ValidationError as error:
        raise GitHubUnavailable("the API did not say whose token this is.") from error


def _parse(entry: object) -> _Comment:
    try:
        return _Comment.model_validate(entry)
    except ValidationError as error:
        raise GitHubUnavailable("the API answered with what is no comment.") from error
