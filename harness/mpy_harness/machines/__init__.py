"""What runs firmware: a folder for each kind of machine, behind the two classes of ``base``."""

from __future__ import annotations

from mpy_harness.machines.base import End, Machine, MachineKind, Shell
from mpy_harness.machines.clock import Clock
from mpy_harness.machines.explain import explain_end
from mpy_harness.machines.fault_line import code_shown
from mpy_harness.machines.kinds import Kinds, add_kinds, kind_of, with_options
from mpy_harness.machines.memory import GuestMemory, SharedWindow
from mpy_harness.machines.process import EmulatorProcess
from mpy_harness.machines.qemu.inventory import inventory
from mpy_harness.machines.storage import Storage
from mpy_harness.machines.streams import ByteStream, DescriptorStream

__all__ = [
    "ByteStream", "Clock", "DescriptorStream", "EmulatorProcess", "End", "GuestMemory", "Kinds", "Machine",
    "MachineKind", "SharedWindow", "Shell", "Storage", "add_kinds", "code_shown", "explain_end", "inventory",
    "kind_of", "with_options",
]  # fmt: skip
