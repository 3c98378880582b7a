# The same API and algorithm as network.c, in Python: see there. The buffers may be anything that holds numbers;
# integers do not wrap. Whether it computes with floats is told by the first weight.


def _places(length, window, step):
    return (length - window) // step + 1


class Network:
    def __init__(self, layers, weights, biases):
        count = len(layers) // 10
        self._layers = [tuple(layers[10 * i : 10 * i + 10]) for i in range(count)]
        self._weights = weights
        self._biases = biases
        all_of_them = of_weights = of_biases = 0
        fits = count > 0 and len(layers) == 10 * count and self._layers[-1][0] == 0
        for i, layer in enumerate(self._layers):
            kind, height, width, channels, rows, columns, down, right, outputs, shift = layer
            fits = fits and 0 < min(channels, rows, columns, down, right, outputs)
            fits = fits and rows <= height and columns <= width and 0 <= shift < 32
            fits = fits and (i == 0 or all_of_them == height * width * channels)
            if not fits:
                break
            all_of_them = _places(height, rows, down) * _places(width, columns, right) * outputs
            if kind == 0:
                of_weights += rows * columns * channels * outputs
                of_biases += outputs
            else:
                fits = kind == 1 and outputs == channels
        if not fits or of_weights != len(weights) or of_biases != len(biases):
            raise ValueError("layers, weights, biases, x and out do not fit each other")
        self._outputs = all_of_them
        self._is_float = isinstance(weights[0], float)

    def run(self, x, out):
        _, height, width, channels = self._layers[0][:4]
        if len(x) != height * width * channels or len(out) != self._outputs:
            raise ValueError("layers, weights, biases, x and out do not fit each other")
        first = bias = 0
        last = len(self._layers) - 1
        for i, layer in enumerate(self._layers):
            kind, height, width, channels, rows, columns, down, right, outputs, shift = layer
            to = []
            for y in range(_places(height, rows, down)):
                for place in range(_places(width, columns, right)):
                    corner = (y * down * width + place * right) * channels
                    w = first
                    for k in range(outputs):
                        if kind == 1:
                            to.append(
                                max(
                                    x[corner + (r * width + c) * channels + k]
                                    for r in range(rows)
                                    for c in range(columns)
                                )
                            )
                            continue
                        total = self._biases[bias + k]
                        for r in range(rows):
                            start = corner + r * width * channels
                            for j in range(start, start + columns * channels):
                                total += x[j] * self._weights[w]
                                w += 1
                        if i < last and not self._is_float:
                            total = min(127, max(0, total >> shift))
                        elif i < last:
                            total = total if total > 0 else 0.0
                        to.append(total)
            if kind == 0:
                first += outputs * rows * columns * channels
                bias += outputs
            x = to
        for k, value in enumerate(x):
            out[k] = value


def new(layers, weights, biases):
    return Network(layers, weights, biases)
