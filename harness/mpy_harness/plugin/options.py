"""The plugin's options: one table gives command-line flags, configuration keys and their help."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

import pytest

from mpy_harness.costs.part_time import check_same_code
from mpy_harness.counting.guest_time import GuestTime
from mpy_harness.counting.instrument import Check, Mode, check_asked_for
from mpy_harness.errors import HarnessError, NatmodInvalid
from mpy_harness.firmware.additions import check_image, each_with_make
from mpy_harness.firmware.natmods import MakeWords
from mpy_harness.firmware.sources import check_release
from mpy_harness.machines import with_options
from mpy_harness.plugin import gdb
from mpy_harness.targets import DEFAULT_TARGET, Part, Reset, Target, chosen, load_part, load_target


@dataclass(frozen=True)
class Option:
    """A flag and the configuration key of the same meaning."""

    flag: str
    key: str
    help: str
    kind: Literal["string", "linelist", "paths", "bool"]
    metavar: str = ""
    is_repeated: bool = True  # whether the command that runs one failed test again has it, too

    def add(self, parser: pytest.Parser, group: pytest.OptionGroup) -> None:
        """Declare the option to pytest."""
        if self.kind == "bool":
            text = f"{self.help} [configuration: {self.key}]"
            group.addoption(self.flag, dest=self.key, action="store_true", default=False, help=text)
            parser.addini(self.key, self.help, type="bool", default=False)
            return
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
        if value is None or value is False:
            return []
        return [str(part) for part in (value if isinstance(value, list) else [value])]


_T = TypeVar("_T")

BASELINE = "--baseline"

_ABSENT = "mpy_may_be_absent"

#: The names of scripts in a folder: those that pytest takes for a test's. Helpers may lie beside tests.
PATTERNS = ("test_*.py", "*_test.py")

#: The ways to count that a user can choose from.
COUNTING: dict[str, Mode | None] = {
    **{mode: mode for mode in ("count", "classes", "functions", "memory")},
    "off": None,
}

#: The resets that a user can choose from.
RESETS: dict[str, Reset] = {"soft": "soft", "hard": "hard"}

#: What guests' clocks can go by.
GUEST_TIMES: dict[str, GuestTime] = {"counted": "counted", "host": "host"}

OPTIONS = (
    Option(
        "--target", "mpy_targets", f"Target to run on, a pattern or all; default: {DEFAULT_TARGET}.", "linelist", "NAME"
    ),
    Option("--micropython", "mpy_micropython", "Folder or archive of MicroPython's source to use.", "string", "PATH"),
    Option("--firmware", "mpy_firmware", "Firmware to use instead of the target's own.", "string", "FILE"),
    Option(
        "--firmware-make",
        "mpy_firmware_make",
        "For MicroPython's make, where firmware is built: USER_C_MODULES=DIR, FROZEN_MANIFEST=FILE, NAME=VALUE.",
        "linelist",
        "NAME=VALUE",
    ),
    Option(
        "--emulator-options",
        "mpy_emulator_options",
        "More options for the emulator, where its table has a list of them; write --emulator-options='-m 32M'.",
        "string",
        "WORDS",
    ),
    Option(
        "--emulator-host-options",
        "mpy_emulator_host_options",
        "Those by which guests reach files, programs or the network of the host.",
        "string",
        "WORDS",
    ),
    Option("--board-timeout", "mpy_timeout", "Seconds for one call to a board; default: 10.", "string", "SECONDS"),
    Option("--counting", "mpy_counting", f"What to count: {', '.join(COUNTING)}; default: count.", "string", "MODE"),
    Option(
        "--part",
        "mpy_parts",
        "Chip to estimate the time of what is counted on: rp2040, or its file.",
        "linelist",
        "PART",
    ),
    Option(
        "--board-reset",
        "mpy_reset",
        f"What boards go through between tests: {' or '.join(RESETS)}; default: the target's.",
        "string",
        "KIND",
    ),
    Option(
        "--guest-time",
        "mpy_guest_time",
        f"What the clock of guests goes by: {' or '.join(GUEST_TIMES)}; default: counted instructions, where it can.",
        "string",
        "WHAT",
    ),
    Option("--memcheck", "mpy_memcheck", "Check what native code does to memory.", "bool"),
    Option("--gc-stress", "mpy_gc_stress", "The same, and collect garbage at each allocation in native code.", "bool"),
    Option(
        "--memcheck-unwritten",
        "mpy_memcheck_unwritten",
        "Check as --memcheck does, and tell of reads of what nobody has written.",
        "bool",
    ),
    Option(
        "--native-coverage",
        "mpy_native_coverage",
        "File (.info, as lcov has them) that gets which lines of native modules ran.",
        "string",
        "FILE",
        is_repeated=False,
    ),
    Option("--natmods", "mpy_natmods", "Folder of native modules: folders, or .mpy files.", "paths", "DIR"),
    Option(
        "--natmod-make",
        "mpy_natmod_make",
        "For make, where a native module is built: NAME=VALUE, or its goal.",
        "linelist",
        "WORD",
    ),
    Option("--device-scripts", "mpy_device_scripts", "MicroPython test script, or folder of them.", "paths", "PATH"),
    Option(
        "--device-pattern",
        "mpy_device_patterns",
        f"Names of scripts in folders; default: {', '.join(PATTERNS)}.",
        "linelist",
        "GLOB",
    ),
    Option(
        "--device-expected",
        "mpy_device_expected",
        "Where a script has no .exp file: cpython, compare with CPython's output.",
        "string",
        "WHAT",
    ),
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
    reset: Reset | None  # None: the target's
    guest_time: GuestTime | None  # None: counted where it can be
    check: Check
    native_coverage: Path | None
    natmods: tuple[Path, ...]
    make_words: MakeWords
    device_scripts: tuple[Path, ...]
    device_patterns: tuple[str, ...]
    expects_cpython: bool  # what a script without a file of its expected output prints is compared with CPython's
    device_path: tuple[Path, ...]
    measurements: Path | None
    parts_of: Mapping[str, Sequence[Part]]  # by the targets' names: chips that time is estimated for
    baseline: tuple[str, str] | None


def add_options(parser: pytest.Parser) -> None:
    """Declare all options to pytest."""
    group = parser.getgroup("mpy-harness", "MicroPython in an emulator (mpy-harness)")
    for option in OPTIONS:
        option.add(parser, group)
    gdb.add_options(group)
    parser.addini(_ABSENT, "Targets whose tests skip, and do not fail, where their emulator is missing.", "linelist")
    group.addoption(
        BASELINE,
        dest="mpy_baseline",
        nargs=2,
        metavar=("save|check", "NAME"),
        help="Save the measurements under a name, or compare with those: what got worse fails the run.",
    )


def read_settings(config: pytest.Config) -> Settings:
    """Return the options' values: the command line's, else the configuration's, else the defaults.

    Raises pytest.UsageError for one that makes no sense.
    """
    micropython = _existing(config, "mpy_micropython", "--micropython")
    firmware = _existing(config, "mpy_firmware", "--firmware")
    timeout = _values(config, "mpy_timeout")
    try:
        base = _base(config, "mpy_targets")
        names = chosen(map(str, _values(config, "mpy_targets") or [DEFAULT_TARGET]))
        more = [_words(config, key) for key in ("mpy_emulator_options", "mpy_emulator_host_options")]
        asked = {name: with_options(load_target(name, base), *more) for name in names}
        make = list(map(str, _values(config, "mpy_firmware_make")))
        check_image(next(iter(firmware), None), make)
        asked = each_with_make(asked, names, make, _base(config, "mpy_firmware_make"))
        targets = _told_apart(asked)
        for target in targets:
            if target.is_built and not firmware:
                check_release(target.firmware.micropython, micropython[0] if micropython else None)
    except HarnessError as error:
        raise pytest.UsageError(str(error)) from error
    parts = _parts(config, targets)
    named = {_image(asked[name]) for name, is_named in names.items() if is_named}
    for target in targets:
        if sum(other.name == target.name for other in targets) > 1:
            folders = ", ".join(str(other.folder) for other in targets if other.name == target.name)
            raise pytest.UsageError(f"there is more than one target named {target.name}: {folders}. Rename a folder.")
    if firmware and len(targets) > 1:
        raise pytest.UsageError("--firmware is for one target: choose it with --target NAME")
    return Settings(
        targets,
        may_be_absent=_may_be_absent(config, targets) | {each.name for each in targets if _image(each) not in named},
        micropython=micropython[0] if micropython else None,
        firmware=firmware[0] if firmware else None,
        timeout=_seconds(timeout[0]) if timeout else 10.0,
        counting=_one_of(COUNTING, _values(config, "mpy_counting"), "--counting", "classes" if parts else "count"),
        parts_of=parts,
        reset=_one_of(RESETS, _values(config, "mpy_reset"), "--board-reset", None),
        guest_time=_one_of(GUEST_TIMES, _values(config, "mpy_guest_time"), "--guest-time", None),
        check=check_asked_for(
            memory=_is_set(config, "mpy_memcheck"),
            stress=_is_set(config, "mpy_gc_stress"),
            unwritten=_is_set(config, "mpy_memcheck_unwritten"),
        ),
        native_coverage=_output(config, "mpy_native_coverage", "--native-coverage"),
        natmods=_folders(config, "mpy_natmods", "--natmods"),
        make_words=_make_words(_values(config, "mpy_natmod_make")),
        device_scripts=_existing(config, "mpy_device_scripts", "--device-scripts"),
        device_patterns=tuple(map(str, _values(config, "mpy_device_patterns"))) or PATTERNS,
        expects_cpython=_expects_cpython(_values(config, "mpy_device_expected")),
        device_path=_folders(config, "mpy_device_path", "--device-path"),
        measurements=_output(config, "mpy_measurements", "--measurements"),
        baseline=tuple(config.getoption("mpy_baseline") or ()) or None,
    )


def _parts(config: pytest.Config, targets: tuple[Target, ...]) -> dict[str, list[Part]]:
    """Return the parts that each target runs the code of."""
    found: dict[str, list[Part]] = {target.name: [] for target in targets}
    base = _base(config, "mpy_parts")
    try:
        for name in dict.fromkeys(map(str, _values(config, "mpy_parts"))):
            part = load_part(str(base / name) if name.endswith(".toml") else name)
            same = [target for target in targets if target.natmod.arch == part.arch]
            for target in same or targets[:1]:
                check_same_code(part, target)
                found[target.name].append(part)
    except HarnessError as error:
        raise pytest.UsageError(str(error)) from error
    return {name: parts for name, parts in found.items() if parts}


def _image(target: Target) -> tuple[Path, str]:
    return target.folder, target.firmware.micropython


def _told_apart(asked: dict[str, Target]) -> tuple[Target, ...]:
    """Return the targets; of those that are one in several releases, each is called as it was asked for.

    A single one keeps its name, so that its figures compare with those of another release.
    """
    alike = Counter((each.name, each.folder) for each in asked.values())
    releases: dict[tuple[str, Path, str], Target] = {}
    for name, each in asked.items():
        release = each.firmware.micropython
        is_one_of_several = alike[each.name, each.folder] > 1 and name.endswith(f"@{release}")
        named = each.model_copy(update={"name": f"{each.name}@{release}"}) if is_one_of_several else each
        releases.setdefault((each.name, each.folder, release), named)
    return tuple(releases.values())


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


def _is_set(config: pytest.Config, key: str) -> bool:
    return bool(config.getoption(key) or config.getini(key))


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


def _one_of(known: Mapping[str, _T], values: list[Any], flag: str, default: _T) -> _T:
    if not values:
        return default
    if str(values[0]) not in known:
        raise pytest.UsageError(f"{flag} wants one of {', '.join(known)}, not {str(values[0])!r}")
    return known[str(values[0])]


def _words(config: pytest.Config, key: str) -> list[str]:
    try:
        return [word for text in _values(config, key) for word in shlex.split(str(text))]
    except ValueError as error:
        raise pytest.UsageError(f"{key.replace('mpy', '-', 1).replace('_', '-')}: {error}") from error


def _make_words(values: list[Any]) -> MakeWords:
    try:
        return MakeWords.read(map(str, values))
    except NatmodInvalid as error:
        raise pytest.UsageError(f"--natmod-make: {error}") from None


def _expects_cpython(values: list[Any]) -> bool:
    if values and str(values[0]) != "cpython":
        raise pytest.UsageError(f"--device-expected wants cpython, not {str(values[0])!r}")
    return bool(values)


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
