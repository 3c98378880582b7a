"""What the HTML page shows, as figures and shapes that its template writes down."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import log10
from typing import Any

from mpy_harness.counting.profile import Profile
from mpy_harness.measurements.comparison import Comparison, Outcome, Row
from mpy_harness.measurements.from_tests import INFINITE
from mpy_harness.measurements.run import Measurement, Run
from mpy_harness.reports.causes import Cause, causes, contributions
from mpy_harness.reports.coverage_table import coverage_row
from mpy_harness.reports.figures import amount, percent, plural, signed
from mpy_harness.reports.flamegraph import flamegraph
from mpy_harness.reports.names import printable, share, shortened
from mpy_harness.reports.treemap import Tile, bytes_of_families, treemap
from mpy_harness.reports.trends import Series, trends
from mpy_harness.reports.verdict import VERDICTS, advice, changed, counts, headline
from mpy_harness.sizes import SizeTree

MAX_ROWS = 5000
FLAMES = 6
_CAUSES, _PARTS, _SHARES = 12, 6, 100
_MARGINS, _CHARTS, _POINTS, _LEAVES, _NOTES, _MAPS = 60, 24, 200, 200, 50, 24
_OPEN_MAPS, _OF_ONE_CAUSE = 3, 6
_MAP = (1000, 430)
_CHART = (240, 56)
_PLOT = 200
_LETTER, _BOLD_LETTER = 6.7, 7.6
_HUES = 8
_LEGEND = 0.002
_MOODS: dict[Outcome, str] = {"regressed": "bad", "failed": "bad", "inconclusive": "unsure", "passed": "good"}
_IMAGE = "firmware"  # its case, see measurements/from_tests.py


@dataclass(frozen=True)
class Content:
    """What a page is made of: a run, or a comparison with its head; all else adds sections.

    ``sizes`` gives trees of flash or RAM by title; those of the run's own parts come by themselves. ``history`` are
    further runs for trends.
    """

    run: Run
    comparison: Comparison | None = None
    history: Sequence[Run] = ()
    sizes: Mapping[str, SizeTree] = field(default_factory=dict)
    profiles: Sequence[Profile] = ()


def view(content: Content) -> dict[str, Any]:
    """Return all that the template needs."""
    compared = content.comparison
    rows = _rows(content)
    run = content.run
    facts = _verdict(compared) if compared else _plain(run)
    return {
        **facts,
        "compared": compared is not None,
        "rows": rows[:MAX_ROWS],
        "left_out": max(0, len(rows) - MAX_ROWS),
        "causes": _causes(compared) if compared else [],
        **_margins(run.measurements),
        **_charts(trends([run, *content.history]), causes(compared) if compared else ()),
        **_maps(content),
        "flames": [flamegraph(profile) for profile in content.profiles[:FLAMES]],
        "coverage": [coverage_row(file) for file in run.coverage],
        "conditions": sorted(run.provenance.items())[:_NOTES],
    }


def _verdict(comparison: Comparison) -> dict[str, Any]:
    counted = [(verdict, len(comparison.of(verdict))) for verdict in VERDICTS]
    failed = [f"{each.test} on {each.target}" if each.target else each.test for each in comparison.head.failed]
    outdated = [f"{advice(comparison)} {comparison.renewal}"] if comparison.outdated else []
    notes = [
        ("Alerts", "alert", _few(comparison.alerts)),
        ("Baseline", "alert", outdated),
        ("Failed tests", "alert", _few(failed)),
        ("Different around the measurements", "reason", _few(comparison.reasons)),
    ]
    return {
        "headline": headline(comparison),
        "mood": _MOODS[comparison.outcome],
        "about": f"{counts(comparison)} · {_about(comparison)}" if causes(comparison) else _about(comparison),
        "tiles": [tile for tile in counted if tile[1]],
        "notes": [note for note in notes if note[2]],
    }


def _plain(run: Run) -> dict[str, Any]:
    text = plural(len(run.measurements), "measurement")
    about = f"{_revision(run)} · {_when(run)}" if run.revision else _when(run)
    return {"headline": text, "mood": "plain", "about": about, "tiles": [], "notes": []}


def _few(sentences: Sequence[str]) -> list[str]:
    more = len(sentences) - _NOTES
    return [*sentences[:_NOTES], f"{more:,} more"] if more > 0 else list(sentences)


def _about(comparison: Comparison) -> str:
    head, base = comparison.head, comparison.base
    revisions = f"{_revision(head)} compared with {_revision(base)} · " if head.revision or base.revision else ""
    return revisions + _when(head)


def _revision(run: Run) -> str:
    if not run.revision:
        return "a run of no known revision"
    return run.revision[:10] + (" with changes" if run.changed else "")


def _when(run: Run) -> str:
    return f"{run.created:%Y-%m-%d %H:%M %Z}".strip()


def _rows(content: Content) -> list[Row]:
    if content.comparison is None:
        return [Row(None, measurement, "same") for measurement in content.run.measurements]
    return changed(content.comparison) + content.comparison.of("same")


def _causes(comparison: Comparison) -> list[dict[str, Any]]:
    """Return a card for each cause: the measurement in which it did most, whose bars add up to that one's change."""
    cards = []
    for cause in causes(comparison)[:_CAUSES]:
        row = cause.shares[0].row
        parts = contributions(row, _PARTS)
        cards.append(
            {
                "title": cause.title(),
                "effects": [effect.text() for effect in cause.effects],
                "row": row,
                "parts": parts,
                "most": max((abs(part.delta) for part in parts), default=1),
                "shares": cause.shares[:_SHARES],
                "cases": len(cause.shares),
                "left_out": max(0, len(cause.shares) - _SHARES),
            }
        )
    return cards


