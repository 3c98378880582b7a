"""The pytest plugin: hooks and fixtures; the work is done in the modules it calls."""

from __future__ import annotations

import itertools
import shutil
import sys
from collections import ChainMap
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest

from mpy_harness import machines
from mpy_harness.board import Board
from mpy_harness.board.guarded import Guarded
from mpy_harness.board.natmod_loader import ModuleLoader
from mpy_harness.costs import Budget
from mpy_harness.errors import BudgetExceeded
from mpy_harness.golden import Golden
from mpy_harness.measurements.carried import Carried
from mpy_harness.plugin import (
    budgets,
    case_names,
    failed_cases,
    harmless_report,
    hookspecs,
    markers,
    native_coverage,
    origin,
    rootdir,
    run_end,
    scopes,
    script_items,
    tracebacks,
)
from mpy_harness.plugin.absent import skipped_where_absent
from mpy_harness.plugin.compiler import Compiler
from mpy_harness.plugin.memcheck import raise_findings
from mpy_harness.plugin.options import add_options
from mpy_harness.plugin.session import Session
from mpy_harness.reports import terminal
from mpy_harness.reports.table import page_of
from mpy_harness.targets import Target

_SESSION = pytest.StashKey[Session]()


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Declare the hooks that others may define."""
    pluginmanager.add_hookspecs(hookspecs)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options."""
    add_options(parser)


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config, args: list[str]) -> None:
    """Look whether pytest took values of our options for paths of tests."""
    rootdir.prepare(early_config, args, sys.modules[__package__])


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> int | None:
    """Start again where it did."""
    return rootdir.start_again(config)


def pytest_configure(config: pytest.Config) -> None:
    """Check the options and prepare the session; nothing is started yet."""
    for line in (budgets.MARKER, *markers.MARKERS):
        config.addinivalue_line("markers", line)
    config.add_cleanup(machines.add_kinds(lambda: _machines_of(config)))
    config.stash[_SESSION] = Session(config)
    script_items.add_arguments(config, config.stash[_SESSION].settings)
    case_names.add_to(config)
    run_end.add_to(config, config.stash[_SESSION])
    native_coverage.add_to(config, config.stash[_SESSION])


def _machines_of(config: pytest.Config) -> machines.Kinds:
    # Each time anew: a conftest.py further down is known only when its folder was collected.
    named: list[machines.Kinds] = config.hook.pytest_mpy_harness_machines()
    return dict(ChainMap(*map(dict, named)))


def pytest_unconfigure(config: pytest.Config) -> None:
    """End the emulators, also after Ctrl-C."""
    session = config.stash.get(_SESSION, None)
    if session is not None:
        session.close()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that uses a target once for each target."""
    if "mpy_target_name" in metafunc.fixturenames:
        targets = metafunc.config.stash[_SESSION].settings.targets
        metafunc.parametrize("mpy_target_name", [target.name for target in targets], scope="session")


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(
    file_path: Path, parent: pytest.Collector
) -> Generator[None, list[pytest.Collector], list[pytest.Collector]]:
    """Collect device scripts as such, and as nothing else."""
    collected = yield
    session = parent.config.stash[_SESSION]
    if script_items.is_device_script(file_path, session.settings):
        return [script_items.ScriptFile.make(parent, file_path, session)]
    return collected


def pytest_collection_finish(session: pytest.Session) -> None:
    """Begin with what the host can do while guests work."""
    script_items.begin_outputs(session.items, session.config.stash[_SESSION])


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Begin to keep what a test measures."""
    item.config.stash[_SESSION].records.begin(item)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """Compare a test with its budget, and keep what it counted."""
    session = item.config.stash[_SESSION]
    board = session.used_by(item)
    allowed = budgets.Budgets.of(item, board)
    absent = skipped_where_absent(lambda: board.target if board is not None else None)
    try:
        if allowed is None:
            with absent, raise_findings(lambda: session.all_used_by(item)):
                yield
            return
        with absent, raise_findings(lambda: session.all_used_by(item)), allowed.measured() as costs:
            yield
        session.records.whole(item, costs.count, costs.allocations)
        figures = allowed.figures()
        session.records.budgets(item, figures)
        budgets.check(figures)
    finally:
        for used in session.all_used_by(item):
            session.records.board(item, used)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the console of a board whose test failed, leave our own frames out, attach what was measured."""
    session = item.config.stash[_SESSION]
    board = session.used_by(item)
    excinfo = None if item.config.getoption("fulltrace", default=False) else call.excinfo
    if excinfo is not None:
        tracebacks.hide_ours(excinfo)
    if call.when == "call" and call.excinfo is not None and not isinstance(call.excinfo.value, BudgetExceeded):
        session.records.interrupted(item)
    carried = session.finish(item) if call.when == "teardown" else None
    report = yield
    if report.failed:
        carried = carried or session.records.nothing(item)
        carried.failed.append(session.records.failure(item))
    if carried is not None:
        carried.attach(report)
    is_written = isinstance(report.longrepr, str)  # a device script's failure is in words already
    if excinfo is not None and not is_written:
        report.longrepr = session.once(tracebacks.bare(excinfo) or scopes.advice(excinfo)) or report.longrepr
    if report.failed and call.when == "call":
        report.sections += failed_cases.sections(item)
    if board is not None and report.failed:
        report.sections += session.explain(item)
    if origin.target_of(item):
        harmless_report.make_harmless(report)
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the tables of cases and native modules."""
    reports = itertools.chain.from_iterable(terminalreporter.stats.values())
    with page_of(shutil.get_terminal_size().columns if terminalreporter.isatty else None):
        terminal.show(Carried.of_all(reports), terminalreporter, detailed=config.get_verbosity() > 0)


