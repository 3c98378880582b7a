"""Name single addresses of native code by the bytes around them, where that is all that is known of a guest.

After a fault, the guest is gone; in a loop, it does not answer. What is left is few bytes of code for each address, too
little for ``locate.ModulePlacements``, which is sure of a module. Here several modules may be meant, and all are named.
"""

from __future__ import annotations

from collections.abc import Sequence

from mpy_harness.counting.locate import Block, CodeImage

_ALIGNMENT = 4  # of a text in memory
_LEAST_BYTES = 16  # fewer say nothing


class CodeGlimpses:
    """Blocks of a guest's memory, and the native modules whose code they may be."""

    def __init__(self, blocks: Sequence[Block], images: Sequence[CodeImage]) -> None:
        self._blocks = blocks
        self._images = _distinct(images)

    def describe(self, address: int) -> str | None:
        """Return in words where in which native module an address is, None where in none that is known.

        Of several places with the same code, those count that explain the most of what is there of the blocks.
        """
        found: dict[str, int] = {}
        for first, code in self._blocks:
            if first <= address < first + len(code):
                for image, start in self._places(first, code):
                    if 0 <= address - start < len(image.text):
                        words = image.describe(address - start)
                        found[words] = max(found.get(words, 0), self._explained(image, start))
        most = max(found.values(), default=0)
        return " or ".join(words for words, explained in found.items() if explained == most) or None

    def _places(self, first: int, code: bytes) -> list[tuple[CodeImage, int]]:
        """Return the images that a block may be from, each with the address at which it would begin."""
        last = (first + len(code)) // _ALIGNMENT * _ALIGNMENT
        return [
            (image, start)
            for image in self._images
            for start in range(last, first - len(image.text), -_ALIGNMENT)
            if _agreeing(image, start, first, code)
        ]

    def _explained(self, image: CodeImage, start: int) -> int:
        return sum(_agreeing(image, start, first, code) for first, code in self._blocks)


def _agreeing(image: CodeImage, start: int, first: int, code: bytes) -> int:
    """Return how many bytes of a block are of an image that begins at ``start``: all that are in it, or none."""
    begin, end = max(start, first), min(start + len(image.text), first + len(code))
    if end - begin < _LEAST_BYTES:
        return 0
    return end - begin if image.holds(code[begin - first : end - first], begin - start) else 0


def _distinct(images: Sequence[CodeImage]) -> list[CodeImage]:
    """Return the images without those of the same code: of a file and its build, the build says more."""
    kept: dict[bytes, CodeImage] = {}
    for image in images:
        if image.functions or image.text not in kept:
            kept[image.text] = image
    return list(kept.values())
