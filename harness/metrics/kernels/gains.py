"""Kernels that sum gains over relevant items, each with its place in a list."""

from __future__ import annotations

import numpy as np

from harness.artifacts.array_types import Float64Array, Int32Array, Int64Array
from harness.jit import kernel


@kernel
def gain_of_places(
    indptr: Int64Array, places: Int32Array, gains: Float64Array, weights: Float64Array, out: Float64Array
) -> None:
    """Write the sum over relevant items of gain times the weight of the rank; float64 ``weights``, one per rank."""
    for user in range(len(out)):
        total = 0.0
        for entry in range(indptr[user], indptr[user + 1]):
            if 0 <= places[entry] < len(weights):
                total += gains[entry] * weights[places[entry]]
        out[user] = total


@kernel
def ideal_gain(
    indptr: Int64Array, places: Int32Array, gains: Float64Array, weights: Float64Array, out: Float64Array
) -> None:
    """Write the largest sum of gain times weight that a list could have; repeated items (place -2) do not count."""
    for user in range(len(out)):
        begin, end = indptr[user], indptr[user + 1]
        kept = np.empty(end - begin, dtype=np.float64)
        count = 0
        for entry in range(begin, end):
            if places[entry] != -2:
                kept[count] = gains[entry]
                count += 1
        ordered = np.sort(kept[:count])
        total = 0.0
        for rank in range(min(count, len(weights))):
            total += ordered[count - 1 - rank] * weights[rank]
        out[user] = total
