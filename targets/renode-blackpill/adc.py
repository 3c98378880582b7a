# The chip's converter for analog pins; runs in Renode behind devices.py.
from Antmicro.Renode.Peripherals import IKnownSize
from Antmicro.Renode.Peripherals.Bus import BusRangeRegistration, IDoubleWordPeripheral
from System import UInt32


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
