"""docs/targets.md has what the targets' files and the kinds of machine say."""

from __future__ import annotations

from docs.tabulate_targets import HEAD, PAGE, row, written
from mpy_harness.targets import available


def test_the_table_is_of_today():
    page = PAGE.read_text(encoding="utf-8")
    assert written(page) == page, "python docs/tabulate_targets.py writes it anew"
    assert all(f"| `{name}` |" in page for name in available())


def test_what_a_row_says():
    m33, desk, c3 = (dict(zip(HEAD, row(name), strict=True)) for name in ("m33", "serial:PORT", "esp32c3"))
    assert (m33["values through"], m33["`--memcheck`"], m33["plain C"]) == ("shared memory", "yes", "yes")
    assert (desk["counting"], desk["estimated time"], desk["core"]) == ("none", "measured time", "asked for")
    assert ("functions" in c3["counting"], c3["plain C"], c3["flash"]) == (False, "no", "4,096 KiB")
