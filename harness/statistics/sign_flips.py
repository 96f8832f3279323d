"""Distribution of mean differences under random signs: the engine of permutation tests and of maxT."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from harness.artifacts import user_halves
from harness.artifacts.array_types import Float64Array, Int64Array, UInt64Array
from harness.execution import Parallel, map_shards

EXACT_USERS = 20  # up to so many users with a difference, all sign patterns are enumerated
_EXACT_SUMS = 1 << 24  # at most so many sums are enumerated, 128 MB
_TOLERANCE = 1e-9  # of a normalised sum: equal sums differ by rounding errors only
_SIGN_BYTES = 64 << 20  # memory of the signs per thread
_MOST_FLIPS = 2048  # per piece of work, so that its sums stay in the cache of a core
_FEWEST_PER_ROW = 20  # users per distinct row of differences from which rows are counted


@dataclass(frozen=True, eq=False)
class SignFlips:
    r"""Normalised sums of differences, observed and under flips of each user's sign.

    The normalised sum of a column is :math:`r = S / \sqrt{n Q}`, with the sum :math:`S` of the differences of n users
    and the sum :math:`Q` of their squares, which no flip changes. The t statistic is a function of r that rises with
    it, :math:`t = r \sqrt{(n - 1) / (1 - r^2)}`, so that tests by r and by t are the same, also over several columns.

    Parameters
    ----------
    observed
        float64 ``(columns,)``, in [-1, 1]; 0 for a column without differences.
    flipped
        float64 ``(flips, columns)``: absolute values under each flip. If ``exact``, one of each two patterns that
        are each other's negative, the observed one among them.
    n_users
        Number of users, those without a difference included.
    exact
        Whether all sign patterns are enumerated.
    """

    observed: Float64Array
    flipped: Float64Array
    n_users: int
    exact: bool

    @property
    def t_statistics(self) -> Float64Array:
        """The t statistic of each column, float64 ``(columns,)``; infinite if all users differ by the same value."""
        return t_statistic(self.observed, self.n_users)

    @property
    def p_values(self) -> Float64Array:
        """Two-sided p-value of each column by itself, float64 ``(columns,)``; at least 1 / (1 + flips)."""
        pairs = zip(self.flipped.T, self.observed, strict=True)
        return np.array([self._p_values(flipped, observed) for flipped, observed in pairs])

    @property
    def max_p_values(self) -> Float64Array:
        """p-values adjusted by single-step maxT over all columns, float64 ``(columns,)``."""
        return self._p_values(self.flipped.max(axis=1), self.observed)

    def critical_values(self, level: float) -> Float64Array:
        """Return the t statistic that each column has to exceed for a p-value of at most ``level``.

        Infinite where no result can be that rare: with too few users or flips.
        """
        return np.array([self._critical(column, level) for column in self.flipped.T])

    def max_critical_value(self, level: float) -> float:
        """Return the t statistic that any column has to exceed for an adjusted p-value of at most ``level``."""
        return self._critical(self.flipped.max(axis=1), level)

    def _p_values(self, flipped: Float64Array, observed: Float64Array) -> Float64Array:
        """Return the shares of flips that reach the observed values."""
        counts = len(flipped) - np.searchsorted(np.sort(flipped), np.abs(observed) - _TOLERANCE)
        return counts / len(flipped) if self.exact else (1 + counts) / (1 + len(flipped))

    def _critical(self, flipped: Float64Array, level: float) -> float:
        # The p-value is at most the level if so many flips, or fewer, reach the observed value.
        allowed = math.floor(level * len(flipped) + _TOLERANCE)
        if not self.exact:
            allowed = math.floor(level * (1 + len(flipped)) + _TOLERANCE) - 1
        # The observed pattern is one of all patterns, so that at least one of them reaches the observed value.
        if not int(self.exact) <= allowed < len(flipped):
            return math.inf
        beaten = float(np.partition(flipped, len(flipped) - 1 - allowed)[len(flipped) - 1 - allowed])
        return float(t_statistic(np.array([min(beaten + _TOLERANCE, 1.0)]), self.n_users)[0])


def t_statistic(normalised: Float64Array, n_users: int) -> Float64Array:
    """Return the t statistics of normalised sums; infinite at -1 and 1, NaN for a single user."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return normalised * np.sqrt((n_users - 1) / np.maximum(1.0 - normalised * normalised, 0.0))


