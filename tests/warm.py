"""Runs Python programs in forks of one process that has imported already what they import.

Importing pytest, NumPy and the harness is most of what a short run takes, and the tests start hundreds. A fork runs
the program as ``python -m`` does, in its own folder and environment, and ends as an interpreter ends.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import runpy
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pytest

#: What the forks find imported.
IMPORTED = ("pytest", "mpy_harness.plugin", "mpy_harness.cli.app")
_PATH = "PYTHONPATH"
# What a test sets in its own environment is no matter of the process that forks.
_ENVIRONMENT = dict(os.environ)
_MESSAGE_BYTES = 1 << 16


def run(
    command: Sequence[str], *, cwd: Path | None = None, env: Mapping[str, str] = os.environ, timeout: float = 120.0
) -> subprocess.CompletedProcess[str]:
    """Run a command like subprocess.run, and return what it printed."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as errors:
        process = _WARM.start(command, cwd=cwd or Path.cwd(), env=env, outputs=(out, errors))
        if process is None:
            return subprocess.run(
                command, cwd=cwd, env=env, capture_output=True, text=True, timeout=timeout, check=False
            )
        try:
            status = process.wait(timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise
        out.seek(0)
        errors.seek(0)
        return subprocess.CompletedProcess(command, status, out.read(), errors.read())


def run_pytest(pytester: pytest.Pytester, *words: str | Path, timeout: float = 120.0) -> pytest.RunResult:
    """Run pytest like ``pytester.runpytest_subprocess``, without Hypothesis's plugin, which imports much."""
    cold = pytester.popen

    def popen(command: Sequence[str], **options: Any) -> Process | subprocess.Popen[bytes]:
        outputs = options["stdout"], options["stderr"]
        return _WARM.start(command, cwd=Path.cwd(), env=os.environ, outputs=outputs) or cold(command, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pytester, "popen", popen)
        return pytester.runpytest_subprocess("-p", "no:hypothesispytest", *words, timeout=timeout)


class Process:
    """A program in a fork, with what subprocess.Popen has for one that is waited for."""

    stdin = None

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self.pid = int(connection.recv(_MESSAGE_BYTES))
        self.returncode: int | None = None

    def wait(self, timeout: float | None = None) -> int:
        """Return the status; raises subprocess.TimeoutExpired, after which it runs on."""
        if self.returncode is None:
            with selectors.DefaultSelector() as selector:
                selector.register(self._connection, selectors.EVENT_READ)
                if not selector.select(timeout):
                    raise subprocess.TimeoutExpired(str(self.pid), timeout or 0.0)
            self.returncode = int(self._connection.recv(_MESSAGE_BYTES))
        return self.returncode

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)


class Warm:
    """The process that forks, started when it is first needed; it runs one program at a time."""

    def __init__(self) -> None:
        self._server: subprocess.Popen[bytes] | None = None
        self._connection: socket.socket | None = None

    def start(
        self, command: Sequence[str], *, cwd: Path, env: Mapping[str, str], outputs: Sequence[IO[Any]]
    ) -> Process | None:
        """Run ``python -m MODULE WORDS…``; None for another command, and where Python has settings of its own."""
        found = _module(command)
        if found is None or _settings(env) != _settings(_ENVIRONMENT):
            return None
        module, words = found
        request = {"module": module, "words": words, "cwd": str(cwd), "env": dict(env)}
        connection = self._connected()
        socket.send_fds(connection, [json.dumps(request).encode()], [output.fileno() for output in outputs])
        return Process(connection)

    def _connected(self) -> socket.socket:
        if self._connection is None:
            self._connection, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            with theirs:
                self._server = subprocess.Popen(
                    [sys.executable, __file__, str(theirs.fileno())],
                    env=_ENVIRONMENT,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    pass_fds=[theirs.fileno()],
                )
            atexit.register(self.close)
        return self._connection

    def close(self) -> None:
        """End the process."""
        if self._connection is not None and self._server is not None:
            self._connection.close()
            self._server.wait()
            self._connection = None


_WARM = Warm()


def _module(command: Sequence[str]) -> tuple[str, list[str]] | None:
    match command:
        case [sys.executable, "-m", module, *words]:
            return module, words
        case [sys.executable, "-mpytest", *words]:  # pytester's way to write it
            return "pytest", words
        case _:
            return None


def _settings(env: Mapping[str, str]) -> dict[str, str]:
    """Return what an interpreter looks at when it starts, which a fork has from the process it comes from."""
    return {name: value for name, value in env.items() if name.startswith(("PYTHON", "LC_", "LANG")) and name != _PATH}


@dataclass
class _Request:
    module: str
    words: list[str]
    cwd: str
    env: dict[str, str]

    def run(self) -> None:
        """Be the program, in this process."""
        os.chdir(self.cwd)
        own = {str(Path(__file__).parent), *os.environ.get(_PATH, "").split(os.pathsep)}
        os.environ.clear()
        os.environ.update(self.env)
        folders = [folder for folder in self.env.get(_PATH, "").split(os.pathsep) if folder]
        sys.path[:] = [self.cwd, *folders, *(folder for folder in sys.path if folder not in own)]
        importlib.invalidate_caches()
        sys.argv[:] = ["-m", *self.words]
        runpy.run_module(self.module, run_name="__main__", alter_sys=True)


def _serve(connection: socket.socket) -> _Request | None:
    """Fork for each request; return it in the fork, None when no more will come."""
    while True:
        message, outputs, _, _ = socket.recv_fds(connection, _MESSAGE_BYTES, 2)
        if not message:
            return None
        pid = os.fork()
        if pid == 0:
            connection.close()
            for number, output in enumerate(outputs, start=1):
                os.dup2(output, number)
                os.close(output)
            return _Request(**json.loads(message))
        for output in outputs:
            os.close(output)
        connection.send(str(pid).encode())
        connection.send(str(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])).encode())


def _main() -> None:
    for name in IMPORTED:
        importlib.import_module(name)
    gc.freeze()  # so that collecting does not write to what forks share
    request = _serve(socket.socket(fileno=int(sys.argv[1])))
    if request is not None:
        request.run()


if __name__ == "__main__":
    _main()
