"""Text of others, on terminals and in the logs of CI jobs."""

from __future__ import annotations

import pytest

from mpy_harness.reports.names import harmless, harmless_line
from mpy_harness.reports.table import aligned


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain ä€漢 text\twith a tab", "plain ä€漢 text\twith a tab"),
        ("two\r\nlines\n", "two\nlines\n"),
        ("\x1b[31mred\x1b]0;title\x07", r"\x1b[31mred\x1b]0;title\x07"),
        ("over\rwritten\x08", r"over\rwritten\x08"),
        ("\x9b2J \u202e \u2028", r"\x9b2J \u202e \u2028"),
        ("::error file=a::text", r"\x3a:error file=a::text"),
        ("one\n  ::set-output name=a::b", "one\n" + r"  \x3a:set-output name=a::b"),
        ("std::vector ::error", "std::vector ::error"),
        ("##[error]x", r"\x23#[error]x"),
        ("E   before ##[group] ##vso[task.x]", r"E   before \x23#[group] \x23#vso[task.x]"),
        ("###[error]", r"#\x23#[error]"),
        ("## [heading] #[attribute]", "## [heading] #[attribute]"),
    ],
)
def test_what_steers_is_shown(text, shown):
    assert harmless(text) == shown
    assert harmless(shown) == shown


def test_a_cell_of_a_table_is_one_line():
    assert harmless_line("a\n::error::b\r\n") == r"a\n::error::b\r\n"
    lines = aligned([["name", "n"], ["::error::x\n::debug::", "1"], ["\x1b[2J", "2"]])
    assert len(lines) == 3
    assert not any("\x1b" in line or line.startswith("::") for line in lines)
