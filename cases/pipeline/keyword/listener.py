# Listens to a stream: log-mel frames, a network on the last 16 of them at each hop, and votes. From the front end of
# cases/transforms/melspec, the steps of a module (bytecode.py, viper.py or the native one), and votes.py.

from array import array

from votes import Votes


class Listener:
    def __init__(self, front_end, steps, bands, frame, scale, weights, biases, shift, classes):
        self.front_end = front_end
        self.steps = steps
        self.network = weights, biases, shift
        self.scale = scale
        self.frame = frame
        self.logs = array("f", bytes(4 * bands))
        self.window = array("b", bytes(16 * bands))
        self.scores = array("i", bytes(4 * classes))
        self.votes = Votes()

    def hear(self, samples, out):
        # Some whole frames; out: their features, the class of the window that they end, and the word that is
        # told, or 0.
        frame = self.frame
        logs = self.logs
        bands = len(logs)
        view = memoryview(self.window)
        heard = memoryview(samples)
        for at in range(0, len(samples), frame):
            self.front_end.run(heard[at : at + frame], logs)
            view[:-bands] = view[bands:]
            self.steps.quantise(logs, self.scale, view[-bands:])
        new = len(out) - 2
        out[:new] = view[-new:]
        scores = self.scores
        self.steps.classify(self.window, *self.network, scores)
        best = 0
        for number in range(1, len(scores)):
            if scores[number] > scores[best]:
                best = number
        out[new] = best
        out[new + 1] = self.votes.add(best)
