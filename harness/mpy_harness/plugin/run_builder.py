"""Build one run from the reports of all its tests, also of those that xdist's workers ran."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from mpy_harness import __version__, machines
from mpy_harness.errors import HarnessError
from mpy_harness.firmware import toolchain
from mpy_harness.firmware.git import revision_of
from mpy_harness.firmware.image import Firmware
from mpy_harness.measurements import from_tests
from mpy_harness.measurements.carried import Carried, LastAttempts
from mpy_harness.measurements.covered import covered_files
from mpy_harness.measurements.run import Conditions, Failure, Run, plain
from mpy_harness.plugin.session import Session
from mpy_harness.sizes.modules import read_firmware
from mpy_harness.targets import Target

# What no figure depends on.
_IRRELEVANT_TOOLS = {"make"}


class RunBuilder:
    """Collects the measurements of a run from its reports; ``failed`` are the tests that failed."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._carried = LastAttempts()
        self._files: set[str] = set()
        self.failed: dict[Failure, None] = {}

    def add(self, report: Any) -> None:
        """Add what a test's report carries."""
        file = self._session.records.origins.file_of(report.location[0])
        self._files.add(file)
        self._carried.add(report)
        if report.failed:
            self.failed |= dict.fromkeys(Carried.of(report).failed or self._crashed(report.nodeid, file))

    def run(self) -> Run:
        """Return the run, with the sizes of the firmware that it used and where everything came from."""
        root = self._session.config.rootpath
        revision, changed = revision_of(root)
        measurements = from_tests.worst([each for carried in self._carried for each in carried.measurements])
        modules = [module for carried in self._carried for module in carried.modules]
        natmods = {from_tests.natmod_name(module.name, module.arch): module.sha256 for module in modules}
        provenance = {}
        for target in self._targets({each.target for each in measurements}):
            with suppress(HarnessError):  # what is not known counts as different
                firmware = self._session.pool.firmware(target)
                provenance[target.name] = self._provenance(target, firmware, natmods)
                if firmware.elf.suffix == ".elf":  # what others publish need not be one
                    measurements += from_tests.of_image(read_firmware(firmware.elf, target), target.name)
        return Run(
            created=datetime.now(timezone.utc).replace(microsecond=0),
            revision=revision,
            changed=changed,
            provenance=provenance,
            natmods=dict(sorted(natmods.items())),
            failed=tuple(self.failed),
            coverage=covered_files(self._session.native_coverage(), root),
            measurements=tuple(from_tests.worst(measurements)),
        )

    def restrict(self, base: Run, run: Run) -> Run:
        """Return a baseline without what stands in files of which no test ran."""
        measured = {each.key for each in run.measurements}
        if {each.file for each in base.measurements if each.file} <= self._files:
            return base
        kept = (each for each in base.measurements if (each.file in self._files if each.file else each.key in measured))
        return base.model_copy(update={"measurements": tuple(kept)})

    def _crashed(self, test: str, file: str) -> Iterator[Failure]:
        # A process that died says nothing of the test's target.
        for target in self._session.settings.targets:
            yield Failure(target=target.name, test=from_tests.name_of(test), file=file)

    def _provenance(self, target: Target, firmware: Firmware, natmods: Iterable[str]) -> Conditions:
        """Return what a target's figures depend on besides the program. Raises ToolMissing."""
        facts = firmware.provenance
        tools = dict.fromkeys(version for tool, version in facts.toolchain.items() if tool not in _IRRELEVANT_TOOLS)
        arch = target.natmod.arch
        if any(name.endswith(f"/{arch}") for name in natmods):  # firmware may come from elsewhere
            built_with = toolchain.toolchain(toolchain.cross_prefix(arch), target.tools).facts()
            tools |= dict.fromkeys(version for tool, version in built_with.items() if tool not in _IRRELEVANT_TOOLS)
        return Conditions(
            micropython=plain(facts.micropython),
            firmware=facts.image_sha256 or _sha256(firmware.elf),
            toolchain=plain("; ".join(tools)),
            emulator=plain(machines.kind_of(target).version()),
            harness=__version__,
        )

    def _targets(self, names: set[str]) -> Iterator[Target]:
        # A test may have boards of other targets than the run's.
        for name in sorted(names):
            with suppress(HarnessError):
                yield self._session.target(name)


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
