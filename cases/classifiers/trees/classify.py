# Uses what the fixture guarded brings: zeros, collect, Guarded.
# A collection before each call of hundreds is slow.
EVERY = 16


def predict(model, samples, features):
    # The class of each sample.
    view = memoryview(samples)
    predicted = model.predict
    region = harness_mark.region()
    got = zeros("i", len(samples) // features)
    for i in range(len(got)):
        sample = view[i * features : (i + 1) * features]
        if i % EVERY == 0:
            collect()
        with region:
            number = predicted(sample)
        got[i] = number
    return got


def predict_proba(model, samples, features, classes):
    # Probabilities; each output is guarded.
    view = memoryview(samples)
    predicted = model.predict_proba
    region = harness_mark.region()
    got = zeros("f", len(samples) // features * classes)
    done = memoryview(got)
    for i in range(0, len(samples), features):
        sample = view[i : i + features]
        out = Guarded("f", classes)
        if i % (EVERY * features) == 0:
            collect()
        with region:
            predicted(sample, out.view)
        out.check()
        done[:classes] = out.view
        done = done[classes:]
    return got
