"""A workload as a test class: what its cases are, and the one test that runs them in every form on every target."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from numpy.typing import NDArray

from mpy_harness.board.board import Board
from mpy_harness.board.natmod_loader import ModuleLoader
from mpy_harness.golden import Golden, Metric, Vectors, VectorStore
from mpy_harness.golden.store import SCRIPT
from mpy_harness.workloads.forms import Form, forms_in
from mpy_harness.workloads.guest import EmitterMissing, Guest

Values = NDArray[Any] | float
_WORD = 4


@dataclass(frozen=True)
class Check:
    """A result and what it is held against: the arguments of ``golden.check``.

    ``name`` is added to the case's where one case has several checks that are to be told apart, ``given`` is the input.
    """

    got: Values
    reference: Values
    metric: str | Metric
    limit: float | None = None
    name: str = ""
    limits: Mapping[str, float] | None = None
    per: int | None = None
    given: Values | None = None


@dataclass(frozen=True)
class Case:
    """Something that a workload computes.

    ``run`` loads the form, computes in the guest and yields checks; the instructions that it counted since the check
    before are the next one's. ``forms`` names those that it is for, all if it is empty, ``ram`` the bytes of heap that
    a form takes, without which it is skipped.
    """

    name: str
    run: Callable[[Guest], Iterator[Check]]
    forms: Sequence[str] = ()
    ram: Mapping[str, int] = field(default_factory=dict)


class Workload:
    """One algorithm. A subclass in a file ``workload.py`` is a test class; its folder has the forms.

    Attributes that a subclass may set: ``name``, with which names of its measurements begin (the folder's, if it is
    not set); ``natmod``, the native module that is a form; ``decorated``, functions of the bytecode that the form
    ``@native`` decorates; ``archs``, by form, the native-module archs of targets that can run it;
    ``words_of_32``, forms that are right only where viper's integers have 32 bits; ``guards``, whether cases call
    functions through ``guest.guarded``.
    """

    __test__ = False
    name: ClassVar[str] = ""
    natmod: ClassVar[str] = ""
    decorated: ClassVar[Sequence[str]] = ()
    archs: ClassVar[Mapping[str, Sequence[str]]] = {}
    words_of_32: ClassVar[Sequence[str]] = ()
    guards: ClassVar[bool] = True

    def __init_subclass__(cls) -> None:
        """Make the subclass a test class, whose test stands for pytest and all reports where its cases do."""

        def test_case(
            self: Workload, *, case: Case, form: Form, board: Board, natmod: ModuleLoader, golden: Golden
        ) -> None:
            self.run_case(case, Guest(board, form, natmod, f"{self.natmod or self.folder().name}_form"), golden)

        test_case.place_as = cls.cases  # type: ignore[attr-defined]
        cls.test_case = test_case  # type: ignore[attr-defined]
        cls.__test__ = True
        cls.name = cls.__dict__.get("name") or cls.folder().name

    @classmethod
    def folder(cls) -> Path:
        """Return the folder that the workload is."""
        return Path(inspect.getfile(cls)).resolve().parent

    @classmethod
    def vectors(cls, name: str) -> Vectors:
        """Return what the script ``vectors.py`` of the folder makes by that name. Raise VectorsInvalid."""
        return VectorStore(cls.folder() / SCRIPT)[name]

    def forms(self) -> Mapping[str, Form]:
        """Return the forms by name; a workload that is no function of a module has one without a name."""
        return forms_in(self.folder(), self.natmod, self.decorated)

    def cases(self) -> Iterable[Case]:
        """Return what there is to run; called while tests are collected, so it computes nothing."""
        raise NotImplementedError

    # --- the test ---------------------------------------------------------------------------

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Run each case in each of its forms."""
        if metafunc.definition.originalname != "test_case":
            return
        if metafunc.module.__name__ != type(self).__module__:
            raise pytest.Collector.CollectError(
                f"{metafunc.module.__name__} imports the test class {type(self).__name__}, which would run there as "
                f"well: import the module {type(self).__module__} instead"
            )
        forms = self.forms()
        pairs = [(case, forms[form]) for case in self.cases() for form in case.forms or forms]
        names = ["-".join(filter(None, (form.name, case.name))) for case, form in pairs]
        metafunc.parametrize(("case", "form"), pairs, ids=names)

    @classmethod
    def skip_where_wrong(cls, form: str, board: Board) -> None:
        """Skip the test where a form is for other targets."""
        archs, target = cls.archs.get(form), board.target
        if archs and target.natmod.arch not in archs:
            pytest.skip(f"the form {form} is for {', '.join(archs)}; {target.name} is {target.natmod.arch}")
        if form in cls.words_of_32 and target.word_size != _WORD:
            pytest.skip(f"the form {form} counts on integers of 32 bits in viper; on {target.name} they have more")

    def run_case(self, case: Case, guest: Guest, golden: Golden) -> None:
        """Run a case in a form and check what comes out. Skip the test where the board cannot run it."""
        form, target = guest.form.name, guest.board.target
        self.skip_where_wrong(form, guest.board)
        if self.guards:
            _ = guest.guarded  # first, so that all else finds the heap alike whatever a case does in between
        need = case.ram.get(form, 0)
        if need and (free := guest.free) < need:
            pytest.skip(f"takes about {need >> 10} KB of RAM, {target.name} has {free >> 10} KB free")
        try:
            for check in case.run(guest):
                golden.check(
                    np.asarray(check.got),
                    np.asarray(check.reference),
                    case="/".join(filter(None, (self.name, case.name, check.name))),
                    metric=check.metric,
                    limit=check.limit,
                    limits=check.limits,
                    form=form,
                    per=check.per,
                    given=check.given,
                )
        except EmitterMissing as error:
            pytest.skip(str(error))
