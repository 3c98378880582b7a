"""Pages that are one file: made from a template, with a policy by which a browser runs and fetches nothing else."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

_HERE = Path(__file__).parent


def part_of_page(name: str) -> str:
    """Return a style sheet or a script that stands in pages."""
    return (_HERE / name).read_text(encoding="utf-8")


def page_file(
    template: str,
    content: Mapping[str, Any],
    styles: Iterable[str],
    scripts: Iterable[str] = (),
    filters: Mapping[str, Callable[..., Any]] | None = None,
) -> str:
    """Return the text of a page; ``content`` and ``filters`` are the template's.

    Text in the content cannot change the page's structure. The content security policy, ``policy`` in the template,
    allows these styles and scripts, by their hashes, and no request at all.
    """
    environment = Environment(
        loader=FileSystemLoader(_HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= filters or {}
    return environment.get_template(template).render(**content, policy=_policy(styles, scripts))


def _policy(styles: Iterable[str], scripts: Iterable[str]) -> str:
    allowed = [f"style-src {_hashes(styles)}", f"script-src {_hashes(scripts)}"]
    return "; ".join(["default-src 'none'", *allowed, "img-src data:", "base-uri 'none'", "form-action 'none'"])


def _hashes(texts: Iterable[str]) -> str:
    digests = dict.fromkeys(sha256(text.encode()).digest() for text in texts)
    return " ".join(f"'sha256-{b64encode(digest).decode()}'" for digest in digests) or "'none'"
