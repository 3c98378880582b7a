# The k nearest samples, kept in the order of their distances in `out`, and the class that most of them have.


def classify(x, model, out):
    k = model[2]
    squares = 1 + k
    found = 0
    at = 3
    for _ in range(model[1]):
        number = model[at]
        at += 1
        total = 0
        for value in x:
            apart = value - model[at]
            total += apart * apart
            at += 1
        if found < k:
            place = found
            found += 1
        elif total < out[squares + k - 1]:
            place = k - 1
        else:
            continue
        while place > 0 and out[squares + place - 1] > total:
            out[squares + place] = out[squares + place - 1]
            out[1 + place] = out[place]
            place -= 1
        out[squares + place] = total
        out[1 + place] = number
    most = 0
    for i in range(k):
        number = out[1 + i]
        votes = 0
        for j in range(k):
            if out[1 + j] == number:
                votes += 1
        if votes > most or (votes == most and number < out[0]):
            most = votes
            out[0] = number
