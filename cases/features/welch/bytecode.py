# Steps of Welch's method: a segment of integers without its mean, times a window; the power of its spectrum
# added to that of the others; and the scale of a density of which one side is kept.


def windowed(samples, at, window, out):
    # The two numbers that rfft needs behind them are left alone.
    n = len(window)
    total = 0
    for i in range(at, at + n):
        total += samples[i]
    mean = total / n
    for i in range(n):
        out[i] = (samples[at + i] - mean) * window[i]


def add_power(spectrum, power):
    i = 0
    for k in range(len(power)):
        re = spectrum[i]
        im = spectrum[i + 1]
        power[k] += re * re + im * im
        i += 2


def scale(power, factor):
    # What is there once, 0 and half of the rate, is not doubled.
    once = factor[0]
    twice = 2.0 * once
    last = len(power) - 1
    power[0] *= once
    for k in range(1, last):
        power[k] *= twice
    power[last] *= once
