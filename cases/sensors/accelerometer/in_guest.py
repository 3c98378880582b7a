# The accelerometer is a register file in the guest; a driver runs between the firmware's marks.

from array import array

import harness_mark
from recorder import record
from register_file import RegisterFile


def run(drivers, blocks, samples, busy_ms):
    bus = RegisterFile()
    found, lost = record(bus, harness_mark, drivers, blocks, samples, busy_ms)
    return found, array("i", bus.chip.seen), lost
