"""Run the tests of a checkout, their measurements into a file."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from mpy_harness.errors import MachineryError
from mpy_harness.firmware.git import environment
from mpy_harness.measurements.run import Run, read_run
from mpy_harness.revisions.checkout import second_checkout, top

_TO_END_SECONDS = 60.0
#: pytest's statuses for tests that passed or failed, and for what a commit need not have: the arguments' files, tests.
PASSED, FAILED, NOT_THERE, NO_TESTS = 0, 1, 4, 5


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let a process that is started here react to SIGINT: what a shell starts in the background ignores it."""
    before = signal.getsignal(signal.SIGINT)
    if before is not signal.SIG_IGN:
        yield
        return
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@dataclass(frozen=True)
class Suite:
    """Tests of a checkout: ``arguments`` are pytest's, in ``folder``; ``timeout`` is in seconds a run."""

    folder: Path
    arguments: Sequence[str] = ()
    timeout: float = 3600.0

    def run(self, file: Path) -> int:
        """Run them, their measurements into a file; return pytest's status. Raises MachineryError."""
        command = [sys.executable, "-m", "pytest", "--measurements", str(file.absolute()), *self.arguments]
        sys.stdout.flush()
        with _interruptible():
            process = subprocess.Popen(command, cwd=self.folder, env=environment(), stdin=subprocess.DEVNULL)
        with process:
            try:
                return process.wait(self.timeout)
            except BaseException as error:
                # pytest ends its boards when it is interrupted; a signal to this whole group has reached it already.
                with suppress(ProcessLookupError, subprocess.TimeoutExpired):
                    process.send_signal(signal.SIGINT)
                    process.wait(_TO_END_SECONDS)
                process.kill()
                if isinstance(error, subprocess.TimeoutExpired):
                    raise MachineryError(f"the tests did not end within {self.timeout / 60:g} minutes.") from None
                raise

    @contextmanager
    def at(self, revision: str) -> Iterator[Suite]:
        """Give the same tests in a checkout of another commit; their folder need not be there."""
        with second_checkout(self.folder, revision) as checkout:
            folder = checkout / self.folder.resolve().relative_to(top(self.folder))
            yield Suite(folder, self.arguments, self.timeout)

    def measure(self, file: Path, revision: str) -> Run | None:
        """Run them at a commit and return what they measured, None where that has none. Raises MachineryError."""
        # A folder or test that a change brings along is not there.
        status = self.run(file) if self.folder.is_dir() else NO_TESTS
        if file.exists():
            return read_run(file)
        if status not in {PASSED, FAILED, NOT_THERE, NO_TESTS}:
            raise MachineryError(f"the tests at {revision[:10]} ended with pytest's status {status}, see above.")
        return None
