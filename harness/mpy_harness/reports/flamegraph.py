"""A profile as a flame graph: one SVG file, the region on top, that needs nothing else.

It is a picture without its script (in a README, in a mail); opened in a browser it fills the window, a click
zooms in and Ctrl-F searches.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path
from zlib import crc32

from rich.cells import cell_len

from mpy_harness.counting.profile import KINDS, SUMMED, Profile
from mpy_harness.reports.flame_layout import Frame, frames
from mpy_harness.reports.names import printable, share, shortened

WIDTH = 900
MAX_LEVELS = 32  # of the picture; the script shows all there are
NAMES = {
    "firmware": "firmware",
    "natmod": "native module",
    "python": "Python",
    "native": "emitted native",
    "unknown": "unknown",
}
_MARGIN = 12
_TOP = 86
_ROW = 19
_FOOTER = 28
_LETTER = 7.25  # width of a character of a frame's name in the widest of its fonts
_NARROWEST = 0.5
_LONGEST = 300
_HINT = "Width: the instructions of a function and all it calls. Nothing below it: its own."


def flamegraph(profile: Profile) -> str:
    """Return the text of an SVG file: the same for the same profile."""
    placed = frames(profile)
    shown = [frame for frame in placed if frame.level < MAX_LEVELS]
    height = _TOP + _ROW * (1 + max((frame.level for frame in shown), default=0)) + _FOOTER
    svg = ET.Element(
        "svg",
        {"xmlns": "http://www.w3.org/2000/svg", "class": "mpy-flame", "role": "img", "width": str(WIDTH),
         "height": str(height), "viewBox": f"0 0 {WIDTH} {height}", "data-total": str(profile.total),
         "data-margin": str(_MARGIN), "data-top": str(_TOP), "data-row": str(_ROW), "data-footer": str(_FOOTER)},
    )  # fmt: skip
    name = shortened(printable(profile.name), _LONGEST)
    _add(svg, "title", text=f"{name}: {profile.total:,} instructions on {printable(profile.target)}")
    _add(svg, "style", text=_beside("flamegraph.css"))
    _add(svg, "rect", {"class": "card", "x": "0.5", "y": "0.5", "rx": "8"}, width=WIDTH - 1, height=height - 1)
    _header(svg, profile, placed)
    group = _add(svg, "g", {"class": "frames"})
    for frame in placed:
        _draw(group, frame, profile.total)
    _add(svg, "text", {"class": "muted hint"}, x=_MARGIN, y=height - 10, text=_HINT)
    deeper = max((frame.level for frame in placed), default=0) - MAX_LEVELS + 1
    if deeper > 0:
        note = f"{deeper} deeper levels: open the file itself"
        _add(svg, "text", {"class": "muted deeper", "text-anchor": "end"}, x=WIDTH - _MARGIN, y=height - 10, text=note)
    _add(svg, "script", text=_beside("flamegraph.js"))
    return ET.tostring(svg, encoding="unicode") + "\n"


def _header(svg: ET.Element, profile: Profile, placed: list[Frame]) -> None:
    costs = profile.functions()
    functions = "1 function" if len(costs) == 2 else f"{len(costs) - 1:,} functions"  # the region is none
    facts = f"{shortened(printable(profile.target), 40)}  ·  {profile.total:,} instructions  ·  {functions}"
    _add(svg, "text", {"class": "heading"}, x=_MARGIN, y=28, text=shortened(printable(profile.name), 60))
    _add(svg, "text", {"class": "muted facts"}, x=_MARGIN, y=48, text=facts)
    of_kind: Counter[str] = Counter({_kind(frame): 0 for frame in placed[1:]})
    for cost in costs:
        of_kind[cost.function.kind if cost.function.kind in NAMES else "unknown"] += cost.exclusive
    x = float(_MARGIN)
    for kind in KINDS:
        if kind not in of_kind or (kind == "unknown" and not of_kind[kind]):
            continue
        label = f"{NAMES[kind]} {share(of_kind[kind], profile.total)}"
        chip = _add(svg, "g", {"class": kind})
        _add(chip, "rect", {"rx": "2"}, x=x, y=61, width=12, height=12)
        _add(chip, "text", x=x + 17, y=71, text=label)
        x += 17 + 6.6 * len(label) + 16


def _draw(group: ET.Element, frame: Frame, total: int) -> None:
    node = frame.node
    scale = (WIDTH - 2 * _MARGIN) / total
    x, width = _MARGIN + frame.start * scale, node.inclusive * scale
    kind = "region" if frame.level == 0 else _kind(frame)
    shade = crc32(f"{node.function.module}\n{node.function.name}".encode("utf-8", "surrogatepass")) % 3
    drawn = _add(
        group,
        "svg",
        {"class": f"frame {kind} s{shade}", "data-at": str(frame.start), "data-size": str(node.inclusive),
         "data-level": str(frame.level)},
        x=x, y=_TOP + _ROW * frame.level, width=width, height=_ROW - 1,
    )  # fmt: skip
    drawn.tail = "\n"
    if width < _NARROWEST or frame.level >= MAX_LEVELS:
        drawn.set("display", "none")
    name = printable(node.function.name)
    of_all = share(node.inclusive, total)
    _add(drawn, "title", text=_tooltip(frame, shortened(name, _LONGEST), total))
    _add(drawn, "rect", {"rx": "2"}, width=max(width - 1, 0.75 * width), height=_ROW - 1)
    letters = int((width - 8) / _LETTER)
    if letters >= 3 and "display" not in drawn.attrib:
        text = _add(drawn, "text", x=4, y=13, text=shortened(name, letters))
        if cell_len(name) + 1 + len(of_all) <= letters:
            _add(text, "tspan", text=f" {of_all}")


def _tooltip(frame: Frame, name: str, total: int) -> str:
    node, function = frame.node, frame.node.function
    module = shortened(printable(function.module), 80) if function.module else ""
    kind = NAMES.get(function.kind, "")
    where = kind if module.lower() == kind.lower() else f"{kind} {module}".strip()
    lines = [name, where if frame.level else ""]
    lines.append(f"{node.inclusive:,} instructions, {share(node.inclusive, total)}")
    if node.children:
        lines.append(f"{node.exclusive:,} of its own, {share(node.exclusive, total)}")
    lines.append(f"{node.calls:,} call{'s' * (node.calls != 1)}" if node.calls and frame.level else "")
    return "\n".join(filter(None, lines))


def _kind(frame: Frame) -> str:
    kind = frame.node.function.kind
    return kind if kind in NAMES or kind == SUMMED else "unknown"


def _add(
    parent: ET.Element, tag: str, attributes: dict[str, str] | None = None, *, text: str = "", **lengths: float
) -> ET.Element:
    # Numbers with two decimals at most, without trailing zeros: the same text everywhere.
    numbers = {name: f"{value:.2f}".rstrip("0").rstrip(".") for name, value in lengths.items()}
    element = ET.SubElement(parent, tag, {**(attributes or {}), **numbers})
    element.text = text or None
    return element


def _beside(name: str) -> str:
    return "\n" + Path(__file__).with_name(name).read_text(encoding="utf-8")
