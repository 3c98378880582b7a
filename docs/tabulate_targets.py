"""Write the table of docs/targets.md: what each target has, from its target.toml and from its kind of machine.

python docs/tabulate_targets.py
"""

from __future__ import annotations

from pathlib import Path

from mpy_harness import architectures, machines
from mpy_harness.machines import MachineKind
from mpy_harness.programs.build import can_build
from mpy_harness.targets import Target, available, load_target

PAGE = Path(__file__).resolve().parent / "targets.md"
BEGIN, END = "<!-- table -->\n", "<!-- end of table -->\n"
HEAD = ("target", "core", "machine", "native modules", "floats", "MicroPython", "flash", "RAM", "values through",
        "counting", "`--memcheck`", "estimated time", "plain C")  # fmt: skip
#: A board on the desk, whichever it is.
DESK = "serial:PORT"


def table() -> str:
    """Return the table as Markdown."""
    rows = [HEAD, ("---",) * len(HEAD), *map(row, available()), row(DESK)]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in rows)


def row(name: str) -> tuple[str, ...]:
    """Return what a target has."""
    target = load_target(name)
    kind = machines.kind_of(target)
    is_asked = target.is_installed
    has_checker = type(kind).checker is not MachineKind.checker
    return (
        f"`{name}`",
        "asked for" if is_asked else target.core,
        target.emulator,
        "asked for" if is_asked else "no" if target.is_plain else target.natmod.arch,
        "asked for" if is_asked else floats(target),
        "what is on it" if is_asked else target.firmware.micropython or "no",
        memory(target, "flash"),
        memory(target, "ram"),
        "the line" if is_asked else channel(target),
        ", ".join(kind.modes) or "none",
        "yes" if has_checker and not target.is_plain else "no",
        "yes" if target.cycles is not None else "measured time" if kind.is_hardware else "no",
        "yes" if can_build(target) or target.is_plain else "no",
    )


def floats(target: Target) -> str:
    """Return how wide MicroPython's floats are."""
    arch = architectures.mpy_arch(target.natmod.arch)
    return "-" if target.is_plain else "64 bits" if arch and arch.precision == "double" else "32 bits"


def channel(target: Target) -> str:
    """Return what values travel through."""
    return "-" if target.is_plain else "shared memory" if target.window is not None else "the debug port"


def memory(target: Target, kind: str) -> str:
    """Return how much memory of a kind a target has."""
    total = sum(each.length for each in target.memory if each.kind == kind)
    return f"{total / 1024:,.0f} KiB" if total else "?"


def written(page: str) -> str:
    """Return the page with the table as it is now."""
    before, _, rest = page.partition(BEGIN)
    return f"{before}{BEGIN}\n{table()}\n{END}{rest.partition(END)[2]}"


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
