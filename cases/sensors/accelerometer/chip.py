# What an accelerometer answers: the registers of ST's LIS3DH (data sheet DocID17530) that a driver reads samples with,
# at 400 Hz. A bus asks for one byte after the other and says at which microsecond: in the guest (register_file.py), or
# Renode's (device.py). So this is for MicroPython and for Python 2.
#
# Of sample k, x is k, so that it shows which were lost. `seen` gets of each sample how many microseconds after it was
# taken the transfer ended that brought it.

RATE, DEPTH = 400, 32
CTRL_REG5, STATUS, OUT, FIFO_CTRL, FIFO_SRC = 0x24, 0x27, 0x28, 0x2E, 0x2F
END = OUT + 6
FIFO_EN, STREAM, WATERMARK = 0x40, 2, 0x1F


def sample(k):
    return k, k * 37 % 2001 - 1000, 1000 - k * 11 % 300


class Chip:
    def __init__(self, now):
        self.registers = bytearray(64)
        self.start(now)

    def start(self, now):
        self.begun = now
        self.taken = 0
        self.moved = []  # samples of this transfer
        self.seen = []

    def write(self, register, value, now):
        self.registers[register] = value
        if register == FIFO_CTRL:
            self.start(now)

    def has_fifo(self):
        return self.registers[CTRL_REG5] & FIFO_EN and self.registers[FIFO_CTRL] >> 6 == STREAM

    def waiting(self, now):
        # Samples that nobody read; a full FIFO forgets the oldest.
        waiting = int(now - self.begun) * RATE // 1000000 - self.taken
        if self.has_fifo() and waiting > DEPTH:
            self.taken += waiting - DEPTH
            return DEPTH
        return waiting

    def read(self, register, now):
        if OUT <= register < END:
            if register == OUT:
                self.move(now)
            self.registers[register] = sample(self.taken - 1)[(register - OUT) // 2] >> 8 * (register % 2) & 0xFF
        elif register == STATUS:
            waiting = self.waiting(now)
            return (waiting > 1) << 7 | (waiting > 0) << 3
        elif register == FIFO_SRC:
            waiting = self.waiting(now)
            passed = waiting > self.registers[FIFO_CTRL] & WATERMARK
            return passed << 7 | (waiting == DEPTH) << 6 | (not waiting) << 5 | min(waiting, DEPTH - 1)
        return self.registers[register]

    def move(self, now):
        # The next sample comes to the registers OUT; without a FIFO there is the newest one alone.
        waiting = self.waiting(now)
        if waiting:
            self.taken += 1 if self.has_fifo() else waiting
            self.moved.append(self.taken - 1)

    def after(self, register):
        # The register that is read next in one transfer.
        return OUT if register == END - 1 else register + 1

    def stop(self, now):
        # The transfer has ended.
        for k in self.moved:
            self.seen.append(int(now - self.begun) - (k + 1) * 1000000 // RATE)
        self.moved = []
