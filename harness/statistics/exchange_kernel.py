"""Numba kernel of the randomised Tukey HSD: exchange the values of runs within users."""

from __future__ import annotations

import numpy as np

from harness.artifacts.array_types import Float64Array, UInt64Array
from harness.jit import called, kernel


@called
def _mix(value: np.uint64) -> np.uint64:
    """Return a hash of 64 bits (the finaliser of splitmix64)."""
    value = value + np.uint64(0x9E3779B97F4A7C15)
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))


@kernel
def exchange(values: Float64Array, keys: UInt64Array, seed: np.uint64, out: Float64Array) -> None:
    """Write the range of the sums of all runs for each exchange.

    The exchange of a user depends on the seed, the user's key and the number of the exchange only.

    Parameters
    ----------
    values
        float64 ``(users, runs)``.
    keys
        uint64 ``(users,)``: a hash of each external id.
    seed
        Seed of all exchanges.
    out
        float64 ``(exchanges,)``: output.
    """
    runs = values.shape[1]
    places = np.empty(runs, dtype=np.int64)
    sums = np.empty(runs, dtype=np.float64)
    for number in range(len(out)):
        sums[:] = 0.0
        start = _mix(np.uint64(seed) ^ _mix(np.uint64(number)))
        for user in range(values.shape[0]):
            state = _mix(keys[user] ^ start)
            for run in range(runs):
                places[run] = run
            for run in range(runs - 1, -1, -1):  # Fisher and Yates
                other = np.int64((state >> np.uint64(32)) * np.uint64(run + 1) >> np.uint64(32))
                state = _mix(state)
                chosen = places[other]
                places[other] = places[run]
                sums[run] += values[user, chosen]
        out[number] = sums.max() - sums.min()
