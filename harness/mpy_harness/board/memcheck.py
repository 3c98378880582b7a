"""Findings of a board: what its native code did wrong to memory, told when the request ends in which it happened."""

from __future__ import annotations

from mpy_harness.board.address_names import AddressNames
from mpy_harness.counting.instrument import PeekedRecords
from mpy_harness.counting.locate import CodeImage
from mpy_harness.errors import HarnessError
from mpy_harness.firmware.symbols import Symbols
from mpy_harness.memcheck.findings import Finding, Naming, misuse
from mpy_harness.memcheck.foreign import unseen
from mpy_harness.memcheck.lines import FindingLine, ModuleLine, UnseenLine, parse


class MemoryChecker:
    """Reads what the plugin found, and raises it."""

    def __init__(self, symbols: Symbols, names: AddressNames) -> None:
        #: What was found since the test began.
        self.findings: list[Finding] = []
        #: The modules that the machine has loaded, by the number of their code; None for one whose file is not known.
        self.images: dict[int, CodeImage | None] = {}
        self._names = names
        self._naming = Naming(symbols)
        self._records: PeekedRecords | None = None

    def connect(self, records: PeekedRecords | None) -> None:
        """Read these records from now on: the machine has started."""
        self._records = records
        self.images.clear()

    def check(self, error: BaseException | None) -> None:
        """Raise MemoryMisused where a request, which ended with ``error``, did something wrong to memory."""
        if new := self.collect():
            raise misuse(new, error if isinstance(error, HarnessError) else None)

    def collect(self) -> list[Finding]:
        """Return what was found since the last time. The guest must not run anything meanwhile.

        Raises MemcheckUnavailable where native code ran that could not be checked.
        """
        new = []
        for line in parse(self._records.take() if self._records is not None else b""):
            if isinstance(line, ModuleLine):
                image = self._naming.add(line, self._names.images)
                self.images[line.number] = image or self.images.get(line.number)
                continue
            if isinstance(line, UnseenLine):
                raise unseen(line)
            finding = self._naming.finding(line)
            # One line of code may read and write what is not its own.
            if all((known.kind, known.place.key) != (finding.kind, finding.place.key) for known in self.findings):
                new.append(finding)
                self.findings.append(finding)
        return new

    def latest(self) -> str:
        """Return in words what was found last, "" for nothing. The next ``collect`` finds it as well."""
        last = ""
        for line in parse(self._records.peek() if self._records is not None else b""):
            if isinstance(line, ModuleLine):
                self._naming.add(line, self._names.images)
            elif isinstance(line, FindingLine):
                last = str(self._naming.finding(line))
        return last

    def forget(self) -> None:
        """Forget what was found: another test begins."""
        self.collect()
        self.findings.clear()
