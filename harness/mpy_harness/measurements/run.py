"""Measurements as they are kept: one JSON file a run, checked strictly when it is read.

Such a file may come from a pull request of somebody we do not know. What does not fit this model is refused,
and text in it holds nothing that a terminal or a page would act on.
"""

from __future__ import annotations

import json
import unicodedata
from collections import Counter
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    FailFast,
    Field,
    ValidationError,
    model_validator,
)

from mpy_harness.errors import MeasurementsInvalid
from mpy_harness.limits import (
    COVERED_FILES,
    COVERED_LINES,
    MEASUREMENT_PARTS,
    RUN_BYTES,
    RUN_MEASUREMENTS,
    RUN_NAMES,
    RUN_VALUES,
)
from mpy_harness.resources import read_file, write_whole

FORMAT = "mpy-harness measurements 1"
_REFUSED = {"Cc", "Cf", "Cs", "Zl", "Zp"}  # control, format (bidirectional overrides too), surrogates, line ends


def plain(text: str) -> str:
    """Return the text with characters that no record may hold written as escapes."""
    return "".join(c if unicodedata.category(c) not in _REFUSED else f"\\u{ord(c):04x}" for c in text)


def _printable(text: str) -> str:
    if not text.isprintable() and plain(text) != text:  # the first is fast, and refuses more
        raise ValueError("holds control or format characters")
    return text


