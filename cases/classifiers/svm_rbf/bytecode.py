# The intercept, and for each support vector its coefficient times exp(-gamma * the square of the distance).

from math import exp


def decide(x, model, out):
    gamma = model[2]
    total = model[3]
    at = 4
    for _ in range(int(model[1])):
        coefficient = model[at]
        at += 1
        square = 0.0
        for value in x:
            apart = value - model[at]
            square += apart * apart
            at += 1
        total += coefficient * exp(-gamma * square)
    out[0] = total
