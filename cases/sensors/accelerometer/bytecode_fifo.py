# Lets the sensor collect samples, and reads them at once.

import time

ADDRESS = 0x19
FIFO_SRC, OUT = 0x2F, 0xA8


class Driver:
    def __init__(self, bus):
        self.bus = bus
        self.source = bytearray(1)
        self.block = bytearray(6 * 32)
        self.lost = False
        bus.writeto_mem(ADDRESS, 0x20, b"\x77")  # 400 Hz, all axes
        bus.writeto_mem(ADDRESS, 0x24, b"\x40")  # the FIFO is on
        bus.writeto_mem(ADDRESS, 0x2E, b"\x80")  # it keeps the newest 32

    def take(self, out):
        bus = self.bus
        source = self.source
        samples = len(out) // 3
        while True:
            bus.readfrom_mem_into(ADDRESS, FIFO_SRC, source)
            if (source[0] & 0x1F) >= samples:
                break
            time.sleep_ms(1)
        if source[0] & 0x40:
            self.lost = True
        block = memoryview(self.block)[: 6 * samples]
        bus.readfrom_mem_into(ADDRESS, OUT, block)
        for i in range(len(out)):
            value = block[2 * i] | block[2 * i + 1] << 8
            out[i] = value if value < 0x8000 else value - 0x10000
