"""The makefile that boards share, as far as make alone can tell."""

from __future__ import annotations

import subprocess

import pytest

from mpy_harness.resources import targets_dir


@pytest.mark.parametrize(
    ("link", "flags"),
    [
        ("$(CC) $(LDFLAGS) -o $@", "-Wl,--wrap=gc_alloc -Wl,--wrap=gc_realloc -Wl,--wrap=gc_free"),  # until 1.28
        ("$(LD) $(LDFLAGS) -o $@", "--wrap=gc_alloc --wrap=gc_realloc --wrap=gc_free"),  # from 1.29 on
    ],
)
def test_options_are_for_the_program_that_links(tmp_path, link, flags):
    boards = targets_dir() / "boards"
    (tmp_path / "Makefile").write_text(
        f"COMMON_DIR = {boards / 'common'}\nSHARED_DIR = {boards / 'cortex-m'}\n"
        "BOARD_DIR = .\nLD = ld\ninclude $(SHARED_DIR)/board.mk\n"
        f"show:\n\t@echo $(LDFLAGS)\nfirmware.elf:\n\t{link}\n"
    )
    told = subprocess.run(["make", "-s", "show"], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=60)
    assert flags in told.stdout
    assert told.stdout.count("wrap") == 3
