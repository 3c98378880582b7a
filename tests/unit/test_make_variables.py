"""Variables that no makefile reads are found, and the name that was meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from mpy_harness.firmware.make_variables import misspelt, told, unread

MAKEFILE = """
# what WORDS say
CFLAGS += -DVALUE=$(CONFIG) ${OTHER:.c=.o} $($(KIND)_FLAGS)
ifdef DEBUGGING
SMALL_FLAGS = -Os
endif
"""


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("CONFIG", {}),
        ("OTHER", {}),
        ("DEBUGGING", {}),
        ("SMALL_FLAGS", {}),  # by a reference that is made of two
        ("CONFG", {"CONFG": "CONFIG"}),
        ("DEBUGING", {"DEBUGING": "DEBUGGING"}),
        ("NOTHING_LIKE_IT", {"NOTHING_LIKE_IT": ""}),
    ],
)
def test_a_name_that_no_makefile_has(tmp_path: Path, name: str, expected: dict[str, str]) -> None:
    (tmp_path / "Makefile").write_text(MAKEFILE)
    found = unread({name: "1"}, [tmp_path / "Makefile", tmp_path / "nothing.mk"])
    assert found == expected
    assert misspelt(found) == {name: close for name, close in expected.items() if close}


def test_another_value_may_read_it(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text(MAKEFILE)
    assert unread({"CONFIG": "$(MINE)/config", "MINE": "/there"}, [tmp_path / "Makefile"]) == {}


def test_in_words() -> None:
    assert told({"CONFG": "CONFIG"}) == "no makefile reads CONFG. Did you mean CONFIG in place of CONFG?"
    assert told({"A": "", "B": ""}) == "no makefile reads A, B."