def _margins(measurements: Iterable[Measurement]) -> dict[str, Any]:
    # A limit of zero is kept or not, and what has no error at all says nothing of a limit: no margin to draw.
    limited = [(each, _used(each)) for each in measurements if each.limit is not None]
    perfect = sum(_is_perfect(each) for each, _ in limited)
    drawn = sorted(
        ((each, used) for each, used in limited if used and not _is_perfect(each)),
        key=lambda pair: (-pair[1], pair[0].key),
    )
    shown = drawn[:_MARGINS]
    if not shown:
        return {"margins": []}
    low = max(-6, min(-1, int(log10(shown[-1][1])) - 1))
    high = 0.5 if shown[0][1] > 1 else 0.0
    scale = (_PLOT - 6) / (high - low)

    def place(used: float) -> float:
        return round(scale * (min(max(log10(used), low), high) - low), 2)

    margins = [
        {"measurement": each, "used": used, "x": place(used), "text": f"{100 * used:.3g}%" if used < 10 else ">999%"}
        for each, used in shown
    ]
    ticks = [place(10.0**power) for power in range(low, 0)]
    left_out = len(drawn) - len(shown)
    about = [f"{left_out:,} more are further from their limits."] if left_out else []
    about += [f"{plural(perfect, 'check')} without any error: left out."] if perfect else []
    return {"margins": margins, "ticks": ticks, "limit_x": place(1), "margins_about": " ".join(about)}


def _is_perfect(measurement: Measurement) -> bool:
    if measurement.better == "lower":
        # Half a unit in the last place is the error of a value that is rounded well: there is no better one.
        return measurement.value <= (0.5 if measurement.unit in {"LSB", "ULP"} else 0)
    return abs(measurement.value) >= INFINITE


def _used(measurement: Measurement) -> float:
    # The share of its limit, so that checks in different units can be compared.
    if measurement.unit == "dB" and measurement.better == "higher":  # of the error's amplitude
        return float(10 ** (min(180.0, max(-180.0, (measurement.limit or 0) - measurement.value)) / 20))
    value, limit = abs(measurement.value), abs(measurement.limit or 0)
    used, available = (value, limit) if measurement.better == "lower" else (limit, value)
    return min(used / available, 1e9) if available and used else 0.0


