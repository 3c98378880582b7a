# What is behind the chip's SPI; runs in Renode behind devices.py.
from Antmicro.Renode.Core.Structure import NullRegistrationPoint
from Antmicro.Renode.Peripherals.SPI import ISPIPeripheral
from System import Byte


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


# SPI 1 has the flash chip.
spi = {}
for _number in (2, 3):
    spi[_number] = _Spi()
    _machine["sysbus.spi%d" % _number].Register(spi[_number], NullRegistrationPoint.Instance)
    _machine.SetLocalName(spi[_number], "devices%d" % _number)
