"""Kernels that compute per-user values from exact ranks, as means over all orders of ties."""

from __future__ import annotations

import numpy as np

from harness.artifacts.array_types import Float64Array, Int32Array, Int64Array
from harness.jit import kernel


@kernel
def mean_rank(
    indptr: Int64Array, above: Int32Array, tied: Int32Array, candidates: Int32Array, out: Float64Array
) -> None:
    """Write the mean rank; an item that is not a candidate is behind all of them."""
    for user in range(len(out)):
        total = 0.0
        for place in range(indptr[user], indptr[user + 1]):
            if above[place] < 0:
                total += candidates[user] + 1.0
            else:
                total += above[place] + 0.5 * tied[place] + 1.0
        out[user] = total / (indptr[user + 1] - indptr[user])


@kernel
def mean_percentile(
    indptr: Int64Array, above: Int32Array, tied: Int32Array, candidates: Int32Array, out: Float64Array
) -> None:
    """Write the mean share of other candidates that are ranked above; 1 for an item that is not a candidate."""
    for user in range(len(out)):
        total = 0.0
        others = candidates[user] - 1
        for place in range(indptr[user], indptr[user + 1]):
            if above[place] < 0:
                total += 1.0
            elif others > 0:
                total += (above[place] + 0.5 * tied[place]) / others
        out[user] = total / (indptr[user + 1] - indptr[user])


@kernel
def auc(indptr: Int64Array, above: Int32Array, tied: Int32Array, candidates: Int32Array, out: Float64Array) -> None:
    """Write the share of pairs of a relevant and another candidate that are in order; a tied pair counts half."""
    for user in range(len(out)):
        begin, end = indptr[user], indptr[user + 1]
        ranked = np.sort(above[begin:end])
        missing = np.searchsorted(ranked, 0)  # items that are not candidates, -1, are sorted first
        others = np.int64(candidates[user]) - (end - begin - missing)
        if others == 0:
            out[user] = 0.5 * (end - begin - missing) / (end - begin)
            continue
        total = 0.0
        for place in range(begin, end):
            if above[place] >= 0:
                first = np.searchsorted(ranked, above[place], side="left")
                last = np.searchsorted(ranked, above[place], side="right")
                others_above = above[place] - (first - missing)
                others_tied = tied[place] - (last - first - 1)
                total += 1.0 - (others_above + 0.5 * others_tied) / others
        out[user] = total / (end - begin)
