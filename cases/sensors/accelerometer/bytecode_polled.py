# Reads each sample when the status says that there is one.

import time

ADDRESS = 0x19
STATUS, OUT = 0x27, 0xA8


class Driver:
    def __init__(self, bus):
        self.bus = bus
        self.status = bytearray(1)
        self.block = bytearray(6)
        self.lost = False
        bus.writeto_mem(ADDRESS, 0x20, b"\x77")  # 400 Hz, all axes
        bus.writeto_mem(ADDRESS, 0x2E, b"\x00")  # no FIFO

    def take(self, out):
        bus = self.bus
        status = self.status
        block = self.block
        for at in range(0, len(out), 3):
            while True:
                bus.readfrom_mem_into(ADDRESS, STATUS, status)
                if status[0] & 0x08:
                    break
                time.sleep_ms(1)
            if status[0] & 0x80:
                self.lost = True
            bus.readfrom_mem_into(ADDRESS, OUT, block)
            for i in range(3):
                value = block[2 * i] | block[2 * i + 1] << 8
                out[at + i] = value if value < 0x8000 else value - 0x10000
