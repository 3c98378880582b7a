# Steps of a front end for sound. A filter bank is three arrays: of each band the first bin and how many there
# are, and the weights of all bands one after the other.

from math import log


def windowed(samples, window, out):
    # int16 to float, times the window; the two numbers that rfft needs behind them are left alone.
    for i in range(len(window)):
        out[i] = samples[i] * window[i]


def log_mel(spectrum, bins, weights, least, out):
    # The logarithm of each band's power, not less than `least`. The spectrum is real and imaginary parts.
    floor = least[0]
    at = 0
    for band in range(len(out)):
        i = 2 * bins[2 * band]
        total = 0.0
        for _ in range(bins[2 * band + 1]):
            re = spectrum[i]
            im = spectrum[i + 1]
            total += weights[at] * (re * re + im * im)
            at += 1
            i += 2
        out[band] = log(total if total > floor else floor)


def dct(src, table, out):
    # A row of the table for each coefficient.
    at = 0
    for k in range(len(out)):
        total = 0.0
        for value in src:
            total += value * table[at]
            at += 1
        out[k] = total
