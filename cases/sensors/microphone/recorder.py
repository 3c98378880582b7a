# Records from a microphone with a FIFO at an address (microphone.py) and filters what it hears, block by block.
#
# Runs on the target; needs the native modules arrayutils and iir.

import array
import time

import arrayutils
import iir
from machine import mem32

BLOCK = 64
LOST, READY = 0x8000_0000, 0x7FFF_FFFF  # of STATUS


class Recorder:
    def __init__(self, address, sos):
        self.control, self.status, self.data = address, address + 4, address + 8
        self.filter = iir.new(sos)
        self.pcm = array.array("h", bytes(2 * BLOCK))
        self.lost = False

    def take(self):
        # Waits until a block is full, and looks at the FIFO at times when several samples are there.
        at = 0
        while at < BLOCK:
            status = mem32[self.status]
            if status & LOST:
                self.lost = True
            ready = status & READY
            if not ready:
                time.sleep_ms(1)
            for _ in range(min(ready, BLOCK - at)):
                sample = mem32[self.data] & 0xFFFF
                self.pcm[at] = sample if sample < 0x8000 else sample - 0x1_0000
                at += 1

    def record(self, blocks, pause=None):
        # The filtered samples; `pause` is called after each block.
        heard = array.array("f", bytes(4 * BLOCK * blocks))
        view = memoryview(heard)
        self.lost = False
        mem32[self.control] = 1
        for number in range(blocks):
            self.take()
            block = view[number * BLOCK : (number + 1) * BLOCK]
            arrayutils.int16_to_float(self.pcm, block)
            self.filter.run(block)
            if pause:
                pause()
        mem32[self.control] = 0
        return heard
