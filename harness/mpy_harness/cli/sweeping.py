"""Sweeps of the command ``estimate``: a model trained with several settings, as table, JSON, plot and page."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from mpy_harness.costs.constants import constants
from mpy_harness.costs.limits import Limits
from mpy_harness.costs.named import load_named
from mpy_harness.costs.sweep import on_part, read_grid, sweep
from mpy_harness.costs.trees import LeafBits
from mpy_harness.errors import MachineryError
from mpy_harness.reports.estimate_table import fit_lines, sweep_data, sweep_lines
from mpy_harness.reports.sweep_page import sweep_page
from mpy_harness.reports.sweep_plot import plot_sweep
from mpy_harness.resources import write_whole
from mpy_harness.targets import Part, available_parts, load_part


@dataclass(frozen=True)
class Sweep:
    """What is asked for: one of ``words`` is the model, the others are settings, as ``settings`` are.

    ``arrays`` are samples and classes, ``clock`` is in Hz.
    """

    words: Sequence[str]
    settings: Sequence[str]
    arrays: Sequence[Any]
    leaf_bits: LeafBits
    limits: Limits
    clock: int | None

    def run(
        self, where: str | Part, parts: Sequence[Part], *, plot: Path | None, page: Path | None, as_json: bool
    ) -> None:
        """Train, print the table or JSON, and write the files; ``parts`` are those to fit, none for all."""
        name = self._name()
        grid = read_grid([*self.settings, *filter(_is_setting, self.words)])
        samples, classes = self.arrays
        found = sweep(
            load_named(name), samples, classes, grid, target=where, leaf_bits=self.leaf_bits, clock=self.clock
        )
        chips = parts or [each for each in map(load_part, available_parts()) if constants().has_part(each)]
        fitted = {each.name: on_part(found, each, self.clock) for each in chips}
        if as_json:
            print(json.dumps(sweep_data(found, self.limits, fitted), indent=1))
        else:
            several = fitted if len(parts) > 1 else {}
            print("\n".join([*sweep_lines(found, self.limits), *fit_lines(found, self.limits, several)]))
        if plot is not None:
            plot_sweep(found, self.limits, plot)
        if page is not None:
            _write(page, sweep_page(name, found, self.limits, fitted))
        for file in filter(None, (plot, page)):
            print(file, file=sys.stderr if as_json else sys.stdout)

    def _name(self) -> str:
        named = [each for each in self.words if not _is_setting(each)]
        if len(named) != 1:
            raise typer.BadParameter("is for one model", param_hint="--sweep")
        return named[0]


def _is_setting(word: str) -> bool:
    # In `--sweep a=1,2 b=3,4`, the second setting arrives as a model.
    return "=" in word and ":" not in word


def _write(file: Path, text: str) -> None:
    try:
        write_whole(file, text)
    except OSError as error:
        raise MachineryError(f"{file} cannot be written: {error.strerror}.") from error
