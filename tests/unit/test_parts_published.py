"""docs/parts.md shows what follows from what was counted, and what has the same instructions lies within."""

from __future__ import annotations

import json

import pytest

from docs import measure_parts


@pytest.fixture(scope="module")
def measured():
    return json.loads(measure_parts.MEASURED.read_text(encoding="utf-8"))


def test_the_page_is_current(measured):
    assert measure_parts.page_with(measure_parts.tables(measured)) == measure_parts.PAGE.read_text(encoding="utf-8")


def test_what_has_the_same_instructions_lies_within_its_interval(measured):
    same = [each for each in measure_parts.PUBLISHED if each.note == "the same instructions"]
    assert len(same) == 2
    for each in same:
        predicted, least, most = measure_parts.interval(each, measured)
        assert most is not None
        assert least <= each.seconds <= most
        assert least < predicted < most


def test_the_bus_of_its_ram_explains_what_the_pyboard_takes_longer(measured):
    pyboard = measure_parts.PUBLISHED[0]
    assert pyboard.part == "stm32f405"
    predicted, _, most = measure_parts.interval(pyboard, measured)
    assert most is not None
    assert predicted * 1.5 < pyboard.seconds < most < predicted * 2.4
