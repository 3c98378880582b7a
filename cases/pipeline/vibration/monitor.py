# A monitor of vibration: how far a window of samples is from what a healthy machine gives. From the steps of a
# module (bytecode.py, or the native one) and two plans of the module fft.

from array import array
from math import log


class Monitor:
    def __init__(self, steps, plan, band_plan, length, low, window, bins, model):
        # length: samples at a time; low: the first bin of the band whose envelope is looked at, which has as
        # many as the window; model: the mean of each feature, then what its distance is multiplied by.
        n = len(window)
        self.steps = steps
        self.plan = plan
        self.band_plan = band_plan
        self.window = window
        self.bins = bins
        self.model = model
        self.low = low
        self.room = array("f", bytes(4 * (length + 2)))
        self.envelope = array("f", bytes(4 * (n + 2)))
        self.found = array("f", bytes(4 * (2 + len(bins))))

    def envelope_spectrum(self, samples, out):
        # The spectrum of the squared envelope of the band: its bins alone, as a spectrum of their own, are the
        # analytic signal, shifted to frequency 0 and with as many samples as it has bins.
        n = len(self.window)
        room = self.room
        self.steps.centred(samples, memoryview(room)[:-2], self.found, 0)
        self.plan.rfft(room)
        analytic = memoryview(room)[2 * self.low : 2 * (self.low + n)]
        self.band_plan.ifft(analytic)
        self.steps.squared_envelope(analytic, self.window, out, self.found, 1)
        self.band_plan.rfft(out)

    def run(self, samples, out):
        # The features, and behind them the sum of the squares of their distances.
        found = self.found
        self.envelope_spectrum(samples, self.envelope)
        self.steps.powers(self.envelope, self.bins, found, 2)
        model = self.model
        n = len(found)
        score = 0.0
        for i in range(n):
            out[i] = value = log(found[i])
            distance = (value - model[i]) * model[n + i]
            score += distance * distance
        out[n] = score
