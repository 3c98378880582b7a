"""Groups of options that commands have in common which run something in a guest; a command takes one as a parameter."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from functools import wraps
from typing import Any, get_type_hints

from mpy_harness.cli.options import (
    Arguments,
    DevicePath,
    EmulatorHostOptions,
    EmulatorOptions,
    FirmwareMake,
    GcStress,
    GivenFirmware,
    Memcheck,
    MicroPython,
    NatmodMake,
    Natmods,
    Script,
    TargetName,
    Unwritten,
    chosen_target,
    make_words,
)
from mpy_harness.cli.script import ScriptJob
from mpy_harness.counting.guest_time import GuestTime
from mpy_harness.counting.instrument import check_asked_for
from mpy_harness.firmware.additions import check_image
from mpy_harness.firmware.natmods import MakeWords
from mpy_harness.targets import DEFAULT_TARGET, Target


@dataclass(frozen=True, kw_only=True)
class GuestOptions:
    """Which target runs which firmware, and what the guest can import."""

    target: TargetName = DEFAULT_TARGET
    device_path: DevicePath = None
    natmods: Natmods = None
    natmod_make: NatmodMake = None
    micropython: MicroPython = None
    firmware: GivenFirmware = None
    firmware_make: FirmwareMake = None
    emulator_options: EmulatorOptions = ""
    emulator_host_options: EmulatorHostOptions = ""

    def chosen(self) -> Target:
        """Return the target with what the options say of its emulator and its firmware. Raises TargetInvalid."""
        check_image(self.firmware, self.firmware_make or ())
        return chosen_target(self.target, self.emulator_options, self.emulator_host_options, self.firmware_make)

    def words(self) -> MakeWords:
        """Return what make gets for native modules."""
        return make_words(self.natmod_make)


@dataclass(frozen=True, kw_only=True)
class ScriptOptions(GuestOptions):
    """A script, what it gets in ``sys.argv``, where it runs, and how its memory is checked."""

    script: Script
    arguments: Arguments = None
    memcheck: Memcheck = False
    gc_stress: GcStress = False
    memcheck_unwritten: Unwritten = False

    def job(self, timeout: float, guest_time: GuestTime | None = None) -> ScriptJob:
        """Return what runs the script, for at most ``timeout`` seconds. Raises TargetInvalid."""
        return ScriptJob(
            self.script,
            self.chosen(),
            self.arguments or (),
            tuple(self.device_path or ()),
            self.micropython,
            timeout,
            tuple(self.natmods or ()),
            self.firmware,
            self.words(),
            check_asked_for(memory=self.memcheck, stress=self.gc_stress, unwritten=self.memcheck_unwritten),
            guest_time,
        )


def grouped(command: Callable[..., None]) -> Callable[..., None]:
    """Return a command for typer: the fields of each parameter that is a group are parameters of their own."""
    hints = get_type_hints(command, include_extras=True)
    groups = {name: kind for name, kind in hints.items() if isinstance(kind, type) and is_dataclass(kind)}
    parameters: list[inspect.Parameter] = []
    for name, parameter in inspect.signature(command).parameters.items():
        if name not in groups:
            parameters.append(parameter.replace(kind=parameter.KEYWORD_ONLY, annotation=hints[name]))
            continue
        kinds = get_type_hints(groups[name], include_extras=True)
        defaults = inspect.signature(groups[name]).parameters
        parameters += [defaults[each.name].replace(annotation=kinds[each.name]) for each in fields(groups[name])]

    @wraps(command)
    def call(**given: Any) -> None:
        for name, group in groups.items():
            given[name] = group(**{each.name: given.pop(each.name) for each in fields(group)})
        command(**given)

    del call.__wrapped__  # typer is to see these parameters, not those
    call.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    call.__annotations__ = {each.name: each.annotation for each in parameters}
    return call
