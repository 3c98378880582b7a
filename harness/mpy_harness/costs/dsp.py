"""Stages of signal processing by the project's own native modules, from a text such as ``fir:taps=64,rate=16000``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from mpy_harness.costs.stage import Stage, heap_bytes
from mpy_harness.errors import ModelInvalid

_RATE = "rate"
_MOST = 10**9  # of any number: more is a slip of the pen
_LONGEST = 1 << 20  # transform that fft.c takes

Sizes = Mapping[str, int]


@dataclass(frozen=True)
class _Kind:
    """``defaults`` are the sizes with their defaults, None where one has to be given.

    ``heap``: bytes of the object, and how many more for each of which size. ``samples``: the size that a run takes.
    """

    module: str
    defaults: Mapping[str, int | None]
    terms: Callable[[Sizes], dict[str, float]]
    heap: tuple[int, int, str] | None
    samples: str


def _fir(sizes: Sizes) -> dict[str, float]:
    taps, block = sizes["taps"], sizes["block"]
    # The newest sample comes to the ring's first place once in as many samples as there are taps.
    return {"run": 1, "sample": block, "tap": block * taps, "round": block / taps}


def _iir(sizes: Sizes) -> dict[str, float]:
    sections, block = sizes["sections"], sizes["block"]
    return {"run": 1, "section": sections, "section_sample": sections * block}


def _fft(sizes: Sizes) -> dict[str, float]:
    return transform_terms(sizes["n"])


def _rfft(sizes: Sizes) -> dict[str, float]:
    return transform_terms(sizes["n"] // 2)  # as complex numbers, then a step for each of them


def transform_terms(points: int) -> dict[str, float]:
    """Return how often fft.c does what for so many complex numbers."""
    # Radix 2: steps of n/2 butterflies each, and pairs of numbers that change places, whose index is another number
    # when its bits are reversed.
    steps = points.bit_length() - 1
    swaps = (points - 2 ** ((steps + 1) // 2)) / 2
    return {"run": 1, "step": steps, "point": points, "butterfly": points / 2 * steps, "swap": swaps}


def _convert(sizes: Sizes) -> dict[str, float]:
    return {"run": 1, "sample": sizes["n"]}


_BLOCK = {"block": 256}
#: Bytes are those of filter_obj_t in fir.c and iir.c, iir_section_t, plan_obj_t in fft.c on a core of 32 bits.
_KINDS = {
    "fir": _Kind("fir", {"taps": None, **_BLOCK}, _fir, (16, 2 * 4, "taps"), "block"),
    "fir_q15": _Kind("fir", {"taps": None, **_BLOCK}, _fir, (16, 2 * 2, "taps"), "block"),
    "iir": _Kind("iir", {"sections": None, **_BLOCK}, _iir, (8, 28, "sections"), "block"),
    "fft": _Kind("fft", {"n": None}, _fft, (8, 4, "n"), "n"),
    "rfft": _Kind("fft", {"n": None}, _rfft, (8, 4, "n"), "n"),
    "int16_to_float": _Kind("arrayutils", {"n": None}, _convert, None, "n"),
}
#: The names of the stages that there are.
DSP = tuple(_KINDS)


def dsp_stage(text: str) -> Stage:
    """Return the stage that a text describes: a name of ``DSP``, ":", and NAME=NUMBER with commas in between.

    A filter works on blocks of ``block`` samples; a transform on ``n`` new ones, without overlap. Raises ModelInvalid.
    """
    name, _, words = text.partition(":")
    if name not in _KINDS:
        raise ModelInvalid(f"there is no stage {name!r}. There are {', '.join(DSP)}.")
    kind = _KINDS[name]
    given = numbers_of(words, text, {*kind.defaults, _RATE})
    rate = given.pop(_RATE, None)
    chosen = {**kind.defaults, **given}
    sizes = {key: value for key, value in chosen.items() if value is not None}
    if missing := [key for key in chosen if key not in sizes]:
        raise ModelInvalid(f"{text}: {missing[0]} is not said. Write {name}:{missing[0]}=NUMBER.")
    if kind.module == "fft" and not (4 <= sizes["n"] <= _LONGEST and sizes["n"].bit_count() == 1):
        raise ModelInvalid(f"{text}: n has to be a power of two, from 4 to {_LONGEST}.")
    samples = sizes[kind.samples]
    return Stage(
        kind=name, module=kind.module, text=text, terms=kind.terms(sizes), sizes=sizes, heap=_heap(kind, sizes),
        samples=samples, gives=1 if kind.module == "fft" else samples, rate=rate,
    )  # fmt: skip


def _heap(kind: _Kind, sizes: Sizes) -> int:
    if kind.heap is None:
        return 0
    fixed, more, size = kind.heap
    return heap_bytes(fixed + more * sizes[size])


def numbers_of(words: str, text: str, known: set[str]) -> dict[str, int]:
    """Return the numbers of NAME=NUMBER with commas in between; ``text`` is for messages. Raises ModelInvalid."""
    numbers: dict[str, int] = {}
    for word in filter(None, words.split(",")):
        key, _, number = word.partition("=")
        if key not in known or key in numbers:
            why = "is there twice" if key in numbers else f"is unknown, there are {', '.join(sorted(known))}"
            raise ModelInvalid(f"{text}: {key!r} {why}.")
        if not (number.isascii() and number.isdigit() and len(number) <= 10 and 0 < int(number) <= _MOST):
            raise ModelInvalid(f"{text}: {key} has to be a whole number from 1 to {_MOST:,}, not {number!r}.")
        numbers[key] = int(number)
    return numbers
