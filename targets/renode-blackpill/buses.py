# Buses and pins for devices in Python. Runs in Renode (IronPython 2), once for each machine; what a test includes later
# finds these names: `i2c`, `spi`, `soft_i2c`, `adc`, `pin`, `now`, and `Registers` for devices with registers (docs/stm32.md).
#
# A device on I2C may have start(reading), write(byte), which returns False for "not acknowledged", read(), which returns
# a byte, and stop(). One on SPI has transfer(byte), which returns the byte that comes back meanwhile, and may have
# select() and deselect(). Bytes are numbers. Transfers take none of the guest's time.
import sys

from Antmicro.Renode.Core import IGPIOReceiver
from Antmicro.Renode.Core.Structure import NullRegistrationPoint
from Antmicro.Renode.Peripherals import IKnownSize
from Antmicro.Renode.Peripherals.Bus import BusRangeRegistration, IDoubleWordPeripheral
from Antmicro.Renode.Peripherals.SPI import ISPIPeripheral
from System import Byte, UInt32

_machine = self.Machine
_core = _machine["sysbus.cpu"]
_NOTHING = 0xFF  # what is read where no device drives a line: there are resistors to the supply


def now():
    # Microseconds of the guest's time since it began.
    if _core.OnPossessedThread:
        _core.SyncTime()  # in the middle of a step of Renode's time
    return _machine.LocalTimeSource.ElapsedVirtualTime.TotalMicroseconds


def _moment():
    return _core.PC.RawValue, _core.ExecutedInstructions


def _call(device, name, *arguments):
    method = getattr(device, name, None)
    if method is None:
        return None
    try:
        return method(*arguments)
    except Exception as error:  # it ends Renode, and so the test
        trace = sys.exc_info()[2]
        while trace.tb_next is not None:
            trace = trace.tb_next
        where = "%s() of the device %s failed in line %d" % (name, type(device).__name__, trace.tb_lineno)
        raise RuntimeError("%s: %s: %s" % (where, type(error).__name__, error))


class _Watcher(IGPIOReceiver):
    def __init__(self, call):
        self.call = call

    def OnGPIO(self, number, value):
        self.call(value)

    def Reset(self):
        pass


class pin(object):
    # A pin of the chip: pin("B12").
    def __init__(self, name):
        self.port, self.number = _machine["sysbus.gpioPort" + name[0]], int(name[1:])
        self.line = self.port.Connections[self.number]

    def is_high(self):
        return self.line.IsSet

    def set(self, is_high):
        # Drives it from outside.
        self.port.OnGPIO(self.number, bool(is_high))

    def watch(self, call):
        # `call` gets True or False at each change, whoever made it.
        self.line.Connect(_Watcher(call), 0)


class Registers(object):
    # An I2C device with up to 256 registers of a byte, as most sensors are: what is written first is a register's
    # number, and each byte moves on to the next one. `MASK` are the bits of that number, `get` and `set` may be replaced.
    MASK = 0xFF

    def __init__(self, content=()):
        self.content = bytearray(256)
        self.content[: len(content)] = bytearray(content)
        self.at = 0
        self.is_first = False

    def start(self, reading):
        self.is_first = not reading

    def write(self, byte):
        if self.is_first:
            self.at, self.is_first = byte & self.MASK, False
            return
        self.set(self.at, byte)
        self.at = (self.at + 1) & self.MASK

    def read(self):
        value = self.get(self.at)
        self.at = (self.at + 1) & self.MASK
        return value

    def get(self, number):
        return self.content[number]

    def set(self, number, value):
        self.content[number] = value


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
    CR1, DR, SR1, SR2 = 0x00, 0x10, 0x14, 0x18
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
        elif value & self.STOP:
            self.stop()
            self.flags = self.state = 0

    def send(self, byte):
        if self.flags & self.SB:
            self.flags = self.ADDR if self.start(byte) else self.AF
            self.state = 3 if byte & 1 else 7
        elif self.state & 4:
            self.flags = self.TXE | (self.BTF if self.write(byte) else self.AF)

    def fetch(self):
        # Bytes come until one is not acknowledged, or until nobody takes them.
        while self.device is not None and not self.state & 4 and not self.is_last and len(self.received) < 2:
            self.received.append(self.read())
            control = self.kept[self.CR1]
            is_not_meant = control & self.POS and len(self.received) == 1
            self.is_last = not (control & self.ACK or is_not_meant)


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


class _Spi(ISPIPeripheral):
    # What is behind a SPI of the chip: the devices whose select line is low.
    def __init__(self):
        self.devices = {}  # by the pin with the select line
        self.lines = {}

    def attach(self, select, device):
        # `select` is the name of that pin, "B12".
        self.devices[select] = device
        if select not in self.lines:
            line = self.lines[select] = pin(select)
            line.watch(lambda is_high: self.selected(select, is_high))

    def detach(self, select):
        self.devices.pop(select, None)

    def selected(self, select, is_high):
        if select in self.devices:
            _call(self.devices[select], "deselect" if is_high else "select")

    def Transmit(self, byte):
        answer = _NOTHING
        for select, device in self.devices.items():
            if not self.lines[select].is_high():
                answer &= _call(device, "transfer", int(byte))
        return Byte(answer)

    def FinishTransmission(self):
        pass

    def Reset(self):
        pass


class _Adc(IDoubleWordPeripheral, IKnownSize):
    # One conversion after the other, as soon as it is asked for (ST RM0383, section 11.12). What a pin has is a number
    # from 0 to 4095, or a function without arguments that returns one.
    SR, CR2, SQR3, DR = 0x00, 0x08, 0x34, 0x4C
    DONE, BEGIN = 1 << 1, 1 << 30

    def __init__(self):
        self.levels = {}
        self.Reset()

    @property
    def Size(self):
        return 0x400

    def Reset(self):
        self.kept = {}

    def attach(self, name, level):
        self.levels[int(name[1:]) + (8 if name[0] == "B" else 0)] = level

    def ReadDoubleWord(self, offset):
        if offset == self.DR:
            self.kept[self.SR] = 0
        return UInt32(self.kept.get(offset, 0))

    def WriteDoubleWord(self, offset, value):
        value = int(value)
        if offset == self.CR2 and value & self.BEGIN:
            value &= ~self.BEGIN
            self.kept[self.DR] = self.level(self.kept.get(self.SQR3, 0) & 31)
            self.kept[self.SR] = self.DONE
        elif offset == self.SR:
            value &= self.kept.get(self.SR, 0)
        self.kept[offset] = value

    def level(self, channel):
        level = self.levels.get(channel, 0)
        value = level() if callable(level) else level
        return max(0, min(4095, int(value)))


# adc.attach("A1", 2048)
adc = _Adc()
_machine.SystemBus.Register(adc, BusRangeRegistration(0x40012000, 0x400))
_machine.SetLocalName(adc, "adc")

i2c = {}
for _number, _place in ((1, 0x40005400), (2, 0x40005800), (3, 0x40005C00)):
    i2c[_number] = _I2c()
    _machine.SystemBus.Register(i2c[_number], BusRangeRegistration(_place, 0x400))
    _machine.SetLocalName(i2c[_number], "i2c%d" % _number)

# SPI 1 has the flash chip.
spi = {}
for _number in (2, 3):
    spi[_number] = _Spi()
    _machine["sysbus.spi%d" % _number].Register(spi[_number], NullRegistrationPoint.Instance)
    _machine.SetLocalName(spi[_number], "devices%d" % _number)
