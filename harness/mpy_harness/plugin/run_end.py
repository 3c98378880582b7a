"""At the end of a run: write its measurements, save them as a baseline, compare them with one and with the budgets."""

from __future__ import annotations

import re
from collections.abc import Generator

import pytest

from mpy_harness.errors import HarnessError
from mpy_harness.measurements.budget_file import BudgetFile
from mpy_harness.measurements.compare import compare
from mpy_harness.measurements.comparison import Comparison
from mpy_harness.measurements.configuration import read_configuration
from mpy_harness.measurements.run import Run, read_run
from mpy_harness.measurements.thresholds import Rules
from mpy_harness.plugin.options import Settings
from mpy_harness.plugin.run_builder import RunBuilder
from mpy_harness.plugin.session import Session
from mpy_harness.reports.budget_table import budget_rows, excess_lines, summary
from mpy_harness.reports.comparison_table import comparison_lines
from mpy_harness.reports.names import harmless
from mpy_harness.reports.verdict import headline
from mpy_harness.resources import baselines_dir

NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]{0,99}")
# Options that leave tests out.
_SELECTING = ("keyword", "markexpr", "lf", "deselect", "stepwise")


class RunEnd:
    """A plugin of its own that sees the reports of all processes; it is registered only where it has work."""

    def __init__(self, config: pytest.Config, session: Session, budgets: BudgetFile | None) -> None:
        self._config = config
        self._settings: Settings = session.settings
        self._builder = RunBuilder(session)
        self._lines: list[tuple[str, bool]] = []
        self._base: Run | None = None
        self._rules = Rules()
        self._name = ""
        self._comparison: Comparison | None = None
        self._budgets = budgets
        if session.settings.baseline is not None:
            self._prepare(*session.settings.baseline)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take what a test measured."""
        self._builder.add(report)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None]:
        """Write, save or compare before pytest tells how the run ended, and say the verdict after that."""
        self._end(session)
        yield
        reporter = self._config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None and self._comparison is not None:
            outcome = self._comparison.outcome
            bad, good = outcome in {"regressed", "failed"}, outcome == "passed"
            text = f"compared with {self._name}: {headline(self._comparison)}"
            reporter.write_sep("=", harmless(text), red=bad, green=good, yellow=not bad and not good, bold=True)

    def _end(self, session: pytest.Session) -> None:
        """Write, save or compare; what got worse fails the run."""
        if session.exitstatus not in {
            pytest.ExitCode.OK,
            pytest.ExitCode.TESTS_FAILED,
            pytest.ExitCode.NO_TESTS_COLLECTED,
        }:
            self._add("nothing was written or compared: the run did not come to its end", bad=True)
            return
        status = pytest.ExitCode.INTERNAL_ERROR  # not the status of figures that got worse
        try:
            run = self._builder.run()
            good = self._finish(run, stopped=bool(session.shouldfail or session.shouldstop))
            status = pytest.ExitCode.OK if good else pytest.ExitCode.TESTS_FAILED
        except OSError as error:
            self._add(f"{error.filename} cannot be written: {error.strerror}", bad=True)
        except MemoryError:
            self._add("there is not enough memory to write or compare what was measured", bad=True)
        except (HarnessError, ValueError) as error:
            self._add(str(error), bad=True)
        if status != pytest.ExitCode.OK and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = status

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say what was done."""
        terminalreporter.section("measurements", sep="-")
        for line, bad in self._lines:
            terminalreporter.write_line(harmless(line), red=bad)

    def _prepare(self, what: str, name: str) -> None:
        """Check at once what would otherwise fail after all tests have run."""
        if what not in {"save", "check"}:
            raise pytest.UsageError(f"--baseline wants save NAME or check NAME, not {what!r}")
        if NAME.fullmatch(name) is None:
            raise pytest.UsageError(f"--baseline: {name[:60]!r} is no name: letters, digits, _ . + - and no path")
        self._name = name
        if what == "save":
            return
        file = baselines_dir(self._config.rootpath) / f"{name}.json"
        if not file.exists():
            known = ", ".join(sorted(path.stem for path in file.parent.glob("*.json"))) or "none"
            raise pytest.UsageError(f"--baseline: there is no {name!r} (saved: {known}). pytest --baseline save {name}")
        try:
            self._base = read_run(file)
            self._rules = read_configuration(self._config.rootpath).rules()
        except HarnessError as error:
            raise pytest.UsageError(str(error)) from error

    def _finish(self, run: Run, *, stopped: bool) -> bool:
        count = f"{len(run.measurements):,} measurement{'s' * (len(run.measurements) != 1)}"
        good = True
        if (file := self._settings.measurements) is not None:
            if run.measurements:
                run.write(file)
                self._add(f"{count} in {file}")
            else:
                file.unlink(missing_ok=True)  # an earlier run's file must not be taken for this one's
                self._add(f"nothing was measured, there is no {file}", bad=True)
        if self._base is not None:
            good = self._check(self._base, run, stopped=stopped)
        elif self._name:
            good = self._save(run, count, stopped=stopped)
        return (self._budgets is None or self._keeps(self._budgets, run)) and good

    def _keeps(self, budgets: BudgetFile, run: Run) -> bool:
        """Tell whether a run keeps the project's budgets, and say which it does not."""
        uses = budgets.uses(run)
        excesses = excess_lines(uses)
        for line in budget_rows(uses) if uses and self._config.get_verbosity() > 0 else ():
            self._add(line)
        for line in excesses:
            self._add(line, bad=True)
        self._add(f"{budgets.file.name}: {summary(budgets, uses)}", bad=bool(excesses))
        return not excesses

    def _save(self, run: Run, count: str, *, stopped: bool) -> bool:
        why = "nothing was measured" if not run.measurements else "the run was stopped" if stopped else ""
        if self._builder.failed:
            why = "tests failed, and what they measure would be missing"
        if why:
            self._add(f"no baseline was saved: {why}", bad=True)
            return False
        file = baselines_dir(self._config.rootpath) / f"{self._name}.json"
        run.write(file)
        self._add(f"{count} saved as {self._name}; compare a later run: pytest --baseline check {self._name}")
        return True

    def _check(self, base: Run, run: Run, *, stopped: bool) -> bool:
        """Compare with the baseline; measurements of tests that were not selected are not missed."""
        if self._config.args_source is pytest.Config.ArgsSource.ARGS:
            base = self._builder.restrict(base, run)
        named = any("::" in argument for argument in self._config.args)
        selected = named or any(self._config.getoption(option, None) for option in _SELECTING)
        rules = self._rules
        if selected or stopped:
            rules = Rules(rules.thresholds, ["*"], strict=rules.strict)
            there = {each.key for each in run.measurements}
            left = (each for each in base.measurements if each.key in there)
            base = base.model_copy(update={"measurements": tuple(left)})
        self._comparison = compare(base, run, rules, renewal=f"pytest --baseline save {self._name}")
        self._add(f"compared with the baseline {self._name}")
        for line in comparison_lines(self._comparison, detailed=self._config.get_verbosity() > 0):
            self._add(line)
        return not self._comparison.regressed

    def _add(self, line: str, *, bad: bool = False) -> None:
        self._lines.append((line, bad))


def _budgets(config: pytest.Config) -> BudgetFile | None:
    try:
        file = read_configuration(config.rootpath).budget_file
        return BudgetFile.read(file) if file.is_file() else None
    except HarnessError as error:
        raise pytest.UsageError(str(error)) from error


def add_to(config: pytest.Config, session: Session) -> None:
    """Take part in a run if its measurements are wanted or limited; in a worker of xdist, the controller does."""
    if hasattr(config, "workerinput"):
        return
    settings, budgets = session.settings, _budgets(config)
    if settings.measurements is not None or settings.baseline is not None or budgets is not None:
        config.pluginmanager.register(RunEnd(config, session, budgets), "mpy_harness.plugin.run_end")
