"""Expressions of workflows, as far as the actions here use them.

https://docs.github.com/en/actions/reference/workflows-and-actions/expressions
"""

from __future__ import annotations

import re
from typing import Any

_TERM = re.compile(r"\s*('(?:[^']|'')*'|&&|\|\||==|!=|!|[()]|[A-Za-z_][\w-]*(?:\.[\w-]+)*)")


def expand(text: object, context: dict[str, Any]) -> str:
    """Return a value of a definition with its expressions replaced."""
    return re.sub(r"\$\{\{(.*?)\}\}", lambda match: _text(evaluate(match[1], context)), str(text))


def evaluate(expression: str, context: dict[str, Any]) -> Any:
    terms = _terms(expression)
    value = _either(terms, context)
    assert not terms, f"{expression!r} has {terms} left"
    return value


def _terms(expression: str) -> list[str]:
    terms, at = [], 0
    while expression[at:].strip():
        match = _TERM.match(expression, at)
        assert match, f"{expression[at:]!r} is not understood"
        terms.append(match[1])
        at = match.end()
    return terms


def _either(terms: list[str], context: dict[str, Any]) -> Any:
    value = _both(terms, context)
    while terms[:1] == ["||"]:
        terms.pop(0)
        other = _both(terms, context)
        value = value or other
    return value


def _both(terms: list[str], context: dict[str, Any]) -> Any:
    value = _compared(terms, context)
    while terms[:1] == ["&&"]:
        terms.pop(0)
        other = _compared(terms, context)
        value = value and other
    return value


def _compared(terms: list[str], context: dict[str, Any]) -> Any:
    value = _single(terms, context)
    if terms[:1] in (["=="], ["!="]):
        equal = terms.pop(0) == "=="
        other = _single(terms, context)
        return (_text(value).lower() == _text(other).lower()) is equal
    return value


def _single(terms: list[str], context: dict[str, Any]) -> Any:
    term = terms.pop(0)
    if term == "!":
        return not _single(terms, context)
    if term == "(":
        inner = _either(terms, context)
        assert terms.pop(0) == ")"
        return inner
    if term.startswith("'"):
        return term[1:-1].replace("''", "'")
    if terms[:1] == ["("]:
        del terms[:2]
        return context[f"{term}()"]
    value: Any = context
    for name in term.split("."):
        value = value.get(name, "") if isinstance(value, dict) else ""
    return value


def _text(value: Any) -> str:
    return {True: "true", False: "false"}.get(value, str(value)) if isinstance(value, bool) else str(value)
