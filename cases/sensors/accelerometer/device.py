# The accelerometer on an I2C bus, for Renode (IronPython 2; behind chip.py), and a counter of the instructions of a driver.


class Accelerometer(Registers):
    MASK = 0x3F  # the bit above says "and those behind it"

    def __init__(self):
        Registers.__init__(self)
        self.chip = Chip(now())

    def get(self, number):
        return self.chip.read(number, now())

    def set(self, number, value):
        self.chip.write(number, value, now())

    def read(self):
        number = self.at
        value = Registers.read(self)
        self.at = self.chip.after(number)
        return value

    def stop(self):
        self.chip.stop(now())


class Counter(object):
    # How many instructions there were between each rise of a pin and its fall. It may be told a level twice.
    def __init__(self):
        self.spans = []
        self.begun = None

    def level(self, is_high):
        if is_high and self.begun is None:
            self.begun = executed()
        elif not is_high and self.begun is not None:
            self.spans.append(int(executed() - self.begun))
            self.begun = None


accelerometer, counter = Accelerometer(), Counter()
i2c[1].attach(0x19, accelerometer)
pin("A8").watch(counter.level)
