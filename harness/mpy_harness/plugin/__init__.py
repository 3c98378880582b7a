"""The pytest plugin, as which pytest loads this package: its hooks and fixtures are those of ``hooks``."""

from __future__ import annotations

from mpy_harness.plugin.hooks import (
    another_board,
    board,
    budget,
    golden,
    guarded,
    natmod,
    program,
    pytest_addhooks,
    pytest_addoption,
    pytest_cmdline_main,
    pytest_collect_file,
    pytest_configure,
    pytest_generate_tests,
    pytest_load_initial_conftests,
    pytest_runtest_call,
    pytest_runtest_makereport,
    pytest_terminal_summary,
    pytest_unconfigure,
    target,
)

__all__ = [
    "another_board",
    "board",
    "budget",
    "golden",
    "guarded",
    "natmod",
    "program",
    "pytest_addhooks",
    "pytest_addoption",
    "pytest_cmdline_main",
    "pytest_collect_file",
    "pytest_configure",
    "pytest_generate_tests",
    "pytest_load_initial_conftests",
    "pytest_runtest_call",
    "pytest_runtest_makereport",
    "pytest_terminal_summary",
    "pytest_unconfigure",
    "target",
]
