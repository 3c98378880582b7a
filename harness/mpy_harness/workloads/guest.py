"""What a case runs on: a board, and one form of its workload."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from mpy_harness.board.board import Board
from mpy_harness.board.guarded import Guarded
from mpy_harness.board.natmod_loader import ModuleLoader
from mpy_harness.board.objects import GuestObject
from mpy_harness.errors import CompilerMissing, GuestException, GuestFailure
from mpy_harness.workloads.forms import Form


class EmitterMissing(GuestFailure):
    """There is no compiler for the form: the firmware has none, or this machine."""


@dataclass
class Guest:
    """A booted board in a fresh state, the form that the case runs in, and the name for a form that is a file."""

    board: Board
    form: Form
    natmod: ModuleLoader
    module: str

    @cached_property
    def guarded(self) -> Guarded:
        """Return what calls functions between guard bytes, loaded when it is first asked for."""
        return Guarded(self.board)

    def load(self) -> GuestObject:
        """Load the form, with the files of its neighbourhood that it imports, and return its module.

        Raise EmitterMissing.
        """
        form = self.form
        if form.natmod:
            try:
                return self.natmod(form.natmod, form="python" if form.twin else "native")
            except CompilerMissing as error:
                if self.board.target.is_built:
                    raise  # that compiler builds the firmware as well
                target = self.board.target.name
                raise EmitterMissing(f"no compiler for native modules of the {target}: {error}") from None
        for file in form.neighbours():
            self.board.files.put(file, f"/forms/{file.name}")
        place = f"/forms/{self.module}.py"
        self.board.files.put(form.source(), place)
        try:
            return self.board.import_module(self.module, place)
        except GuestException as error:
            if error.type == "SyntaxError" and "decorator" in error.message:
                raise EmitterMissing(
                    f"this firmware has no emitter for the form {form.name}: {error.message}"
                ) from None
            raise

    @property
    def free(self) -> int:
        """Return how many bytes of the heap are free."""
        self.board.exec("import gc\ngc.collect()")
        return int(self.board.eval("gc.mem_free()"))

    @property
    def rounds_to_float32(self) -> bool:
        """Tell whether the form rounds to float32 after every operation: Python does where floats are float32."""
        return self.form.name == "native" or bool(self.board.eval("1.0 + 1e-9 == 1.0"))
