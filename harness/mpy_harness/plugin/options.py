"""The plugin's options: one table gives command-line flags, configuration keys and their help."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest

from mpy_harness.counting.instrument import Mode
from mpy_harness.errors import HarnessError
from mpy_harness.targets import DEFAULT_TARGET, Target, load_target


@dataclass(frozen=True)
class Option:
    """A flag and the configuration key of the same meaning."""

    flag: str
    key: str
    help: str
    kind: Literal["string", "linelist", "paths"]
    metavar: str
    is_repeated: bool = True  # whether the command that runs one failed test again has it, too

    def add(self, parser: pytest.Parser, group: pytest.OptionGroup) -> None:
        """Declare the option to pytest."""
        repeatable = self.kind != "string"
        group.addoption(
            self.flag,
            dest=self.key,
            action="append" if repeatable else "store",
            default=None,
            metavar=self.metavar,
            help=f"{self.help}{' (repeatable)' if repeatable else ''} [configuration: {self.key}]",
        )
        parser.addini(self.key, self.help, type=self.kind, default=None)

    def given(self, config: pytest.Config) -> list[str]:
        """Return what the command line says."""
        value = config.getoption(self.key)
        return [] if value is None else [str(part) for part in (value if isinstance(value, list) else [value])]


_ABSENT = "mpy_may_be_absent"

#: The ways to count that a user can choose from.
COUNTING: dict[str, Mode | None] = {
    **{mode: mode for mode in ("count", "classes", "functions", "memory")},
    "off": None,
}

OPTIONS = (
    Option("--target", "mpy_targets", f"Target to run on; default: {DEFAULT_TARGET}.", "linelist", "NAME"),
    Option("--micropython", "mpy_micropython", "Folder or archive of MicroPython's source to use.", "string", "PATH"),
    Option("--firmware", "mpy_firmware", "Firmware to use instead of the target's own.", "string", "FILE"),
    Option("--board-timeout", "mpy_timeout", "Seconds for one call to a board; default: 10.", "string", "SECONDS"),
    Option("--counting", "mpy_counting", f"What to count: {', '.join(COUNTING)}; default: count.", "string", "MODE"),
    Option("--natmods", "mpy_natmods", "Folder of native modules: folders, or .mpy files.", "paths", "DIR"),
    Option("--device-scripts", "mpy_device_scripts", "MicroPython test script, or folder of them.", "paths", "PATH"),
    Option("--device-path", "mpy_device_path", "Folder of .mpy and .py files to import from.", "paths", "DIR"),
    Option(
        "--measurements", "mpy_measurements", "File that gets all measurements.", "string", "FILE", is_repeated=False
    ),
)


@dataclass(frozen=True)
class Settings:
    """The options' values, checked."""

    targets: tuple[Target, ...]
    may_be_absent: frozenset[str]  # names of targets whose tests skip where a tool is missing
    micropython: Path | None
    firmware: Path | None
    timeout: float
    counting: Mode | None
    natmods: tuple[Path, ...]
    device_scripts: tuple[Path, ...]
    device_path: tuple[Path, ...]
    measurements: Path | None
    baseline: tuple[str, str] | None


def add_options(parser: pytest.Parser) -> None:
    """Declare all options to pytest."""
    group = parser.getgroup("mpy-harness", "MicroPython in an emulator (mpy-harness)")
    for option in OPTIONS:
        option.add(parser, group)
    parser.addini(_ABSENT, "Targets whose tests skip, and do not fail, where their emulator is missing.", "linelist")
    group.addoption(
        "--baseline",
        dest="mpy_baseline",
        nargs=2,
        metavar=("save|check", "NAME"),
        help="Save the measurements under a name, or compare with those: what got worse fails the run.",
    )


