"""What a script is to print: a file beside it, or CPython's own output; and how an output differs from that."""

from __future__ import annotations

import difflib
import hashlib
import os
import sys
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from mpy_harness.errors import ScriptFailed
from mpy_harness.firmware import cache
from mpy_harness.firmware.process import capture
from mpy_harness.limits import OUTPUT_BYTES, TEXT_BYTES
from mpy_harness.resources import read_file

#: A line of an expected output that stands for any lines, none included (as in MicroPython's run-tests.py).
ANY_LINES = "########"
_SECONDS = 60.0
_SHOWN_LINES = 40
_KIND, _OUTPUT, _ERRORS, _STATUS = "expected", "output", "errors", "status"


def file_beside(script: Path) -> Path | None:
    """Return the file with a script's expected output, ``NAME.py.exp`` or ``NAME.exp``; None where there is none."""
    names = (script.with_name(script.name + ".exp"), script.with_suffix(".exp"))
    return next((file for file in names if file.is_file()), None)


def read_expected(file: Path) -> str:
    """Return an expected output that is in a file. Raises ScriptFailed where it cannot be read."""
    try:
        return _text(read_file(file, OUTPUT_BYTES))
    except OSError as error:
        raise ScriptFailed(f"{file} with the expected output cannot be read: {error.strerror}") from error


def difference(expected: str, printed: str) -> str:
    """Return the lines in which an output differs from the expected one, "" where it does not."""
    wanted, got = expected.splitlines(), printed.splitlines()
    wanted = _filled(wanted, got)
    # Without the last end of line, both are the same list.
    if wanted == got and (expected.endswith("\n") == printed.endswith("\n") or ANY_LINES in expected):
        return ""
    lines = list(difflib.unified_diff(wanted, got, "expected", "printed", n=2, lineterm=""))
    lines = lines or [r"\ the end of the last line differs"]
    left = len(lines) - _SHOWN_LINES
    return "\n".join(lines[:_SHOWN_LINES] + ([f"... and {left} lines more"] if left > 0 else []))


def _filled(wanted: list[str], got: list[str]) -> list[str]:
    """Return the expected lines, with what was printed in the place of those that stand for any."""
    filled: list[str] = []
    for number, line in enumerate(wanted):
        if line != ANY_LINES:
            filled.append(line)
            continue
        after = wanted[number + 1] if number + 1 < len(wanted) else None
        rest = got[len(filled) :]
        end = len(rest) if after is None else rest.index(after) if after in rest else 0
        filled += rest[:end]
    return filled


@dataclass(frozen=True)
class PythonScript:
    """A script that CPython can run, and the Python files that it imports: what its output depends on."""

    path: Path
    imported: tuple[Path, ...] = ()


class CPythonOutputs:
    """CPython's outputs of scripts, made by ``processes`` at a time while the caller does other things.

    They are kept in the cache by the content of the script and of what it imports, and by CPython's version.
    """

    def __init__(self, processes: int) -> None:
        self._pool = ThreadPoolExecutor(max_workers=max(1, processes), thread_name_prefix="cpython")
        self._outputs: dict[PythonScript, Future[str]] = {}

    def begin(self, scripts: Iterable[PythonScript]) -> None:
        """Begin to make the outputs that will be asked for."""
        for script in scripts:
            if script not in self._outputs:
                self._outputs[script] = self._pool.submit(_output_of, script)

    def of(self, script: PythonScript) -> str:
        """Return what CPython prints. Raises ScriptFailed where it ends with an error, MachineryError without end."""
        self.begin([script])
        return self._outputs[script].result()

    def close(self) -> None:
        """Begin no more."""
        self._pool.shutdown(cancel_futures=True)


def _output_of(script: PythonScript) -> str:
    try:
        contents = [hashlib.sha256(read_file(file, TEXT_BYTES)).hexdigest() for file in (script.path, *script.imported)]
    except OSError as error:
        raise ScriptFailed(f"{error.filename or script.path} cannot be read: {error.strerror}") from error
    names = [os.path.relpath(file, script.path.parent) for file in script.imported]
    key = cache.digest(["cpython", sys.version, script.path.name, names, contents])
    entry = cache.build_once(_KIND, key, lambda folder: _make(script.path, folder))
    output, status = _text((entry / _OUTPUT).read_bytes()), (entry / _STATUS).read_text(encoding="ascii")
    if status != "0":
        errors = (entry / _ERRORS).read_text(encoding="utf-8")
        tail = "\n".join((errors or output).splitlines()[-_SHOWN_LINES:])
        raise ScriptFailed(
            f"CPython ended {script.path.name} with status {status}, so that there is nothing to compare with. What "
            f"MicroPython is to print can be in {script.path.name}.exp. CPython said:\n{tail}"
        )
    return output


def _make(script: Path, folder: Path) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    # As MicroPython's own runner does it: without the packages of the environment, and in UTF-8.
    finished = capture(
        [sys.executable, "-BS", script.name],
        timeout=_SECONDS,
        env={**kept, "PYTHONIOENCODING": "utf-8"},
        cwd=script.parent,
    )
    (folder / _OUTPUT).write_bytes(finished.output)
    (folder / _ERRORS).write_text(finished.errors, encoding="utf-8")
    (folder / _STATUS).write_text(str(finished.status), encoding="ascii")


def _text(output: bytes) -> str:
    return output.decode("utf-8", "replace").replace("\r\n", "\n")
