"""Runs over time, in one SQLite file: each target's measurements of each revision, once."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timezone
from functools import lru_cache
from pathlib import Path

from mpy_harness.errors import MeasurementsInvalid
from mpy_harness.limits import HISTORY_BYTES
from mpy_harness.measurements.run import Conditions, Measurement, Run, plain
from mpy_harness.measurements.thresholds import fits, matches

#: How SQLite's files begin.
MAGIC = b"SQLite format 3\0"
_VERSION = 1
_SECONDS = 30.0
# What values of another type lead to: SQLite keeps any value in any column, and JSON any value at any place.
_ODD = (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError)
_Row = tuple[int, str, str, str, str]
_TABLES = """
CREATE TABLE run (
    id INTEGER PRIMARY KEY,
    digest TEXT NOT NULL UNIQUE,
    created TEXT NOT NULL,
    revision TEXT NOT NULL,
    target TEXT NOT NULL,
    facts TEXT NOT NULL
);
CREATE TABLE figure (
    run INTEGER NOT NULL REFERENCES run,
    name TEXT NOT NULL,
    metric TEXT NOT NULL,
    value NOT NULL,
    unit TEXT NOT NULL,
    better TEXT NOT NULL,
    PRIMARY KEY (run, name, metric)
) WITHOUT ROWID;
"""


class History:
    """A file of runs; contributors to measurements are not kept."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def add(self, run: Run) -> int:
        """Add a run; return for how many targets its measurements are new.

        The same measurements of a revision are kept once, however often they were measured. Raises
        MeasurementsInvalid where the file is none of ours, OSError where it cannot be written.
        """
        self.file.parent.mkdir(parents=True, exist_ok=True)
        added = 0
        with self._open() as database, database:
            for target in sorted({each.target for each in run.measurements}):
                figures = [each for each in run.measurements if each.target == target]
                added += _insert(database, run, target, figures)
        return added

    def runs(self, case: str = "*", *, metric: str = "*", target: str = "*", last: int | None = None) -> list[Run]:
        """Return the runs, the oldest first, each of one target, with the measurements that match the globs.

        ``last`` limits how many of each target are returned, counted from the newest. Raises MeasurementsInvalid.
        """
        if not self.file.exists():
            raise MeasurementsInvalid(f"there is no history {self.file}; mpy-harness history add FILE begins one")
        with self._open() as database:
            try:
                kept = _rows(database, target, last)
                found = [_run(database, row, lambda m: matches(m, case) and fits(m.metric, metric)) for row in kept]
            except _ODD as error:
                raise self._invalid(f"{type(error).__name__}: {error}") from None
        return [run for run in found if run.measurements]

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        if self.file.exists():
            if not self.file.is_file():
                raise self._invalid("it is no file")
            if self.file.stat().st_size > HISTORY_BYTES:
                raise self._invalid(f"it is larger than {HISTORY_BYTES >> 20} MiB")
        try:
            with closing(sqlite3.connect(self.file, timeout=_SECONDS)) as database:
                (version,) = database.execute("PRAGMA user_version").fetchone()
                (tables,) = database.execute("SELECT count(*) FROM sqlite_master").fetchone()
                if version == 0 and tables == 0:
                    database.executescript(f"BEGIN; {_TABLES} PRAGMA user_version = {_VERSION}; COMMIT;")
                elif version != _VERSION:
                    raise self._invalid(f"its version is {version}, not {_VERSION}")
                elif _schema(database) != _ours():
                    raise self._invalid("its tables are not those of this version")
                yield database
        except sqlite3.Error as error:
            raise self._invalid(str(error)) from None

    def _invalid(self, why: str) -> MeasurementsInvalid:
        return MeasurementsInvalid(f"{self.file} is no history that this version reads: {plain(why)[:300]}")


def _insert(database: sqlite3.Connection, run: Run, target: str, figures: list[Measurement]) -> int:
    provenance = run.provenance.get(target)
    facts = json.dumps({"changed": run.changed, "provenance": provenance.model_dump() if provenance else None})
    rows = sorted((each.case, each.metric, each.value, each.unit, each.better) for each in figures)
    content = json.dumps([run.revision, target, facts, rows])
    created = run.created.astimezone(timezone.utc).isoformat()
    added = database.execute(
        "INSERT OR IGNORE INTO run (digest, created, revision, target, facts) VALUES (?, ?, ?, ?, ?)",
        (hashlib.sha256(content.encode()).hexdigest(), created, run.revision, target, facts),
    )
    if added.rowcount:
        database.executemany("INSERT INTO figure VALUES (?, ?, ?, ?, ?, ?)", ((added.lastrowid, *row) for row in rows))
    return added.rowcount


def _schema(database: sqlite3.Connection) -> list[tuple[str, ...]]:
    """Return all that a database consists of: a view, or a column that is computed, can be without end."""
    return database.execute("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name").fetchall()


@lru_cache(maxsize=1)
def _ours() -> list[tuple[str, ...]]:
    with closing(sqlite3.connect(":memory:")) as database:
        database.executescript(_TABLES)
        return _schema(database)


def _rows(database: sqlite3.Connection, target: str, last: int | None) -> list[_Row]:
    by_target: dict[str, list[_Row]] = {}
    for row in database.execute("SELECT id, created, revision, target, facts FROM run ORDER BY created, id"):
        if fits(row[3], target):
            by_target.setdefault(row[3], []).append(row)
    return sorted((row for same in by_target.values() for row in same[-(last or len(same)) :]), key=_by_time)


def _by_time(row: _Row) -> tuple[str, int]:
    return row[1], row[0]


def _run(database: sqlite3.Connection, row: _Row, wanted: Callable[[Measurement], bool]) -> Run:
    number, created, revision, target, facts = row
    about = json.loads(facts)
    rows = database.execute("SELECT name, metric, value, unit, better FROM figure WHERE run = ?", (number,))
    figures = (Measurement(target=target, case=n, metric=m, value=v, unit=u, better=b) for n, m, v, u, b in rows)
    return Run(
        created=datetime.fromisoformat(created),
        revision=revision,
        changed=about["changed"],
        provenance={target: Conditions(**about["provenance"])} if about["provenance"] else {},
        measurements=tuple(each for each in figures if wanted(each)),
    )
