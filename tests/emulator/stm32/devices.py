# Devices for tests, in Renode (IronPython 2): targets/renode-blackpill has the names.


class Thermometer(Registers):
    def get(self, number):
        return 0x5A if number == 0x0F else Registers.get(self, number)


class Fifo(object):
    # Each byte that is read is gone; knows what the bus did.
    def __init__(self):
        self.left = list(range(100))
        self.seen = []

    def start(self, reading):
        self.seen.append("r" if reading else "w")

    def write(self, byte):
        self.seen.append(byte)
        return byte != 0xEE

    def read(self):
        return self.left.pop(0)

    def stop(self):
        self.seen.append(".")


class Inverter(object):
    def __init__(self):
        self.seen = []

    def select(self):
        self.seen = []

    def transfer(self, byte):
        self.seen.append(byte)
        return byte ^ 0xFF


class Clock(object):
    def __init__(self):
        self.times = []

    def write(self, byte):
        self.times.append(now())


thermometer, fifo, inverter, clock = Thermometer([1, 2, 3, 4, 5, 6]), Fifo(), Inverter(), Clock()
wires = soft_i2c("B4", "B5")
for bus in (i2c[1], wires):
    bus.attach(0x48, thermometer)
    bus.attach(0x10, fifo)
i2c[1].attach(0x11, clock)
spi[2].attach("B12", inverter)
changes = []
pin("C13").watch(changes.append)
ramp = iter(range(100, 4096, 100))
adc.attach("A1", 2048)
adc.attach("B0", lambda: next(ramp))
edges = []
pin("B0").watch(lambda is_high: edges.append((int(now()), is_high)))
