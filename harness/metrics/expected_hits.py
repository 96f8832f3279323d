"""The expected number of hits where scores tie, shared by the metrics that count hits."""

from __future__ import annotations

import numpy as np

from harness.artifacts.array_types import Float64Array, Int32Array, Int64Array
from harness.metrics.metric_inputs import Ranks


def write_expected_hits(ranks: Ranks, k: int | Int32Array, out: Float64Array) -> None:
    """Write the mean number of hits among the first k ranks over all orders of ties, float64 ``(users,)``."""
    from harness.metrics.kernels import tie_expectations

    cutoffs = np.broadcast_to(np.asarray(k, dtype=np.int64), out.shape).copy()
    tie_expectations.expected_hits(ranks.indptr, ranks.above, ranks.tied, cutoffs, out)


def capped(sizes: Int32Array, most: int) -> Int64Array:
    """Return ``min(sizes, most)`` as int64, since a cutoff may be beyond int32."""
    return np.minimum(sizes.astype(np.int64), most)
