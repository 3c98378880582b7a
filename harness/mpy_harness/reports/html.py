"""A comparison or a run as one HTML page without other files; names in the data cannot change its structure."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterable
from typing import Any

from mpy_harness.measurements.comparison import Verdict
from mpy_harness.reports.figures import amount, metric, percent, signed
from mpy_harness.reports.names import printable, shortened
from mpy_harness.reports.page import Content, view
from mpy_harness.reports.page_file import page_file, part_of_page
from mpy_harness.reports.verdict import VERDICTS

_SVG = "{http://www.w3.org/2000/svg}"
_NAME = 300
_SHORTER: dict[Verdict, str] = {"unlike": "other conditions", "unsteady": "not judged", "missed": "test failed"}


def html_page(content: Content) -> str:
    """Return the text of the page: the same for the same content."""
    shown = view(content)
    style, script = part_of_page("page.css"), part_of_page("page.js")
    pictures = [ET.fromstring(picture) for picture in shown["flames"]]  # noqa: S314 - our own, just made
    styles = [style, *(_texts(pictures, "style"))]
    scripts = [script, *(_texts(pictures, "script"))]
    filters: dict[str, Callable[..., Any]] = {
        "name": lambda text: shortened(printable(text), _NAME),
        "label": lambda verdict: _SHORTER.get(verdict, VERDICTS[verdict]),
        "amount": amount,
        "signed": signed,
        "percent": percent,
        "metric": metric,
    }
    return page_file("page.html", {"view": shown, "style": style, "script": script}, styles, scripts, filters)


def _texts(pictures: Iterable[ET.Element], tag: str) -> list[str]:
    return [element.text or "" for picture in pictures for element in picture.iter(_SVG + tag)]
