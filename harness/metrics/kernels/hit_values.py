"""Kernels that compute per-user values from hits, with one pass per metric."""

from __future__ import annotations

from typing import Any

import numpy as np

from harness.artifacts.array_types import Float64Array, Int32Array, UInt64Array
from harness.jit import inlined, kernel


@inlined
def _popcount(word: Any) -> Any:
    # The usual sideways sum, which LLVM turns into one instruction.
    word = word - ((word >> np.uint64(1)) & np.uint64(0x5555555555555555))
    word = (word & np.uint64(0x3333333333333333)) + ((word >> np.uint64(2)) & np.uint64(0x3333333333333333))
    word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((word * np.uint64(0x0101010101010101)) >> np.uint64(56))


@inlined
def _first_ranks(bits: Any, word: int, k: int) -> Any:
    """Return a word of a bit set without the ranks past k."""
    kept = k - word * 64
    if kept >= 64:
        return bits
    return bits & ((np.uint64(1) << np.uint64(kept)) - np.uint64(1))


@inlined
def _hits_within(bits: UInt64Array, user: int, k: int) -> Any:
    total = np.int64(0)
    for word in range(min((k + 63) // 64, bits.shape[1])):
        total += _popcount(_first_ranks(bits[user, word], word, k))
    return total


@inlined
def _lowest(word: Any) -> Any:
    """Return the place of the lowest bit that is set."""
    return _popcount((word & (~word + np.uint64(1))) - np.uint64(1))


@kernel
def share(bits: UInt64Array, whole: Int32Array, most: int, k: int, out: Float64Array) -> None:
    """Write hits divided by ``min(whole, most)``; 0 where that is 0."""
    for user in range(len(out)):
        parts = min(int(whole[user]), most)
        out[user] = _hits_within(bits, user, k) / parts if parts > 0 else 0.0


@kernel
def count(bits: UInt64Array, k: int, out: Float64Array) -> None:
    """Write the number of hits."""
    for user in range(len(out)):
        out[user] = _hits_within(bits, user, k)


@kernel
def precision(bits: UInt64Array, k: int, out: Float64Array) -> None:
    """Write hits divided by k."""
    for user in range(len(out)):
        out[user] = _hits_within(bits, user, k) / k


@kernel
def f1(bits: UInt64Array, relevant: Int32Array, k: int, out: Float64Array) -> None:
    """Write twice the hits divided by the number of relevant items plus k."""
    for user in range(len(out)):
        out[user] = 2.0 * _hits_within(bits, user, k) / (np.float64(relevant[user]) + k)


@kernel
def r_precision(bits: UInt64Array, relevant: Int32Array, out: Float64Array) -> None:
    """Write the hits in the first ``relevant`` ranks, divided by ``relevant``."""
    for user in range(len(out)):
        out[user] = _hits_within(bits, user, int(relevant[user])) / relevant[user]


@kernel
def hit_rate(bits: UInt64Array, k: int, out: Float64Array) -> None:
    """Write 1 where there is a hit, else 0."""
    for user in range(len(out)):
        out[user] = 1.0 if _hits_within(bits, user, k) > 0 else 0.0


@kernel
def reciprocal_rank(bits: UInt64Array, k: int, out: Float64Array) -> None:
    """Write one divided by the rank of the first hit, 0 without a hit."""
    for user in range(len(out)):
        out[user] = 0.0
        for word in range(min((k + 63) // 64, bits.shape[1])):
            left = _first_ranks(bits[user, word], word, k)
            if left != 0:
                out[user] = 1.0 / (word * 64 + _lowest(left) + 1)
                break


@kernel
def average_precision(bits: UInt64Array, k: int, out: Float64Array) -> None:
    """Write the sum over the hits of the precision at their rank."""
    for user in range(len(out)):
        total, hits = 0.0, 0
        for word in range(min((k + 63) // 64, bits.shape[1])):
            left = _first_ranks(bits[user, word], word, k)
            while left != 0:
                hits += 1
                total += hits / (word * 64 + _lowest(left) + 1)
                left &= left - np.uint64(1)
        out[user] = total


@kernel
def gain(bits: UInt64Array, weights: Float64Array, k: int, out: Float64Array) -> None:
    """Write the sum over the hits of the weight of its rank; float64 ``weights``, one per rank."""
    for user in range(len(out)):
        total = 0.0
        for word in range(min((k + 63) // 64, bits.shape[1])):
            left = _first_ranks(bits[user, word], word, k)
            while left != 0:
                total += weights[word * 64 + _lowest(left)]
                left &= left - np.uint64(1)
        out[user] = total
