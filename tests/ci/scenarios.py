"""Comments for the guide: what a pull request is told in each case that its author may meet.

`python -m tests.ci.scenarios` writes them into docs/ci.md; test_scenarios.py checks that they are what is posted.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from mpy_harness.github.artifacts import JobResult
from mpy_harness.github.comment import comment_body
from mpy_harness.measurements.run import Conditions, Failure, Measurement, Part, Run

GUIDE = Path(__file__).parents[2] / "docs" / "ci.md"
BEGIN, END = "<!-- written by tests/ci/scenarios.py -->", "<!-- to here -->"
HEAD_COMMIT, BASE_COMMIT = "4f1c9ab2d0" * 4, "91d0e7c3a5" * 4
FOOTER = f"{HEAD_COMMIT[:10]}, [run 5](https://github.com/OWNER/filters/actions/runs/5)"
CONDITIONS = Conditions(
    micropython="1.26.1", firmware="96d514577be9" + "0" * 52, toolchain="arm-none-eabi-gcc 12.2.1",
    emulator="QEMU 7.2.22", harness="0.1.0",
)  # fmt: skip
SAMPLES = 256


def case(name: str, value: int, *parts: tuple[str, str, int], samples: int = SAMPLES, **more: Any) -> Measurement:
    return Measurement(
        target="m33", case=name, metric="instructions", unit="instructions", value=value, values=samples,
        natmods=("iir/armv7emsp",), file="tests/test_filters.py", line=12,
        parts=tuple(Part(module=module, name=function, value=own) for module, function, own in parts), **more,
    )  # fmt: skip


def filters(each: int, cases: int = 12, **more: Any) -> list[Measurement]:
    """Return cases in which one function takes so many instructions a sample."""
    sections = [(n % 12 + 1) * 34 for n in range(cases)]
    return [
        case(f"iir/{n // 12}/{n % 12 + 1} sections", SAMPLES * (base + each) + 310,
             ("iir", "filter_run", SAMPLES * (base + each)), ("firmware", "mp_get_buffer", 310), **more)
        for n, base in enumerate(sections)
    ]  # fmt: skip


def fft(twiddles: int) -> Measurement:
    return case("fft/256", 41_000 + twiddles, ("fft", "butterfly", 41_000), ("fft", "twiddle", twiddles))


def run(measurements: Sequence[Measurement], commit: str = HEAD_COMMIT, **more: Any) -> Run:
    return Run(
        created=datetime(2026, 11, 28, 10, 0, tzinfo=timezone.utc), revision=commit, measurements=tuple(measurements),
        provenance={"m33": more.pop("conditions", CONDITIONS)},
        natmods={"iir/armv7emsp": more.pop("natmod", "b" * 64)}, **more,
    )  # fmt: skip


def base(measurements: Sequence[Measurement], **more: Any) -> Run:
    return run(measurements, BASE_COMMIT, natmod="a" * 64, **more)


OTHER = CONDITIONS.model_copy(update={"toolchain": "arm-none-eabi-gcc 13.2.1", "firmware": "e07b" + "0" * 60})
FAILED = Failure(target="m33", test="test_fft.py::test_fft[256]", file="test_fft.py")

SCENARIOS: dict[str, JobResult] = {
    "Nothing got worse. What others merged since the pull request was opened is on both sides, in a merge queue, too": (
        JobResult("m33", run([*filters(0), fft(900)]), base([*filters(0), fft(900)]))
    ),
    "One cause with many echoes": JobResult("m33", run([*filters(6), fft(900)]), base([*filters(0), fft(900)])),
    "Several causes": JobResult("m33", run([*filters(6, 4), fft(1900)]), base([*filters(0, 4), fft(900)])),
    "A test that fails, beside something that got worse": JobResult(
        "m33",
        run(filters(6, 4), failed=(FAILED,)),
        base([*filters(0, 4), fft(900).model_copy(update={"file": "test_fft.py"})]),
    ),
    "The first run: the base has nothing to compare with": JobResult("m33", run(filters(0, 4)), None),
    "A committed baseline that is out of date": JobResult(
        "m33",
        run(filters(2, 4), conditions=OTHER),
        base(filters(0, 4), committed="baselines/m33.json"),
    ),
}


def section() -> str:
    """Return the part of the guide with all comments."""
    parts = [BEGIN]
    for title, result in SCENARIOS.items():
        quoted = [f"> {line}".rstrip() for line in comment_body([result], footer=FOOTER).rstrip().split("\n")]
        parts += [f"{title}:", "\n".join(quoted)]
    return "\n\n".join([*parts, END])


def replaced(guide: str) -> str:
    """Return the guide with the comments as they are now."""
    before, _, rest = guide.partition(BEGIN)
    return before + section() + rest.partition(END)[2]


if __name__ == "__main__":
    GUIDE.write_text(replaced(GUIDE.read_text(encoding="utf-8")), encoding="utf-8")
