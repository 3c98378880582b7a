"""Comparisons made by hand, for tests of reports."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from mpy_harness.measurements.comparison import Comparison, PartChange, Row, Verdict
from mpy_harness.measurements.run import Conditions, Failure, Measurement, Part, Run

#: Names as somebody's pull request may have them; the model of measurements lets these pass.
HOSTILE = (
    "@octocat and @org/team",
    "fixes #1, GH-2, owner/repo#3, 0123456789abcdef0123456789abcdef01234567",
    "[click](https://evil.example/x) ![x](https://evil.example/y.png)",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "https://evil.example www.evil.example me@evil.example ftp://evil.example",
    "a|b|c | d \\| e \\\\| f",
    "`tick` ``two`` ``` three",
    "trailing backslash \\",
    "# heading",
    "- list\u00a0- item",
    "**bold** _under_ ~~gone~~ $x^2$ :tada:",
    "&lt;b&gt; &#64;octocat &amp;",
    "--> <!-- mpy-harness:comparison -->",
    "</details></td></table><h1>x",
    "=1+1",
    "+SUM(A1)",
    "-2",
    "@SUM(A1)",
    '",=1,"',
    "'quoted' \"double\"",
    "{{ 7*7 }} {% raw %}",
    "</script><script>alert(1)//",
    "javascript:alert(1)",
    "::error file=a::b %0A::warning::c",
    "e" * 300,
    "\U0001f600" * 60,
    "ա\u0301\u0301 العربية",
)


def measurement(value: float = 1000, case: str = "filters/iir", **more: Any) -> Measurement:
    facts: dict[str, Any] = {
        "target": "m33", "case": case, "metric": "instructions", "unit": "instructions",
        "file": "cases/filters/test_iir.py", "line": 12, "value": value,
    }  # fmt: skip
    return Measurement(**(facts | more))


def row(
    verdict: Verdict, base: float | None, head: float | None, case: str = "filters/iir", /, **more: Any
) -> Row:  # fmt: skip
    parts = more.pop("parts", ())
    within = more.pop("within", "")
    return Row(
        None if base is None else measurement(base, case, **more),
        None if head is None else measurement(head, case, **more),
        verdict,
        within,
        parts,
    )


def of_one_cause(cases: int, samples: int = 64) -> list[Row]:
    """Return rows of as many cases that one function made worse by six instructions a sample."""
    grew = 6 * samples
    parts = (PartChange("iir", "filter_run", 900, 900 + grew),)
    return [row("worse", 1000, 1000 + grew, f"iir/{n}", values=samples, parts=parts) for n in range(cases)]


def run(*measurements: Measurement, revision: str = "a" * 40, **more: Any) -> Run:
    provenance = Conditions(
        micropython="1.26.1", firmware="0" * 64, toolchain="gcc 12.2.1", emulator="QEMU 7.2", harness="0.1.0"
    )
    targets = {each.target for each in measurements}
    facts: dict[str, Any] = {"provenance": dict.fromkeys(sorted(targets), provenance)} | more
    created = datetime(2026, 11, 21, 10, 0, tzinfo=timezone.utc)
    return Run(created=created, revision=revision, measurements=measurements, **facts)


def comparison(
    *rows: Row,
    alerts: tuple[str, ...] = (),
    reasons: tuple[str, ...] = (),
    failed: tuple[Failure, ...] = (),
    renewal: str = "",
) -> Comparison:
    base = run(*(each.base for each in rows if each.base), revision="b" * 40)
    head = run(*(each.head for each in rows if each.head), revision="c" * 40, failed=failed)
    return Comparison(base, head, rows, alerts, reasons, renewal)


def example() -> Comparison:
    """Return a comparison with something of everything."""
    grew = (
        PartChange("iir", "iir_run", 9000, 10200),
        PartChange("firmware", "mp_obj_get_float", 1200, 1210),
        PartChange("iir", "iir_new", 500, 490),
    )
    table = (PartChange("iir", "window_table", 0, 1024),)
    return comparison(
        row("worse", 12_000, 13_200, "filters/iir[float]", parts=grew),
        row("worse", 2048, 3072, "iir", metric="rodata", unit="bytes", parts=table, file="", line=0),
        row("worse", 96.5, 90.25, "transforms/fft[256]", metric="snr", unit="dB", better="higher"),
        row("better", 800, 640, "classifiers/trees"),
        row("added", None, 77, "filters/fir"),
        row("removed", 55, None, "filters/old"),
        row("unlike", 5000, 5100, "filters/iir[float]", target="rv32"),
        row("same", 1000, 1002, "near", within="0.5%"),
        *(row("same", 100 + n, 100 + n, f"steady/{n}") for n in range(40)),
        alerts=("m33 / filters/old / instructions: the case disappeared",),
        reasons=("rv32: toolchain was riscv64-unknown-elf-gcc 12.2.0, is 13.1.0",),
    )


def parts(count: int) -> tuple[Part, ...]:
    return tuple(Part(module="iir", name=f"f{n}", value=n) for n in range(count))
