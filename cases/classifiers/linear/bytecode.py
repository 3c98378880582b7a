# Features and weights are integers of 16 bits, a row of weights for each output.


def linear(x, weights, biases, out):
    at = 0
    for k in range(len(out)):
        total = biases[k]
        for value in x:
            total += value * weights[at]
            at += 1
        out[k] = total
