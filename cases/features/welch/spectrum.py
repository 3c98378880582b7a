# Welch's estimate of a power spectrum, from the steps of a module (bytecode.py, or the native one) and a plan
# of the module fft.

from array import array


class Welch:
    def __init__(self, steps, plan, window, factor, hop):
        self.steps = steps
        self.plan = plan
        self.window = window
        self.factor = factor
        self.hop = hop
        self.spectrum = array("f", bytes(4 * (len(window) + 2)))

    def run(self, samples, power):
        # The mean of all segments that are whole, in units squared per hertz; factor says which.
        steps = self.steps
        spectrum = self.spectrum
        for k in range(len(power)):
            power[k] = 0.0
        for at in range(0, len(samples) - len(self.window) + 1, self.hop):
            steps.windowed(samples, at, self.window, spectrum)
            self.plan.rfft(spectrum)
            steps.add_power(spectrum, power)
        steps.scale(power, self.factor)
