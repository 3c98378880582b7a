"""The front ends for sound whose costs are measured, of many sizes: steps of cases/transforms/melspec."""

from __future__ import annotations

from collections.abc import Container, Iterator

import numpy as np
from scipy.fft import dct

from docs.costed_models import RUNS, SEED, Case, is_held_out
from mpy_harness.costs.melspec import filters, melspec_stage

SIZES = (
    (32, 4, 4), (64, 8, 4), (64, 12, 8), (128, 10, 5), (128, 16, 12), (256, 20, 13), (256, 12, 12), (256, 32, 8),
    (512, 20, 20), (512, 40, 13), (512, 26, 10), (1024, 40, 20), (1024, 64, 13), (128, 4, 2), (64, 5, 5), (256, 8, 3),
    (512, 13, 4), (1024, 20, 13), (32, 6, 3), (256, 24, 20), (2048, 40, 13), (128, 13, 8), (512, 32, 26), (64, 10, 10),
)  # fmt: skip
_RATE, _LEAST = 16000, 100.0

_SETUP = """
def new_front_end(n, window, bins, weights, least, table):
    from array import array
    window, weights, least, table = [array("f", each) for each in (window, weights, least, table)]
    return front_end.FrontEnd(melspec, fft.new(n), window, array("h", bins), weights, least, table)
"""


def front_end_cases(names: Container[str] | None = None) -> Iterator[Case]:
    """Return the front ends of these names, or all."""
    for number, (n, bands, coefficients) in enumerate(SIZES):
        name = f"melspec:n={n},bands={bands},coefficients={coefficients}"
        if names is None or name in names:
            yield _case(name, number, n, bands, coefficients)


def _case(name: str, number: int, n: int, bands: int, coefficients: int) -> Case:
    random = np.random.default_rng(SEED + number)
    triangles = filters(n, bands, _RATE)
    used = [np.flatnonzero(triangle) for triangle in triangles]
    bins = np.array([(each[0], each.size) for each in used], np.int16).ravel()
    weights = np.concatenate([triangle[each] for triangle, each in zip(triangles, used, strict=True)])
    floats = (
        0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n) / n), weights, np.array([_LEAST]),
        dct(np.eye(bands), norm="ortho", axis=0)[:coefficients].ravel(),
    )  # fmt: skip
    window, of_bands, least, table = (each.astype(np.float32).tobytes() for each in floats)
    arrays = {"window": window, "bins": bins.tobytes(), "weights": of_bands, "least": least, "table": table}
    stage = melspec_stage(name)
    assert sum(map(len, arrays.values())) == stage.data
    t = np.arange(n * max(1, min(RUNS, 8192 // n))) / _RATE
    level = 10 ** random.uniform(2, 4)
    tones = sum(np.sin(2 * np.pi * random.uniform(80, 400) * k * t) / k for k in range(1, 12))
    samples = np.rint(level * (tones + 0.1 * random.standard_normal(t.size))).clip(-32768, 32767).astype(np.int16)
    file = "".join(f"{what} = {data!r}\n" for what, data in arrays.items()).encode()
    return Case(
        name, is_held_out(number), stage, "run", (n, *arrays.values()), list(samples.reshape(-1, n)),
        np.zeros(bands + coefficients, np.float32), file=file, create="new_front_end", setup=_SETUP,
        enough=0,  # it allocates views of its output, which takes longer the more garbage there is
    )  # fmt: skip
