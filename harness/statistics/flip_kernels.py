"""Numba kernels of permutation tests: draw random signs per user, and sum the differences of users with these signs.

The sum of one flip adds or subtracts the differences of each user. For 8 users there are only 256 such sums, so a table
of them turns 8 additions per flip into one: the method of the four Russians (Arlazarov et al. 1970).
"""

from __future__ import annotations

import numpy as np

from harness.artifacts.array_types import Float64Array, UInt8Array, UInt64Array
from harness.jit import called, kernel

GROUP = 8  # users per table, one bit of a byte each
WORD = 64  # flips per random word of a user
COLUMNS = 8  # columns per call of sum_flips, a constant so that the compiler unrolls the loop over them


@called
def _mix(value: np.uint64) -> np.uint64:
    """Return a hash of 64 bits (the finaliser of splitmix64)."""
    value = value + np.uint64(0x9E3779B97F4A7C15)
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))


@called
def _transposed(bits: np.uint64) -> np.uint64:
    """Return an 8 x 8 matrix of bits, one byte per row, with rows and columns exchanged."""
    other = (bits ^ (bits >> np.uint64(7))) & np.uint64(0x00AA00AA00AA00AA)
    bits = bits ^ other ^ (other << np.uint64(7))
    other = (bits ^ (bits >> np.uint64(14))) & np.uint64(0x0000CCCC0000CCCC)
    bits = bits ^ other ^ (other << np.uint64(14))
    other = (bits ^ (bits >> np.uint64(28))) & np.uint64(0x00000000F0F0F0F0)
    return bits ^ other ^ (other << np.uint64(28))


@kernel
def draw_signs(keys: UInt64Array, first: int, out: UInt8Array) -> None:
    """Write random signs: one byte per group of users and flip, with one bit per user, 1 for plus.

    The bits of a user depend on the user's key and the number of the flip only.

    Parameters
    ----------
    keys
        uint64 ``(groups * 8,)``: a hash of the seed and the external id per user.
    first
        Number of the first word of 64 flips.
    out
        uint8 ``(groups, words * 64)``: output.
    """
    words = np.zeros(GROUP, dtype=np.uint64)
    for group in range(out.shape[0]):
        for word in range(out.shape[1] // WORD):
            for user in range(GROUP):
                words[user] = _mix(keys[group * GROUP + user] ^ _mix(np.uint64(first + word)))
            for byte in range(WORD // 8):
                bits = np.uint64(0)
                for user in range(GROUP):
                    bits |= ((words[user] >> np.uint64(8 * byte)) & np.uint64(255)) << np.uint64(8 * user)
                bits = _transposed(bits)
                for flip in range(8):
                    out[group, word * WORD + byte * 8 + flip] = (bits >> np.uint64(8 * flip)) & np.uint64(255)


@kernel
def sum_flips(differences: Float64Array, signs: UInt8Array, out: Float64Array) -> None:
    """Write the sum of each column of differences under each flip.

    Parameters
    ----------
    differences
        float64 ``(groups * 8, 8)``; rows and columns beyond the data are zeros.
    signs
        uint8 ``(groups, flips)``, from ``draw_signs``.
    out
        float64 ``(flips, 8)``: output. Each sum adds the groups in their order, whatever the flips of the call.
    """
    table = np.empty((256, COLUMNS))
    out[:] = 0.0
    for group in range(signs.shape[0]):
        for column in range(COLUMNS):
            total = 0.0
            for user in range(GROUP):
                total -= differences[group * GROUP + user, column]
            table[0, column] = total
        for user in range(GROUP):
            half = 1 << user
            for pattern in range(half):
                for column in range(COLUMNS):
                    table[half + pattern, column] = (
                        table[pattern, column] + 2.0 * differences[group * GROUP + user, column]
                    )
        for flip in range(signs.shape[1]):
            pattern = signs[group, flip]
            for column in range(COLUMNS):
                out[flip, column] += table[pattern, column]


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
