# Steps of a monitor of vibration: samples without their mean, the squared envelope, and what of its spectrum
# lies at some frequencies. What there is one of goes into `found`, an array, at the place that is given.


def centred(samples, out, found, at):
    # Without the mean; found: the mean square of that.
    n = len(samples)
    total = 0
    for value in samples:
        total += value
    mean = total / n
    square = 0.0
    for i in range(n):
        value = samples[i] - mean
        out[i] = value
        square += value * value
    found[at] = square / n


def squared_envelope(analytic, window, out, found, at):
    # The square of each complex number's magnitude, without the mean and times the window; found: that mean.
    n = len(window)
    total = 0.0
    for i in range(n):
        re = analytic[2 * i]
        im = analytic[2 * i + 1]
        square = re * re + im * im
        out[i] = square
        total += square
    mean = total / n
    for i in range(n):
        out[i] = (out[i] - mean) * window[i]
    found[at] = mean


def powers(spectrum, bins, found, at):
    # found: of each bin the power there and beside it, over all power from the second bin on.
    total = 0.0
    for i in range(4, len(spectrum)):
        total += spectrum[i] * spectrum[i]
    for number in bins:
        power = 0.0
        for i in range(2 * number - 2, 2 * number + 4):
            power += spectrum[i] * spectrum[i]
        found[at] = power / total
        at += 1
