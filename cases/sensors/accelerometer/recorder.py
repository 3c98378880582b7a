# Takes blocks from a driver, and is busy with something else after each of them.

import time
from array import array


def record(bus, mark, drivers, blocks, samples, busy_ms):
    # Returns the samples, and whether the driver knows of lost ones. What the driver does is between marks.
    found = array("h", bytes(6 * samples * blocks))
    view = memoryview(found)
    mark.start()
    driver = drivers.Driver(bus)
    mark.stop()
    for at in range(0, len(found), 3 * samples):
        mark.start()
        driver.take(view[at : at + 3 * samples])
        mark.stop()
        end = time.ticks_add(time.ticks_us(), 1000 * busy_ms)
        while time.ticks_diff(end, time.ticks_us()) > 0:
            pass
    return found, driver.lost
