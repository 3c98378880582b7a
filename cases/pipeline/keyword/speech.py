"""Words of two vowels, made up: 16 kHz, int16.

No voice stands behind them. A source of harmonics at 100 to 200 Hz goes through two resonances, which glide from
those of one vowel to those of another: a, i and u with the formants that phonetics gives them (G. E. Peterson and
H. L. Barney, Control Methods Used in a Study of the Vowels, J. Acoust. Soc. Am. 24, 1952, rounded). Pitch, formants,
loudness, speed and noise differ by word. Background is noise, or a vowel that goes nowhere. What this is to show is
what a pipeline takes and that it works, not how well people are understood.
"""

from __future__ import annotations

import numpy as np

from cases.signals import Array, generator

RATE, FRAME, FRAMES = 16000, 256, 16
WINDOW = FRAME * FRAMES
#: A word's length, and from where on the window sees enough of it: samples before or behind the window.
LENGTH, MARGIN = 3072, 768
FORMANTS = {"a": (750.0, 1150.0), "i": (280.0, 2300.0), "u": (310.0, 870.0)}
#: The classes; the first is what is no word.
WORDS = ("", "ai", "ia", "ua")


def windows(key: int, each: int) -> tuple[Array, Array]:
    """Return ``each`` windows of each class, (n, WINDOW), and the classes' numbers, (n,), both mixed."""
    random = generator(130, key)
    numbers = np.repeat(np.arange(len(WORDS)), each)[random.permutation(each * len(WORDS))]
    return np.stack([window(random, WORDS[number]) for number in numbers]), numbers


def window(random: np.random.Generator, word: str) -> Array:
    """Return a window with a word somewhere in it, or with none."""
    x = background(random, WINDOW)
    if word:
        spoken, at = vowels(random, word), int(random.integers(-MARGIN, WINDOW - LENGTH + MARGIN))
        first, last = max(at, 0), min(at + LENGTH, WINDOW)
        x[first:last] += spoken[first - at : last - at]
    elif random.random() < 0.5:
        vowel = str(random.choice(list(FORMANTS)))
        x[: LENGTH + MARGIN] += vowels(random, vowel + vowel, LENGTH + MARGIN)
    return whole(x)


def background(random: np.random.Generator, n: int) -> Array:
    """Return noise."""
    return np.asarray(random.uniform(20, 120) * random.standard_normal(n))


def vowels(random: np.random.Generator, word: str, n: int = LENGTH) -> Array:
    """Return two vowels, one gliding to the other, (n,)."""
    t = np.arange(n) / n
    glide = np.clip((t - random.uniform(0.25, 0.4)) / random.uniform(0.2, 0.4), 0, 1)
    pitch = random.uniform(100, 200) * (1 + random.uniform(-0.1, 0.1) * t)
    angle = 2 * np.pi * np.cumsum(pitch) / RATE
    formants = [
        random.uniform(0.93, 1.07) * ((1 - glide) * first + glide * last)
        for first, last in zip(FORMANTS[word[0]], FORMANTS[word[1]], strict=True)
    ]
    x = np.zeros(n)
    for k in range(1, 30):
        heights = sum(1 / (1 + ((k * pitch - formant) / 100) ** 2) for formant in formants)
        x += (heights + 0.01) * np.sin(k * angle + k * k)
    edge = np.clip(np.minimum(np.arange(n), np.arange(n)[::-1]) / 400, 0, 1)
    return np.asarray(random.uniform(1500, 6000) * edge * x)


def whole(x: Array) -> Array:
    """Return 16-bit samples."""
    return np.clip(np.rint(x), -32768, 32767).astype(np.int16)


def stream(key: int, words: tuple[str, ...], pause: int) -> Array:
    """Return words with ``pause`` samples before and behind each, and noise all along."""
    random = generator(131, key)
    silence = np.zeros(pause)
    parts = [part for word in words for part in (silence, vowels(random, word))]
    x = np.concatenate([*parts, silence])
    return whole(x + background(random, x.size))
