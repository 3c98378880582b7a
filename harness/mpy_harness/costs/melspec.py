"""The front end of sound classifiers, ``cases/transforms/melspec``: window, transform, logarithms, their DCT."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mpy_harness.costs.dsp import numbers_of, transform_terms
from mpy_harness.costs.stage import Stage, array_bytes, heap_bytes
from mpy_harness.errors import ModelInvalid

NAME = "melspec"
_DEFAULTS = {"n": 256, "bands": 20, "coefficients": 13}
_RATE = 16000
_MOST = 1 << 15
_NOTHING = 1e-9  # of a triangle: what rounding leaves at its corners
#: Bytes of the object of front_end.py: the instance, its dictionary of six attributes, a tuple of three.
_FRONT_END = (16, 48, 20)


def filters(n: int, bands: int, rate: float) -> NDArray[np.float64]:
    """Return triangles that are equally wide in mel, from 0 to half of the rate, of shape (bands, n / 2 + 1)."""
    top = 2595 * np.log10(1 + rate / 2 / 700)
    corners = 700 * (10 ** (np.linspace(0, top, bands + 2) / 2595) - 1)
    frequencies = np.fft.rfftfreq(n, 1 / rate)
    low, middle, high = (corners[at : at + bands, None] for at in range(3))
    rising, falling = (frequencies - low) / (middle - low), (high - frequencies) / (high - middle)
    found = np.minimum(rising, falling)
    return np.asarray(np.where(found > _NOTHING, found, 0))


def melspec_stage(text: str) -> Stage:
    """Return what a frame of ``n`` new samples takes, from a text such as ``melspec:n=256,bands=20``.

    Raises ModelInvalid. The rate says which bins of the transform are in which band; it is 16 kHz unless it is said.
    """
    given = numbers_of(text.partition(":")[2], text, {*_DEFAULTS, "rate"})
    rate = given.pop("rate", None)
    sizes = {**_DEFAULTS, **given}
    n, bands, coefficients = sizes.values()
    if not 8 <= n <= _MOST or n.bit_count() != 1:
        raise ModelInvalid(f"{text}: n has to be a power of two, from 8 to {_MOST}.")
    if bands > n // 2 or coefficients > bands:
        raise ModelInvalid(f"{text}: there can be up to n / 2 bands, and as many coefficients as bands.")
    bins = np.count_nonzero(filters(n, bands, rate or _RATE), axis=1)
    if not bins.all():
        raise ModelInvalid(
            f"{text}: {np.count_nonzero(bins == 0)} of {bands} bands lie between two bins of the transform; "
            "take fewer bands, or a greater n."
        )
    used = int(bins.sum())
    terms = {
        **transform_terms(n // 2), "bin": used, "band": bands, "coefficient": coefficients,
        "product": coefficients * bands,
    }  # fmt: skip
    tables = (4 * n, 2 * 2 * bands, 4 * used, 4, 4 * bands * coefficients)
    plan, spectrum = 8 + 4 * n, 4 * (n + 2)
    return Stage(
        kind=NAME, module=NAME, others=("fft", "front_end"), text=text, terms=terms, sizes=sizes,
        heap=heap_bytes(plan, *_FRONT_END) + sum(map(array_bytes, (*tables, spectrum))), data=sum(tables),
        samples=n, rate=rate,
    )  # fmt: skip
