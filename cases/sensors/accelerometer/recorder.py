# Takes blocks from a driver, and is busy with something else after each of them.

import time
from array import array

import harness_mark
from register_file import Accelerometer


def record(drivers, blocks, samples, busy_ms):
    # Returns the samples, how late each was seen in microseconds, and whether the driver knows of lost ones.
    bus = Accelerometer()
    found = array("h", bytes(6 * samples * blocks))
    view = memoryview(found)
    harness_mark.start()
    driver = drivers.Driver(bus)
    harness_mark.stop()
    for at in range(0, len(found), 3 * samples):
        harness_mark.start()
        driver.take(view[at : at + 3 * samples])
        harness_mark.stop()
        end = time.ticks_add(time.ticks_us(), 1000 * busy_ms)
        while time.ticks_diff(end, time.ticks_us()) > 0:
            pass
    return found, bus.seen, driver.lost
