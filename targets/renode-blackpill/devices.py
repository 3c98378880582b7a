# What devices in Python are made with. Runs in Renode (IronPython 2), once for each machine, and so do the scripts of
# the buses behind it. What a test includes later finds their names: `pin`, `now`, `executed` and `Registers` from here, `i2c`,
# `soft_i2c`, `spi` and `adc` (docs/stm32.md).
#
# A device on I2C may have start(reading), write(byte), which returns False for "not acknowledged", read(), which returns
# a byte, and stop(). One on SPI has transfer(byte), which returns the byte that comes back meanwhile, and may have
# select() and deselect(). Bytes are numbers.
import sys

from Antmicro.Renode.Core import IGPIOReceiver

_machine = self.Machine
_core = _machine["sysbus.cpu"]
_NOTHING = 0xFF  # what is read where no device drives a line: there are resistors to the supply


def now():
    # Microseconds of the guest's time since it began.
    if _core.OnPossessedThread:
        _core.SyncTime()  # in the middle of a step of Renode's time
    return _machine.LocalTimeSource.ElapsedVirtualTime.TotalMicroseconds


def executed():
    # How many instructions the core has executed since it began.
    return _core.ExecutedInstructions


def _moment():
    return _core.PC.RawValue, executed()


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
