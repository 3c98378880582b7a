# The accelerometer is on the bus that MicroPython's stm32 port calls 1; a driver runs while pin A8 is high.

import gc
import time

import machine
from recorder import record

TICKS = 512  # the port has work to do at some of its ticks, the rarest of which are these


class Mark:
    def __init__(self):
        pin = machine.Pin("A8", machine.Pin.OUT, value=0)
        self.start, self.stop = pin.high, pin.low


def run(drivers, blocks, samples, busy_ms):
    bus, mark = machine.I2C(1, freq=400_000), Mark()
    gc.collect()
    time.sleep_ms(1)
    while time.ticks_ms() % TICKS:
        time.sleep_ms(1)
    mark.start()
    mark.stop()
    return record(bus, mark, drivers, blocks, samples, busy_ms)
