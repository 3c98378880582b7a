# Log-mel spectrum and MFCC of blocks of 16-bit samples, from the steps of a module (bytecode.py, or the
# native one) and a plan of the module fft.

from array import array


class FrontEnd:
    def __init__(self, steps, plan, window, bins, weights, least, table):
        self.steps = steps
        self.plan = plan
        self.filters = bins, weights, least
        self.window = window
        self.table = table
        self.spectrum = array("f", bytes(4 * (len(window) + 2)))

    def run(self, samples, out):
        # The bands' logarithms, and the coefficients behind them.
        bands = len(self.filters[0]) // 2
        logs = memoryview(out)[:bands]
        self.steps.windowed(samples, self.window, self.spectrum)
        self.plan.rfft(self.spectrum)
        self.steps.log_mel(self.spectrum, *self.filters, logs)
        self.steps.dct(logs, self.table, memoryview(out)[bands:])
