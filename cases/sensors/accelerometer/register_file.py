# An accelerometer as a register file, in place of a bus and a chip: the registers of ST's LIS3DH (data sheet
# DocID17530) that a driver reads samples with, at 400 Hz. It has the methods of machine.I2C that drivers use. Which
# samples there are follows from the guest's time.
#
# Of sample k, x is k, so that it shows which were lost. `seen` gets of each sample how many microseconds after it
# was taken it was read. What all this takes is no part of a count, the marks leave it out, and none of its time:
# that is what a bus at 400 kHz takes, nine bits for each byte and for three of address and register.

import time
from array import array

import harness_mark

RATE, DEPTH = 400, 32
STATUS, OUT, FIFO_CTRL, FIFO_SRC = 0x27, 0x28, 0x2E, 0x2F
INCREMENT = 0x80


def sample(k):
    return k, k * 37 % 2001 - 1000, 1000 - k * 11 % 300


class Accelerometer:
    def __init__(self):
        self.registers = bytearray(64)
        self.start(time.ticks_us())

    def start(self, now):
        self.begun = now
        self.hidden = 0  # microseconds that were spent in here, less those of the bus
        self.taken = 0
        self.overrun = False
        self.seen = array("i")

    def writeto_mem(self, _address, register, data):
        harness_mark.stop()
        self.registers[register] = data[0]
        if register == FIFO_CTRL:
            self.start(time.ticks_us())
        harness_mark.start()

    def readfrom_mem_into(self, _address, register, buffer):
        harness_mark.stop()
        entered = time.ticks_us()
        now = time.ticks_diff(entered, self.begun) - self.hidden
        bus = (len(buffer) + 3) * 9 * 10 // 4
        self.read(register & ~INCREMENT, buffer, now, bus)
        self.hidden += time.ticks_diff(time.ticks_us(), entered) - bus
        harness_mark.start()

    def read(self, register, buffer, now, bus):
        count = now * RATE // 1_000_000
        if self.registers[FIFO_CTRL] & 0x80:  # stream mode: the oldest is overwritten
            if count - self.taken > DEPTH:
                self.taken = count - DEPTH
                self.overrun = True
        elif register == OUT and count > self.taken:
            self.taken = count - 1
        waiting = count - self.taken
        if register == FIFO_SRC:
            buffer[0] = self.overrun << 6 | (not waiting) << 5 | min(waiting, DEPTH - 1)
        elif register == STATUS:
            buffer[0] = (waiting > 1) << 7 | (waiting > 0) << 3
        elif register == OUT:
            self.samples(buffer, count, now + bus)

    def samples(self, buffer, count, read_at):
        at = 0
        for _ in range(len(buffer) // 6):
            k = self.taken if self.taken < count else count - 1
            for value in sample(k):
                buffer[at] = value & 0xFF
                buffer[at + 1] = value >> 8 & 0xFF
                at += 2
            self.seen.append(read_at - (k + 1) * 1_000_000 // RATE)
            self.taken = k + 1
