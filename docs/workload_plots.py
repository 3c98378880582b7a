"""Plots of what workloads take in each form: bars by case, or lines by size. Both have the same figures' digest."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

#: For each case its forms, with the instructions per value.
Cases = list[tuple[str, list[tuple[str, float]]]]
#: Forms that only bytecode is are grey.
COLOURS = {
    "python": "tab:gray", "@native": "tab:olive", "viper": "tab:orange", "fixed": "tab:orange", "asm": "tab:red",
    "native": "tab:blue", "before": "tab:gray", "after": "tab:green",
}  # fmt: skip


def short(number: float) -> str:
    """Return a number with three digits or more."""
    if number >= 1000:
        return f"{number:,.0f}"
    return f"{number:.0f}" if number >= 100 else f"{number:.1f}"


def bars(file: Path, cases: Cases, target: str, digest: str) -> None:
    """Draw bars by form, on a logarithmic scale, in the colours that compilers have on all pages."""
    rows = sum(len(forms) for _, forms in cases) + len(cases)
    with _axes(file, (9, 0.9 + 0.19 * rows), digest) as axes:
        at = 0
        for case, forms in cases:
            axes.text(0, at, f" {case}", transform=axes.get_yaxis_transform(), va="center", fontsize=8, weight="bold")
            for form, value in sorted(forms, key=lambda bar: bar[1]):
                at += 1
                axes.barh(at, value, color=COLOURS.get(form, "silver"), height=0.8)
                axes.text(value, at, f" {form} {short(value)}", va="center", fontsize=7)
            at += 1
        axes.set(xscale="log", ylim=(at, -1), yticks=[], xlabel=f"instructions per value on {target}")
        axes.set_xlim(1, 6 * max(value for _, forms in cases for _, value in forms))
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")


def lines(file: Path, cases: Cases, target: str, digest: str) -> None:
    """Draw a line for each form of each workload over the size in which names of cases end, such as ``noise_256``.

    Both scales are logarithmic; the workloads differ by their lines' dashes. Cases of one size are left out.
    """
    found: dict[tuple[str, str], dict[int, float]] = {}
    for case, forms in cases:
        kind, _, size = case.rpartition("_")
        for form, value in forms:
            found.setdefault((kind, form), {})[int(size)] = value
    found = {name: by_size for name, by_size in found.items() if len(by_size) > 1}
    kinds = list(dict.fromkeys(kind for kind, _ in found))
    sizes = sorted({size for by_size in found.values() for size in by_size})
    with _axes(file, (9, 5.5), digest) as axes:
        lowest = 0.0  # where the next label may be, so that none is over another
        for (kind, form), by_size in sorted(found.items(), key=lambda line: line[1][max(line[1])]):
            dashes = ("-", "--", ":", "-.")[kinds.index(kind) % 4]
            x = sorted(by_size)
            axes.plot(x, [by_size[n] for n in x], dashes, marker="o", markersize=3, color=COLOURS.get(form, "silver"))
            label = f"{form}, {kind.partition('/')[0]}: {short(by_size[x[-1]])}"
            lowest = max(by_size[x[-1]], 1.18 * lowest)
            axes.text(1.06 * x[-1], lowest, label, va="center", fontsize=8)
        axes.set(xscale="log", yscale="log", xlabel="points", ylabel=f"instructions per point on {target}")
        axes.set_xticks(sizes, [f"{size:,}" for size in sizes])
        axes.minorticks_off()
        axes.set_xlim(sizes[0] / 1.1, sizes[-1] * 2.6)
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
        axes.grid(axis="y", alpha=0.3)


@contextmanager
def _axes(file: Path, size: tuple[float, float], digest: str) -> Iterator[Any]:
    # Text stays text and nothing is random or of today, so that the same figures make the same file.
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context({"svg.hashsalt": "mpy-harness", "svg.fonttype": "none", "text.parse_math": False}):
        figure = Figure(figsize=size, layout="constrained")
        axes = figure.add_subplot()
        yield axes
        axes.spines[["top", "right"]].set_visible(False)
        figure.savefig(file, metadata={"Date": None, "Creator": None, "Description": digest})