def flip_signs(
    values: Float64Array,
    keys: UInt64Array,
    *,
    contrasts: Int64Array | None = None,
    flips: int = 10_000,
    seed: int = 0,
    parallel: Parallel | None = None,
) -> SignFlips:
    """Return the normalised sums of columns of differences, observed and under random signs.

    All columns share the signs of a flip, so that their sums keep their correlation. The signs of a user depend on the
    seed and the user's id only: neither the order of users nor ``parallel`` changes the result. If at most
    ``EXACT_USERS`` users have a difference, all patterns are enumerated, as long as their sums fit into 128 MB. If few
    distinct rows repeat, as with one relevant item per user, the number of users with a plus is drawn per distinct
    row, from a binomial distribution.

    Parameters
    ----------
    values
        float64 ``(users, columns)``: the differences; with ``contrasts``, values whose differences they are.
    keys
        uint64 ``(users,)``: a hash of each external id, as ``Vocabulary.keys``.
    contrasts
        int64 ``(pairs, 2)``: test the differences between these two columns of values, first minus second.
    flips
        Number of random sign patterns.
    seed
        Seed of the signs.
    parallel
        Threads; None for one per core.

    References
    ----------
    Westfall and Young, "Resampling-based multiple testing", Wiley, 1993 (maxT).

    Examples
    --------
    >>> flip_signs(np.array([[1.0], [2.0], [3.0]]), np.arange(3, dtype=np.uint64)).p_values
    array([0.25])
    """
    n_users = len(values)
    differs = values.any(axis=1) if contrasts is None else (values != values[:, :1]).any(axis=1)
    rows, row_keys = values[differs], keys[differs]
    squares, sums = _moments(rows, contrasts)
    scales = np.sqrt(n_users * squares)
    scales[squares == 0.0] = 1.0
    if contrasts is not None:
        rows = rows - rows[:, :1]  # a shift of all columns of a user changes no difference
    exact = len(rows) <= EXACT_USERS and rows.shape[1] << max(len(rows) - 1, 0) <= _EXACT_SUMS
    if exact:
        flipped = _enumerated(rows)
    elif (distinct := _distinct(rows)) is not None:
        flipped = _drawn_by_row(*distinct, flips=flips, seed=seed)
    else:
        flipped = _drawn(rows, row_keys, flips=flips, seed=seed, parallel=parallel or Parallel())
    if contrasts is not None:
        flipped = flipped[:, contrasts[:, 0]] - flipped[:, contrasts[:, 1]]
    return SignFlips(sums / scales, np.abs(flipped) / scales, n_users, exact)


def _moments(values: Float64Array, contrasts: Int64Array | None) -> tuple[Float64Array, Float64Array]:
    """Return the sums of squares and the sums of the differences, one column at a time to save memory."""
    columns = values.T if contrasts is None else (values[:, one] - values[:, other] for one, other in contrasts)
    moments = [(math.fsum(column * column), math.fsum(column)) for column in columns]
    return np.array([square for square, _ in moments]), np.array([total for _, total in moments])


def _enumerated(rows: Float64Array) -> Float64Array:
    """Return the sums under all sign patterns but those that are the negative of another one."""
    sums = rows[:1].copy() if len(rows) else np.zeros((1, rows.shape[1]))
    for row in rows[1:]:
        sums = np.concatenate([sums + row, sums - row])
    return sums


def _distinct(rows: Float64Array) -> tuple[Float64Array, Int64Array] | None:
    """Return the distinct rows up to their sign, in ascending order, and their counts; None if there are too many."""
    signs = np.sign(rows[np.arange(len(rows)), (rows != 0).argmax(axis=1)])
    oriented = np.ascontiguousarray(rows * signs[:, None]) + 0.0  # + 0.0 turns -0.0 into 0.0
    bits = oriented.view(np.uint64)
    hashes = np.zeros(len(rows), dtype=np.uint64)
    for column in range(rows.shape[1]):
        hashes = user_halves(column, hashes ^ bits[:, column])
    _, first, counts = np.unique(hashes, return_index=True, return_counts=True)
    if len(first) * _FEWEST_PER_ROW > len(rows):
        return None
    order = np.lexsort(oriented[first].T)
    return oriented[first][order], counts[order]


def _drawn_by_row(rows: Float64Array, counts: Int64Array, *, flips: int, seed: int) -> Float64Array:
    plus = np.stack(
        [
            np.random.Generator(np.random.Philox([seed % (1 << 64), place])).binomial(int(count), 0.5, size=flips)
            for place, count in enumerate(counts)
        ],
        axis=1,
    )
    return (2.0 * plus - counts) @ rows  # (flips, distinct rows) @ (distinct rows, columns)


def _drawn(rows: Float64Array, keys: UInt64Array, *, flips: int, seed: int, parallel: Parallel) -> Float64Array:
    from harness.statistics.flip_kernels import COLUMNS, GROUP, WORD, draw_signs, sum_flips

    order = np.argsort(keys, kind="stable")
    groups = -(-len(rows) // GROUP)
    blocks = -(-rows.shape[1] // COLUMNS)
    padded = np.zeros((blocks, groups * GROUP, COLUMNS))
    for block in range(blocks):
        part = rows[order, block * COLUMNS : (block + 1) * COLUMNS]
        padded[block, : len(part), : part.shape[1]] = part
    signs_of = np.zeros(groups * GROUP, dtype=np.uint64)
    signs_of[: len(rows)] = user_halves(seed, keys[order])
    sums = np.empty((flips, blocks * COLUMNS))
    size = max(min(_SIGN_BYTES // groups, _MOST_FLIPS) // WORD, 1) * WORD

    def fill(start: int) -> None:
        stop = min(start + size, flips)
        signs = np.empty((groups, -(-(stop - start) // WORD) * WORD), dtype=np.uint8)
        draw_signs(signs_of, start // WORD, signs)
        part = np.empty((signs.shape[1], COLUMNS))
        for block in range(blocks):
            sum_flips(padded[block], signs, part)
            sums[start:stop, block * COLUMNS : (block + 1) * COLUMNS] = part[: stop - start]

    map_shards(fill, range(0, flips, size), parallel=parallel)
    return sums[:, : rows.shape[1]]
