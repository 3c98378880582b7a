"""Targets: ``target.toml`` as typed objects, and what is wrong in one in plain words."""

from __future__ import annotations

from mpy_harness.targets.copying import copy_target as copy_target
from mpy_harness.targets.copying import shared as shared
from mpy_harness.targets.files import DEFAULT_TARGET as DEFAULT_TARGET
from mpy_harness.targets.files import available as available
from mpy_harness.targets.files import chosen as chosen
from mpy_harness.targets.files import load_target as load_target
from mpy_harness.targets.files import matching as matching
from mpy_harness.targets.new import new_target as new_target
from mpy_harness.targets.new import target_of_machine as target_of_machine
from mpy_harness.targets.parts import CodeMemory as CodeMemory
from mpy_harness.targets.parts import Fact as Fact
from mpy_harness.targets.parts import Measured as Measured
from mpy_harness.targets.parts import Part as Part
from mpy_harness.targets.parts import available_parts as available_parts
from mpy_harness.targets.parts import load_part as load_part
from mpy_harness.targets.tables import BoardSpec as BoardSpec
from mpy_harness.targets.tables import CostName as CostName
from mpy_harness.targets.tables import CycleModel as CycleModel
from mpy_harness.targets.tables import Cycles as Cycles
from mpy_harness.targets.tables import FirmwareSpec as FirmwareSpec
from mpy_harness.targets.tables import InstalledFirmware as InstalledFirmware
from mpy_harness.targets.tables import Memory as Memory
from mpy_harness.targets.tables import NatmodSpec as NatmodSpec
from mpy_harness.targets.tables import PlainBoard as PlainBoard
from mpy_harness.targets.tables import PlainFirmware as PlainFirmware
from mpy_harness.targets.tables import PublishedFirmware as PublishedFirmware
from mpy_harness.targets.tables import Reset as Reset
from mpy_harness.targets.tables import Table as Table
from mpy_harness.targets.tables import Text as Text
from mpy_harness.targets.tables import Window as Window
from mpy_harness.targets.target import FILE_NAME as FILE_NAME
from mpy_harness.targets.target import Target as Target
