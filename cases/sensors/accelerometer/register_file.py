# The accelerometer in place of a bus and a chip: a register file with the methods of machine.I2C that drivers use.
# Which samples there are follows from the guest's time. What this takes is no part of a count, the marks leave it out,
# nor of that time: there it is what a bus at 400 kHz takes, nine bits for each byte, three of address and register.

import time

import harness_mark
from chip import Chip

INCREMENT = 0x80


class RegisterFile:
    def __init__(self):
        self.begun = time.ticks_us()
        self.hidden = 0  # microseconds that were spent in here, less those of the bus
        self.chip = Chip(0)

    def elapsed(self):
        self.entered = time.ticks_us()
        return time.ticks_diff(self.entered, self.begun) - self.hidden

    def took(self, bus):
        self.hidden += time.ticks_diff(time.ticks_us(), self.entered) - bus

    def writeto_mem(self, _address, register, data):
        harness_mark.stop()
        now, bus = self.elapsed(), (len(data) + 2) * 9 * 10 // 4
        self.chip.write(register, data[0], now + bus)
        self.took(bus)
        harness_mark.start()

    def readfrom_mem_into(self, _address, register, buffer):
        harness_mark.stop()
        now, bus = self.elapsed(), 3 * 9 * 10 // 4
        register &= ~INCREMENT
        for i in range(len(buffer)):
            buffer[i] = self.chip.read(register, now + bus + i * 9 * 10 // 4)
            register = self.chip.after(register)
        bus += len(buffer) * 9 * 10 // 4
        self.chip.stop(now + bus)
        self.took(bus)
        harness_mark.start()
