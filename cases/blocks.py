"""Ways to split a signal into blocks."""

from __future__ import annotations

import numpy as np

SPLITS = ("one", "many", "random")


def block_sizes(kind: str, total: int) -> list[int]:
    """Split a signal: ``one`` block, ``many`` of 64 samples, or blocks of ``random`` sizes, some empty."""
    if kind == "one":
        return [total]
    if kind == "many":
        return [64] * (total // 64) + [total % 64]
    cuts = np.sort(np.random.default_rng(total).integers(0, total + 1, 40))
    sizes = [int(n) for n in np.diff(np.r_[0, cuts, total])]
    # Blocks of one sample and of none are where state is lost first.
    biggest = sizes.index(max(sizes))
    sizes[biggest : biggest + 1] = [1, 0, 1, sizes[biggest] - 2]
    return sizes