Name = Annotated[str, Field(min_length=1, max_length=300), AfterValidator(_printable)]
Text = Annotated[str, Field(max_length=2000), AfterValidator(_printable)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
#: Whole numbers stay whole: exact counts above 2**53 must not pass through floats.
Value = Annotated[int, Field(ge=-(2**63), lt=2**63)] | Annotated[float, Field(allow_inf_nan=False)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Conditions(_Table):
    """What a target's figures depend on besides the program: what differs here explains a difference there."""

    micropython: Text
    firmware: Sha256
    toolchain: Text = ""
    emulator: Text
    harness: Text


class Part(_Table):
    """A contributor to a measurement: a function's own instructions, or a symbol's bytes."""

    module: Text = ""
    name: Name
    value: Value


class Measurement(_Table):
    """One figure: what was measured on which target, in which unit.

    ``case`` is a stable name, of a golden-vector case, a test with its region, or a native module. ``better``
    tells which direction is good. ``natmods`` names the modules it depends on, ``file`` (relative to the
    repository) and ``line`` the test. ``limit`` is what the test allows, a case's or a budget's, None where it
    names none. ``values`` is how many results (samples, bins) it was for, 0 where that is not known. ``parts`` are the
    contributors, where they are known. ``reads`` says which clock or random numbers the figure depends on: it is
    another one in the next run.
    """

    target: Name
    case: Name
    metric: Name
    value: Value
    unit: Annotated[str, Field(max_length=40), AfterValidator(_printable)] = ""
    better: Literal["lower", "higher"] = "lower"
    limit: Value | None = None
    values: Annotated[int, Field(ge=0, lt=2**31)] = 0
    natmods: Annotated[tuple[Name, ...], FailFast()] = ()
    file: Text = ""
    line: Annotated[int, Field(ge=0, lt=2**31)] = 0
    parts: Annotated[tuple[Part, ...], FailFast(), Field(max_length=MEASUREMENT_PARTS)] = ()
    reads: Text = ""

    @property
    def key(self) -> tuple[str, str, str]:
        """Return what makes it the same measurement in another run."""
        return self.target, self.case, self.metric


class Failure(_Table):
    """A test that failed on a target: what it measures is missing, or cut short. Its file may not be known."""

    target: Text = ""
    test: Name
    file: Text = ""


Lines = Annotated[tuple[Annotated[int, Field(ge=0, lt=2**31)], ...], FailFast(), Field(max_length=COVERED_LINES)]


class CoveredFile(_Table):
    """A source file of native modules: which of its lines ran in the guest, and which lines with code did not.

    ``branches`` of its machine code are known, ``both_ways`` of them were taken and not taken.
    """

    file: Name
    ran: Lines = ()
    missed: Lines = ()
    branches: Annotated[int, Field(ge=0, lt=2**31)] = 0
    both_ways: Annotated[int, Field(ge=0, lt=2**31)] = 0


class Run(_Table, json_schema_extra={"required": ["format", "created"]}):
    """All that one run measured.

    ``revision`` is the commit that was tested, ``changed`` whether files differed from it; ``provenance`` is
    by target, ``natmods`` gives the SHA-256 of each module's ``.mpy`` by ``name/arch``. ``failed`` are the tests that
    failed. ``committed`` is the file, below the repository's top, that a baseline was taken from, ``pull_request`` the
    number of the one that was tested, 0 for none. ``coverage`` is of native modules, where that was asked for.
    """

    format: Literal["mpy-harness measurements 1"] = "mpy-harness measurements 1"
    created: Annotated[AwareDatetime, Field(strict=False)]
    revision: Annotated[str, Field(pattern=r"^[0-9a-f]{0,64}$")] = ""
    changed: bool = False
    provenance: dict[Name, Conditions] = {}
    natmods: dict[Name, Sha256] = {}
    failed: Annotated[tuple[Failure, ...], FailFast(), Field(max_length=RUN_MEASUREMENTS)] = ()
    committed: Annotated[str, Field(pattern=r"^([A-Za-z0-9_][A-Za-z0-9_.+/-]{0,199})?$")] = ""
    pull_request: Annotated[int, Field(ge=0, lt=2**53)] = 0
    coverage: Annotated[tuple[CoveredFile, ...], FailFast(), Field(max_length=COVERED_FILES)] = ()
    measurements: Annotated[tuple[Measurement, ...], FailFast(), Field(max_length=RUN_MEASUREMENTS)] = ()

    @model_validator(mode="after")
    def _measured_once(self) -> Run:
        seen = set()
        for measurement in self.measurements:
            if measurement.key in seen:
                raise ValueError(f"{' / '.join(measurement.key)} is there twice")
            seen.add(measurement.key)
        return self

    def write(self, file: Path) -> None:
        """Write the file, whole or not at all."""
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, self.to_json())

    def to_json(self) -> str:
        """Return the file's text, a line for each measurement and each source file; defaults are left out."""
        data = {"format": self.format} | self.model_dump(mode="json", exclude_defaults=True)
        lists = {"coverage": data.pop("coverage", ()), "measurements": data.pop("measurements", ())}
        text = json.dumps(data, indent=1, ensure_ascii=False).removesuffix("\n}")
        for name, records in lists.items():
            if records or name == "measurements":
                lines = ",\n  ".join(json.dumps(each, ensure_ascii=False) for each in records)
                text += f',\n "{name}": [\n  {lines}\n ]'
        return text + "\n}\n"


def schema() -> str:
    """Return the JSON schema of such files, as JSON."""
    described = {"$schema": "https://json-schema.org/draft/2020-12/schema", **Run.model_json_schema()}
    return json.dumps(described, indent=2, ensure_ascii=False) + "\n"


_FIELDS = {name for table in (Conditions, Part, Measurement, CoveredFile, Run) for name in table.model_fields}


def read_run(file: Path) -> Run:
    """Return the run in a file. Raises MeasurementsInvalid, which says what is wrong with it."""
    try:
        data = read_file(file, RUN_BYTES)
    except (OSError, ValueError) as error:  # ValueError: a zero in its name
        raise MeasurementsInvalid(f"{file} cannot be read: {getattr(error, 'strerror', error)}") from error
    return parse_run(data, str(file))


def parse_run(data: bytes, source: str) -> Run:
    """Return the run in the bytes of a file that is called ``source`` in errors. Raises MeasurementsInvalid."""
    if len(data) > RUN_BYTES:
        raise MeasurementsInvalid(f"{source} is larger than {RUN_BYTES >> 20} MiB; no run measures that much")
    if max(data.count(b":"), data.count(b",")) > RUN_VALUES:
        raise MeasurementsInvalid(f"{source} holds more than {RUN_VALUES:,} values; no run measures that many")
    try:
        # First what pydantic does not look at: it would collect an error for each member of each object.
        json.loads(data, object_pairs_hook=_Names(), parse_int=_exact)
        run = Run.model_validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part)[:60] for part in first["loc"]) or "the file"
        more = f" ({error.error_count() - 1:,} more)" if error.error_count() > 1 else ""
        raise _unreadable(source, f"{plain(where)}: {plain(first['msg'])[:300]}{more}") from None
    except RecursionError:
        raise _unreadable(source, "Invalid JSON: it is nested too deep") from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise _unreadable(source, f"Invalid JSON: {plain(str(error))[:300]}") from None
    except ValueError as error:
        raise _unreadable(source, plain(str(error))[:300]) from None
    if "format" not in run.model_fields_set:
        raise _unreadable(source, "format: it is missing")
    return run


class _Names:
    """Looks at the members of each object: a name once, and not too many that are no fields."""

    def __init__(self) -> None:
        self._others = 0

    def __call__(self, members: list[tuple[str, Any]]) -> None:
        # Readers of JSON differ in which of two members of one name they take.
        names = Counter(name for name, _ in members)
        if len(names) < len(members):
            twice = next(name for name, count in names.items() if count > 1)
            raise ValueError(f"{twice[:60]} is there twice in one object")
        self._others += len(names.keys() - _FIELDS)
        if self._others > RUN_NAMES:
            raise ValueError(f"it holds more than {RUN_NAMES:,} names that are no fields")


def _exact(digits: str) -> None:
    # The model would take it for a float.
    if len(digits) > 20 or not -(2**63) <= int(digits) < 2**63:
        raise ValueError(f"{digits[:20]}... is no whole number of 64 bits")


def _unreadable(source: str, why: str) -> MeasurementsInvalid:
    return MeasurementsInvalid(f"{source} is not a file of measurements that this version reads: {why}")
