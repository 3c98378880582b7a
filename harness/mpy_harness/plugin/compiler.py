"""What the fixture ``program`` is: it compiles plain C for the target of a test."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mpy_harness.programs.build import Program, build_program
from mpy_harness.programs.program import CProgram
from mpy_harness.targets import Target


@dataclass
class Compiler:
    """Compiles programs for the target of one test; their paths may be relative to one of ``bases``."""

    target: Target
    bases: Sequence[Path]
    folder: Path
    make: Callable[[Program], CProgram]
    built: list[CProgram] = field(default_factory=list)

    def __call__(
        self,
        *sources: str | Path,
        include: Sequence[str | Path] = (),
        cflags: Sequence[str] = (),
        ldflags: Sequence[str] = (),
    ) -> CProgram:
        """Compile and link C sources, one of which has ``main``.

        Headers are found beside the sources and in the folders ``include``. Raises ProgramInvalid, ToolMissing,
        TargetInvalid.
        """
        compiled = build_program(
            self.target,
            [self._place(source) for source in sources],
            self.folder / f"program{len(self.built)}",
            include=[self._place(place) for place in include],
            cflags=cflags,
            ldflags=ldflags,
        )
        self.built.append(self.make(compiled))
        return self.built[-1]

    def _place(self, path: str | Path) -> Path:
        # Where it is not, the first place is named.
        return next((base / path for base in self.bases if (base / path).exists()), self.bases[0] / path)