def _charts(series: Sequence[Series], known: Sequence[Cause]) -> dict[str, Any]:
    """Return charts in groups: of each cause of this change, then of none."""
    moved = [each for each in series if each.moved]
    left = {each.measurement.key: each for each in moved or series}
    groups: list[tuple[str, list[Series]]] = []
    for cause in known:
        keys = dict.fromkeys(share.row.measurement.key for share in cause.shares)
        groups.append((cause.title(), [left.pop(key) for key in keys if key in left][:_OF_ONE_CAUSE]))
    explained = sum(len(members) for _, members in groups)
    groups.append(("No known cause" if known else "", list(left.values())[: max(0, _CHARTS - explained)]))
    shown = sum(len(members) for _, members in groups)
    parts = [f"{len(moved):,} series moved"]  # one of these, and many
    if len(moved) > shown:
        parts.append(f"{shown} of them are shown, those that moved furthest")
    if steady := len(series) - len(moved):
        parts.append(f"{steady:,} stayed the same")
    trends_of = [(title, [_chart(each) for each in members]) for title, members in groups if members]
    return {"trends": trends_of, "trends_about": ", ".join(parts) + "."}


def _chart(series: Series) -> dict[str, Any]:
    points = series.points[-_POINTS:]
    width, height = _CHART
    values = [point.value for point in points]
    low, high = min(values), max(values)
    span = (high - low) or 1
    step = (width - 8) / max(1, len(points) - 1)
    places = [
        (round(4 + number * step, 2), round(height - 5 - (height - 10) * (value - low) / span, 2))
        for number, value in enumerate(values)
    ]
    line = "M" + "L".join(f"{x} {y}" for x, y in places)
    before = points[-2]
    delta = values[-1] - before.value
    worse = delta > 0 if series.measurement.better == "lower" else delta < 0
    share = percent(delta / abs(before.value)) if before.value else ""
    when = f"{before.revision[:7]} of {before.day}" if before.revision else before.day
    return {
        "measurement": series.measurement,
        "since": f"since the run before ({when})",
        "low": amount(low),
        "high": amount(high),
        "span": (points[0].day, points[-1].day),
        "line": line,
        "area": f"{line}L{places[-1][0]} {height}L{places[0][0]} {height}Z",
        "points": [
            (x, y, f"{amount(point.value)} · {point.revision[:10] or 'no revision'} · {point.day}")
            for (x, y), point in zip(places, points, strict=True)
        ],
        "breaks": [x for (x, _), point in zip(places, points, strict=True) if not point.like],
        "change": " ".join(filter(None, (signed(delta), share))) if delta else "unchanged",
        "mood": ("worse" if worse else "better") if delta else "muted",
        "label": f"{len(points)} revisions, from {amount(values[0])} to {amount(values[-1])}, "
        f"least {amount(low)}, most {amount(high)}",
    }


def _maps(content: Content) -> dict[str, Any]:
    """Return treemaps: those given, then those of the run's own parts, what grew most first; most of them folded."""
    grown: dict[str, int | float] = {}
    for row in content.comparison.rows if content.comparison else ():
        if row.delta and row.head:
            grown[_tree_title(row.head)] = row.delta
    own = _own_trees(content.run, given=bool(content.sizes))
    ordered = sorted(own.items(), key=lambda pair: -max(0, grown.get(pair[0], 0)))
    trees = [(title, tree) for title, tree in (*content.sizes.items(), *ordered) if tree.bytes]
    maps = [_map(title, tree) | {"change": grown.get(title, 0)} for title, tree in trees[:_MAPS]]
    # What grew is open, and enough besides for a page that nothing grew on.
    opened = max(_OPEN_MAPS, sum(each["change"] > 0 for each in maps)) if len(maps) > _OPEN_MAPS else len(maps)
    opened = min(opened, 2 * _OPEN_MAPS)
    about = [f"{plural(len(maps) - opened, 'map')} that did not grow most: folded."] if len(maps) > opened else []
    about += [f"{plural(len(trees) - len(maps), 'map')} more: left out."] if len(trees) > len(maps) else []
    return {"maps": maps[:opened], "folded_maps": maps[opened:], "maps_about": " ".join(about)}