@pytest.fixture(scope="session")
def mpy_target_name(request: pytest.FixtureRequest) -> str:
    """The name of the target, for a test that pytest cannot make once for each target."""
    return scopes.only_target([target.name for target in request.config.stash[_SESSION].settings.targets])


@pytest.fixture(scope="session")
def target(mpy_target_name: str, request: pytest.FixtureRequest) -> Target:
    """The target of this test."""
    return request.config.stash[_SESSION].target_of(request.node, mpy_target_name)


@pytest.fixture
def board(mpy_target_name: str, request: pytest.FixtureRequest) -> Board:
    """A booted target in a fresh state."""
    origin.note_target(request.node, mpy_target_name)
    return request.config.stash[_SESSION].board(request.node, mpy_target_name)


@pytest.fixture
def another_board(board: Board, request: pytest.FixtureRequest) -> Callable[[str], Board]:
    """Boot one more board: ``another_board()`` of the test's own target, ``another_board("m4-stm32")`` of another."""
    session = request.config.stash[_SESSION]

    def boot(target: str = "") -> Board:
        return session.board(request.node, target or board.target.name)

    return boot


@pytest.fixture
def natmod(board: Board, request: pytest.FixtureRequest) -> Iterator[ModuleLoader]:
    """Build a native module for the board's arch and load it: ``natmod("iir")`` or ``natmod("path/to/folder")``."""
    session = request.config.stash[_SESSION]
    here = request.path.parent
    loader = ModuleLoader(
        board,
        (*session.settings.natmods, here / "natmods"),
        (here, request.config.rootpath),
        session.settings.micropython,
        session.settings.make_words,
        session.pool.progress,
    )
    yield loader
    for build, name in loader.built:
        session.records.natmod(request.node, build, name)


@pytest.fixture
def guarded(board: Board) -> Guarded:
    """Call functions of a module with guard bytes around their outputs: ``guarded.run(filt, "run", x, [x.size])``."""
    return Guarded(board)


@pytest.fixture
def program(target: Target, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Compiler]:
    """Compile plain C for the target, without MicroPython: ``program("model.c").run()``."""
    session = request.config.stash[_SESSION]
    origin.note_target(request.node, target.name)
    compiler = session.compiler(request.node, target, (request.path.parent, request.config.rootpath), tmp_path)
    yield compiler
    for built in compiler.built:
        session.records.program(request.node, built)


@pytest.fixture
def budget(request: pytest.FixtureRequest) -> Budget:
    """Return the limits of the test's markers, for estimates: ``budget.check(estimate(forest, part="rp2040"))``."""
    return budgets.estimated(request.node)


@pytest.fixture
def golden(target: Target, request: pytest.FixtureRequest) -> Golden:
    """Vectors of the test's folder, and checks against references."""
    session = request.config.stash[_SESSION]
    origin.note_target(request.node, target.name)
    since = markers.CountsSinceLastCheck(lambda: session.used_by(request.node))
    return Golden(
        target.name,
        target.natmod.arch,
        request.path.parent,
        lambda result: session.records.case(request.node, result, since.counts),
        since,
        keep=lambda result, arrays: failed_cases.keep(request.node, session.failed_folder, result, arrays),
        progress=session.pool.progress,
    )
