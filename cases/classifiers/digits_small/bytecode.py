# Each function gets 64 pixels, a model (vectors.py says what is in it) and an output.


def linear(x, model, out):
    at = 2
    for k in range(model[1]):
        total = model[at]
        at += 1
        for value in x:
            total += value * model[at]
            at += 1
        out[k] = total


def nearest(x, model, out):
    least = 0x3FFFFFFF
    at = 2
    for _ in range(model[1]):
        number = model[at]
        at += 1
        total = 0
        for value in x:
            apart = 2 * value - model[at]
            total += apart * apart
            at += 1
        if total < least:
            least = total
            out[0] = number
            out[1] = total


def bayes(x, model, out):
    at = 2
    for k in range(int(model[1])):
        total = model[at]
        at += 1
        for value in x:
            apart = value - model[at + 1]
            total -= model[at] * apart * apart
            at += 2
        out[k] = total


def mlp(x, model, out):
    shift = model[3]
    at = 4
    inner = []
    for _ in range(model[1]):
        total = model[at]
        at += 1
        for value in x:
            total += value * model[at]
            at += 1
        total >>= shift
        inner.append(0 if total < 0 else 127 if total > 127 else total)
    for k in range(model[2]):
        total = model[at]
        at += 1
        for value in inner:
            total += value * model[at]
            at += 1
        out[k] = total