def _tree_title(measurement: Measurement) -> str:
    return f"{measurement.metric} of {measurement.case} on {measurement.target}"


def _own_trees(run: Run, *, given: bool) -> dict[str, SizeTree]:
    # Trees of the measurements in bytes whose contributors are known: modules, and symbols in them. Of a firmware's,
    # a run keeps the largest alone; they are left out where its own trees are given.
    trees: dict[str, SizeTree] = {}
    for each in run.measurements:
        if each.unit.lower() not in {"b", "byte", "bytes"} or not each.parts or (given and each.case == _IMAGE):
            continue
        modules: dict[str, dict[str, int]] = {}
        for part in each.parts:
            if isinstance(part.value, int) and part.value > 0:
                inside = modules.setdefault(part.module, {})
                inside[part.name] = inside.get(part.name, 0) + part.value
        children = [
            SizeTree.of(module, inside) if module else SizeTree(name, size)
            for module, inside in modules.items()
            for name, size in ([("", 0)] if module else inside.items())
        ]
        trees[_tree_title(each)] = SizeTree.of(each.metric, children)
    return trees


def _map(title: str, tree: SizeTree) -> dict[str, Any]:
    width, height = _MAP
    while len(tree.children) == 1 and tree.children[0].children:
        tree = tree.children[0]  # a single part says nothing
    leaves = sorted(tree.leaves(), key=lambda leaf: (-leaf[1], leaf[0]))
    families = bytes_of_families(tree)
    largest = ", ".join(f"{printable(child.name)} {child.bytes:,}" for child in tree.children[:5])
    return {
        "title": title,
        "tree": tree,
        "width": width,
        "height": height,
        "tiles": [_tile(tile, tree.bytes) for tile in treemap(tree, width, height)],
        "label": f"{tree.bytes:,} bytes; the largest parts: {largest}. All are in the table below.",
        "legend": [
            (f"g{min(number, _HUES)}", shortened(printable(name), 30), share(size, tree.bytes))
            for number, (name, size) in enumerate(families[:_HUES])
            if size >= _LEGEND * tree.bytes
        ],
        "leaves": leaves[:_LEAVES],
        "left_out": max(0, len(leaves) - _LEAVES),
    }


def _tile(tile: Tile, total: int) -> dict[str, Any]:
    name = f"{tile.summed:,} smaller" if tile.summed else printable(tile.path[-1])
    letters = int((tile.width - 10) / (_LETTER if tile.leaf else _BOLD_LETTER))
    fits = letters >= 3 and tile.height >= 16
    where = " / ".join(printable(part) for part in tile.path[:-1])
    size = f"{tile.bytes:,}"
    return {
        "class": f"g{min(tile.family, _HUES)} {'leaf' if tile.leaf else 'group'}",
        "x": round(tile.x, 2),
        "y": round(tile.y, 2),
        "width": round(tile.width, 2),
        "height": round(tile.height, 2),
        "inner_width": round(max(tile.width - 1, 0.7 * tile.width), 2),
        "inner_height": round(max(tile.height - 1, 0.7 * tile.height), 2),
        "title": "\n".join(filter(None, (name, where, f"{size} bytes, {100 * tile.bytes / total:.2f}%"))),
        "text": shortened(name if tile.leaf or letters < len(name) + 10 else f"{name}  {size}", letters)
        if fits
        else "",
        "baseline": 13,
        "size": size if tile.leaf and fits and tile.height >= 34 and len(size) <= letters else "",
    }
