"""Count programs whose time on a chip is published, and write docs/parts.md: what is predicted against that.

python -m docs.measure_parts                    write the page, from what was counted before
python -m docs.measure_parts DFT COREMARK MAIX  count anew, and write docs/parts-measured.json too

The folders are checkouts of peterhinch/micropython-fourier, eembc/coremark and sipeed/TinyMaix.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docs.counted_programs import COREMARK, DFT, TINYMAIX, count_all
from docs.measure_costs import BEGIN, END, markdown
from mpy_harness.costs.cycles import ASKED, estimate, seconds_text
from mpy_harness.costs.float_code import float_share, time_error
from mpy_harness.costs.waits import Code, most_waits
from mpy_harness.targets import load_part

REPOSITORY = Path(__file__).resolve().parents[1]
MEASURED = REPOSITORY / "docs" / "parts-measured.json"
PAGE = REPOSITORY / "docs" / "parts.md"


@dataclass(frozen=True)
class Published:
    """A time that was measured on a part at a clock in Hz, by somebody; ``code`` says where the code was.

    ``program`` is a name of those in ``parts-measured.json``.
    """

    program: str
    part: str
    clock: int
    seconds: float
    code: str
    source: str
    note: str = ""


_FOURIER = "micropython-fourier, README, section 8"
_RP2040 = "TinyMaix, doc/porting/port_rp2040.md"
_FRANK, _KAF = "FrankBoesing/CoreMark, README", "KafCoppelia/pico-coremark"
_XIVN = "XIVN1987/MCUCode, coremark/README"
PUBLISHED = (
    Published(DFT, "stm32f405", 168_000_000, 12.9e-3, "modules", _FOURIER, "the same instructions"),
    Published(DFT, "rp2350", 150_000_000, 6.97e-3, "modules", _FOURIER, "the same instructions"),
    Published(DFT, "stm32f722", 120_000_000, 3.6e-3, "modules", _FOURIER, "clock not said: the port's"),
    Published(DFT, "stm32f722", 216_000_000, 3.6e-3, "modules", _FOURIER, "clock not said: the greatest"),
    Published(COREMARK, "rp2040", 125_000_000, 1 / 249.8, "modules", "manitou48/CoreMark-RP2040", "GCC"),
    Published(COREMARK, "rp2040", 125_000_000, 1 / 236.653, "modules", _KAF, "GCC 11.2 -O3"),
    Published(COREMARK, "rp2350", 150_000_000, 2 / 600, "firmware", _FRANK, "600/s on both cores, GCC"),
    Published(COREMARK, "rp2350", 200_000_000, 2 / 1041, "firmware", _FRANK, "1041/s on both cores, GCC -O3"),
    Published(COREMARK, "stm32f405", 168_000_000, 1 / 436.681, "firmware", _XIVN, "Keil MDK -O3"),
    Published(COREMARK, "stm32f746", 216_000_000, 1 / 1082, "firmware", "ST AN4667", "compiler not said"),
    Published(TINYMAIX, "rp2040", 133_000_000, 503.308e-3, "firmware", _RP2040, "GCC, options not said"),
    Published(TINYMAIX, "rp2040", 280_000_000, 221.211e-3, "firmware", _RP2040, "GCC, options not said"),
)  # fmt: skip


def tables(measured: Mapping[str, Any]) -> str:
    """Return the table of the page: what is predicted on each part against what is published."""
    head = ["program", "part", "code in", *("predicted", "interval", "published", "deviation", "within", "source")]
    return "\n".join([*markdown(head, (_row(each, measured) for each in PUBLISHED)), ""])


def _row(each: Published, measured: Mapping[str, Any]) -> list[str]:
    predicted, least, most = interval(each, measured)
    inside = "yes" if least <= each.seconds <= (most or each.seconds) else "**no**"
    memory = load_part(each.part).modules if each.code == "modules" else load_part(each.part).firmware
    return [
        each.program,
        f"{each.part}, {each.clock / 1e6:g} MHz",
        memory.memory,
        seconds_text(predicted),
        f"{seconds_text(least)} to {'?' if most is None else seconds_text(most)}",
        seconds_text(each.seconds),
        f"{100 * (each.seconds / predicted - 1):+.0f} %",
        inside if most is not None else f"{inside}, above it is not known",
        f"{each.source}; {each.note}",
    ]


def interval(each: Published, measured: Mapping[str, Any]) -> tuple[float, float, float | None]:
    """Return the seconds that are predicted, the least and the most; None where no source tells the waits."""
    part = load_part(each.part)
    program = measured[each.program][part.core]
    counts = {name.replace(" ", "_"): number for name, number in program["counts"].items()}
    counts |= {name: counts.get(name, 0) for name in ASKED}
    assert part.cycles is not None
    model = estimate(counts, part.cycles, each.clock)
    memory = part.modules if each.code == "modules" else part.firmware
    waits = most_waits(Code(counts, memory, program["code"], constants=each.code == "firmware"))
    error = time_error(float_share(counts, part.cycles), part.cycles) / 100
    most = None if waits is None else (model.cycles + waits) / each.clock * (1 + error)
    return model.seconds, model.seconds * (1 - error), most


def page_with(text: str) -> str:
    """Return the page with this table in it."""
    page = PAGE.read_text(encoding="utf-8")
    before, _, rest = page.partition(BEGIN)
    return f"{before}{BEGIN}\n{text}{END}{rest.partition(END)[2]}"


def _written(counted: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the text of the file of what was counted: a line for each core."""
    lines = []
    for name, cores in counted.items():
        each = ",\n".join(f' "{core}": {json.dumps(found)}' for core, found in cores.items())
        lines.append(f'"{name}": {{\n{each}}}')
    return "{" + ",\n".join(lines) + "}\n"


def main() -> None:
    """Count what is asked for, and write the page."""
    if len(sys.argv) == 4:
        counted = count_all(*map(Path, sys.argv[1:]))
        MEASURED.write_text(_written(counted), encoding="utf-8")
    PAGE.write_text(page_with(tables(json.loads(MEASURED.read_text(encoding="utf-8")))), encoding="utf-8")


if __name__ == "__main__":
    main()
