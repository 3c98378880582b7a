"""A comparison or a run as one HTML page without other files; names in the data cannot change its structure.

Its content security policy allows the page's own styles and scripts, by their hashes, and no request at all.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from base64 import b64encode
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from mpy_harness.measurements.comparison import Verdict
from mpy_harness.reports.figures import amount, metric, percent, signed
from mpy_harness.reports.names import printable, shortened
from mpy_harness.reports.page import Content, view
from mpy_harness.reports.verdict import VERDICTS

_HERE = Path(__file__).parent
_SVG = "{http://www.w3.org/2000/svg}"
_NAME = 300
_SHORTER: dict[Verdict, str] = {"unlike": "other conditions", "unsteady": "not judged", "missed": "test failed"}


def html_page(content: Content) -> str:
    """Return the text of the page: the same for the same content."""
    shown = view(content)
    style, script = ((_HERE / name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
    pictures = [ET.fromstring(picture) for picture in shown["flames"]]  # noqa: S314 - our own, just made
    styles = [style, *(_texts(pictures, "style"))]
    scripts = [script, *(_texts(pictures, "script"))]
    template = _environment().get_template("page.html")
    return template.render(view=shown, style=style, script=script, policy=_policy(styles, scripts))


def _texts(pictures: Iterable[ET.Element], tag: str) -> list[str]:
    return [element.text or "" for picture in pictures for element in picture.iter(_SVG + tag)]


def _policy(styles: Iterable[str], scripts: Iterable[str]) -> str:
    return "; ".join(
        [
            "default-src 'none'",
            f"style-src {_hashes(styles)}",
            f"script-src {_hashes(scripts)}",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )


def _hashes(texts: Iterable[str]) -> str:
    digests = dict.fromkeys(sha256(text.encode()).digest() for text in texts)
    return " ".join(f"'sha256-{b64encode(digest).decode()}'" for digest in digests)


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {
        "name": lambda text: shortened(printable(text), _NAME),
        "label": lambda verdict: _SHORTER.get(verdict, VERDICTS[verdict]),
        "amount": amount,
        "signed": signed,
        "percent": percent,
        "metric": metric,
    }
    return environment
