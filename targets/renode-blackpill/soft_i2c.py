# I2C on two pins that a program moves itself (machine.SoftI2C); runs in Renode behind i2c.py.


class _SoftI2c(_Wires):
    # Renode has no open drains: whoever came last would win. So a level that is ours is set again when the master lets go.
    # And with each pin, Renode writes those behind it on the same port anew, as they were before.
    def __init__(self, scl, sda):
        _Wires.__init__(self)
        self.scl, self.sda = pin(scl), pin(sda)
        self.level = None  # what we drive; None: the master has the line
        self.is_ours = False  # we are just now moving it
        self.clocked = None  # when the clock moved
        self.phase = None  # from start to stop: "address", "write", "read", and "over" for what is not for us
        self.sda.watch(self.data)
        self.scl.watch(self.clock)

    def data(self, is_high):
        if self.is_ours:
            return
        if self.level is not None or self.clocked == _moment():
            self.drive(self.level)
        elif self.scl.is_high():
            if is_high:
                self.phase = None
                self.stop()
            else:
                self.phase, self.bits, self.byte = "address", 0, 0

    def clock(self, is_high):
        if self.phase in (None, "over"):
            return
        self.clocked = _moment()
        if is_high:
            self.take(self.sda.is_high())
        elif self.bits == 8:
            self.drive(None if self.phase == "read" or not self.acknowledges() else False)
        elif self.bits == 9:
            self.next_byte()
        elif self.phase == "read":
            self.drive(bool(self.byte >> (7 - self.bits) & 1))

    def take(self, bit):
        if self.bits < 8 and self.phase != "read":
            self.byte = self.byte << 1 | bit
        self.bits += 1
        self.is_last = bit  # of the ninth: not acknowledged

    def acknowledges(self):
        return self.start(self.byte) if self.phase == "address" else self.write(self.byte)

    def next_byte(self):
        if self.is_last:
            self.phase = "over"
        elif self.phase == "address":
            self.phase = "read" if self.byte & 1 else "write"
        self.bits = 0
        self.byte = self.read() if self.phase == "read" else 0
        self.drive(bool(self.byte >> 7) if self.phase == "read" else None)

    def drive(self, level):
        self.level = level
        self.is_ours = True
        self.sda.set(level is not False)
        self.is_ours = False


_soft = {}


def soft_i2c(scl, sda):
    # The I2C bus on two pins that a program moves itself (machine.SoftI2C): soft_i2c("B4", "B5").attach(0x48, device).
    if (scl, sda) not in _soft:
        _soft[scl, sda] = _SoftI2c(scl, sda)
    return _soft[scl, sda]