def read_settings(config: pytest.Config) -> Settings:
    """Return the options' values: the command line's, else the configuration's, else the defaults.

    Raises pytest.UsageError for one that makes no sense.
    """
    names = _values(config, "mpy_targets") or [DEFAULT_TARGET]
    micropython = _existing(config, "mpy_micropython", "--micropython")
    firmware = _existing(config, "mpy_firmware", "--firmware")
    timeout = _values(config, "mpy_timeout")
    try:
        targets = tuple(load_target(name, _base(config, "mpy_targets")) for name in dict.fromkeys(names))
    except HarnessError as error:
        raise pytest.UsageError(str(error)) from error
    for target in targets:
        if sum(other.name == target.name for other in targets) > 1:
            folders = ", ".join(str(other.folder) for other in targets if other.name == target.name)
            raise pytest.UsageError(f"there is more than one target named {target.name}: {folders}. Rename a folder.")
    if firmware and len(targets) > 1:
        raise pytest.UsageError("--firmware is for one target: choose it with --target NAME")
    return Settings(
        targets,
        may_be_absent=_may_be_absent(config, targets),
        micropython=micropython[0] if micropython else None,
        firmware=firmware[0] if firmware else None,
        timeout=_seconds(timeout[0]) if timeout else 10.0,
        counting=_counting(_values(config, "mpy_counting")),
        natmods=_folders(config, "mpy_natmods", "--natmods"),
        device_scripts=_existing(config, "mpy_device_scripts", "--device-scripts"),
        device_path=_folders(config, "mpy_device_path", "--device-path"),
        measurements=_output(config, "mpy_measurements", "--measurements"),
        baseline=tuple(config.getoption("mpy_baseline") or ()) or None,
    )


def _may_be_absent(config: pytest.Config, targets: tuple[Target, ...]) -> frozenset[str]:
    if config.getoption("mpy_targets"):
        return frozenset()  # who asks for a target by name wants it to run
    names = frozenset(map(str, _values_of_file(config, _ABSENT)))
    unknown = sorted(names - {target.name for target in targets})
    if unknown:
        known = ", ".join(target.name for target in targets)
        raise pytest.UsageError(
            f"{_ABSENT} names {', '.join(unknown)}, which no test runs on. The targets are {known}."
        )
    return names


def _values(config: pytest.Config, key: str) -> list[Any]:
    given = config.getoption(key)
    if not given:
        return _values_of_file(config, key)
    return list(given) if isinstance(given, list) else [given]


def _values_of_file(config: pytest.Config, key: str) -> list[Any]:
    given = config.getini(key)
    if not given:
        return []
    return list(given) if isinstance(given, list) else [given]


def _base(config: pytest.Config, key: str) -> Path:
    # Paths of the command line are relative to where pytest was called, those of a file to its folder.
    if config.getoption(key) or config.inipath is None:
        return config.invocation_params.dir
    return config.inipath.parent


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise pytest.UsageError(f"--board-timeout wants a positive number of seconds, not {text!r}")
    return seconds


def _counting(values: list[Any]) -> Mode | None:
    mode = str(values[0]) if values else "count"
    if mode not in COUNTING:
        raise pytest.UsageError(f"--counting wants one of {', '.join(COUNTING)}, not {mode!r}")
    return COUNTING[mode]


def _existing(config: pytest.Config, key: str, flag: str) -> tuple[Path, ...]:
    paths = tuple((_base(config, key) / Path(path).expanduser()).resolve() for path in _values(config, key))
    for path in paths:
        if not path.exists():
            raise pytest.UsageError(f"{flag}: there is no {path}")
    return paths


def _output(config: pytest.Config, key: str, flag: str) -> Path | None:
    for path in _values(config, key):
        file = (_base(config, key) / Path(path).expanduser()).absolute()
        if file.is_dir() or not next(each for each in file.parents if each.exists()).is_dir():
            raise pytest.UsageError(f"{flag}: {file} cannot be a file")
        return file
    return None


def _folders(config: pytest.Config, key: str, flag: str) -> tuple[Path, ...]:
    paths = _existing(config, key, flag)
    for path in paths:
        if not path.is_dir():
            raise pytest.UsageError(f"{flag}: {path} is not a folder")
    return paths
