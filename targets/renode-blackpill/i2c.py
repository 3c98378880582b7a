# The chip's I2C buses as masters; runs in Renode behind devices.py.
from Antmicro.Renode.Peripherals import IKnownSize
from Antmicro.Renode.Peripherals.Bus import BusRangeRegistration, IDoubleWordPeripheral
from Antmicro.Renode.Time import TimeInterval
from System import UInt32


class _Wires(object):
    # The devices on an I2C bus, whoever its master is.
    def __init__(self):
        self.devices = {}
        self.device = None

    def attach(self, address, device):
        self.devices[address] = device

    def detach(self, address):
        self.devices.pop(address, None)

    def start(self, byte):
        # Returns whether somebody has the address.
        self.device = self.devices.get(byte >> 1)
        if self.device is None:
            return False
        _call(self.device, "start", bool(byte & 1))
        return True

    def write(self, byte):
        return _call(self.device, "write", byte) is not False

    def read(self):
        value = _call(self.device, "read")
        return _NOTHING if value is None else value & 0xFF

    def stop(self):
        device, self.device = self.device, None
        if device is not None:
            _call(device, "stop")


class _I2c(_Wires, IDoubleWordPeripheral, IKnownSize):
    # The chip's I2C as a master (ST RM0383, section 18.6), without interrupts and DMA, which machine.I2C does not use.
    CR1, CR2, DR, SR1, SR2, CCR = 0x00, 0x04, 0x10, 0x14, 0x18, 0x1C
    FAST, DUTY = 1 << 15, 1 << 14
    ENABLED, START, STOP, ACK, POS, RESET = 1, 1 << 8, 1 << 9, 1 << 10, 1 << 11, 1 << 15
    SB, ADDR, BTF, RXNE, TXE, AF = 1, 2, 4, 1 << 6, 1 << 7, 1 << 10

    def __init__(self):
        _Wires.__init__(self)
        self.Reset()

    @property
    def Size(self):
        return 0x400

    def Reset(self):
        self.kept = {}
        self.stop()
        self.clear()

    def clear(self):
        self.flags = self.state = 0
        self.received = []  # what is in the data register and in the shift register
        self.is_last = False  # the byte that came last was not acknowledged
        self.over = 0.0  # when, in microseconds, the last byte is

    def ReadDoubleWord(self, offset):
        if offset == self.SR1:
            full = len(self.received)
            return UInt32(self.flags | (self.RXNE if full else 0) | (self.BTF if full == 2 else 0))
        if offset == self.SR2:
            if self.flags & self.ADDR:
                self.flags &= ~self.ADDR
                if self.state & 4:
                    self.flags |= self.TXE
                else:
                    self.fetch()
            return UInt32(self.state)
        if offset == self.DR:
            value = self.received.pop(0) if self.received else 0
            self.fetch()
            return UInt32(value)
        return UInt32(self.kept.get(offset, 0))

    def WriteDoubleWord(self, offset, value):
        value = int(value)
        if offset == self.CR1:
            self.control(value)
        elif offset == self.SR1:
            self.flags &= value | ~self.AF
        elif offset == self.DR:
            self.send(value & 0xFF)
        elif offset != self.SR2:
            self.kept[offset] = value

    def control(self, value):
        self.kept[self.CR1] = value & ~(self.START | self.STOP)
        if value & self.RESET:
            self.Reset()
        elif not value & self.ENABLED:
            self.kept[self.CR1] &= ~(self.ACK | self.POS)
            self.stop()
            self.clear()
        elif value & self.START:
            self.clear()
            self.flags, self.state = self.SB, 3  # master, busy
            self.over = now()
        elif value & self.STOP:
            self.stop()
            self.flags = self.state = 0

    def wait(self):
        # Until the next byte is over: it begins where the one before it ended, and the core works meanwhile. With its
        # acknowledgement it takes nine bits, each this many periods of the bus clock (sections 18.6.2 and 18.6.8).
        megahertz, rate = self.kept.get(self.CR2, 0) & 0x3F, self.kept.get(self.CCR, 0)
        periods = (rate & 0xFFF) * (2 if not rate & self.FAST else 25 if rate & self.DUTY else 3)
        if not megahertz or not _core.OnPossessedThread:
            return
        self.over += 9.0 * periods / megahertz
        left = self.over - now() - _core.SkipInstructions / float(_core.PerformanceInMips)
        if left > 0:
            _core.SkipTime(TimeInterval.FromMicroseconds(int(left + 0.999)))
        else:
            self.over -= left

    def send(self, byte):
        self.wait()
        if self.flags & self.SB:
            self.flags = self.ADDR if self.start(byte) else self.AF
            self.state = 3 if byte & 1 else 7
        elif self.state & 4:
            self.flags = self.TXE | (self.BTF if self.write(byte) else self.AF)

    def fetch(self):
        # Bytes come until one is not acknowledged, or until nobody takes them.
        while self.device is not None and not self.state & 4 and not self.is_last and len(self.received) < 2:
            self.received.append(self.read())
            self.wait()
            control = self.kept[self.CR1]
            is_not_meant = control & self.POS and len(self.received) == 1
            self.is_last = not (control & self.ACK or is_not_meant)


i2c = {}
for _number, _place in ((1, 0x40005400), (2, 0x40005800), (3, 0x40005C00)):
    i2c[_number] = _I2c()
    _machine.SystemBus.Register(i2c[_number], BusRangeRegistration(_place, 0x400))
    _machine.SetLocalName(i2c[_number], "i2c%d" % _number)
