"""Test all pairs of runs as one family: find the runs that no run beats, and groups without a shown difference."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from harness.artifacts.array_types import BoolArray, Float64Array, UInt64Array
from harness.statistics.automatic_test import FEWEST_NONZERO
from harness.statistics.sign_flips import flip_signs

_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True)
class RankedGroups:
    """Runs that are not shown to differ.

    Parameters
    ----------
    best
        Names of the runs that no run beats, best value first.
    letters
        Compact letters by run: two runs share a letter if and only if they are not shown to differ. None if they were
        not computed, or if there are more groups than letters.
    """

    best: tuple[str, ...]
    letters: Mapping[str, str] | None


def ranked_groups(
    values: Mapping[str, Float64Array],
    keys: UInt64Array,
    *,
    higher_is_better: bool,
    confidence: float,
    seed: int = 0,
    also: BoolArray | None = None,
) -> RankedGroups:
    """Compare all pairs of runs by single-step maxT, and return the set of the best and the groups.

    The set of the best is conservative beside Hsu's multiple comparisons with the best, which tests fewer hypotheses.

    Parameters
    ----------
    values
        Run name to float64 ``(users,)``.
    keys
        uint64 ``(users,)``: a hash of each external id.
    higher_is_better, confidence, seed
        Direction of the metric, level of the family, and seed of the sign flips.
    also
        bool ``(pairs,)``: pairs of runs, in the order of ``itertools.combinations``, that differ by another method as
        well; only these are shown to differ. None: no other method.

    References
    ----------
    Piepho, "An algorithm for a letter-based representation of all-pairwise comparisons", Journal of Computational and
    Graphical Statistics 13, 2004.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> good = rng.random(200)
    >>> runs = {"poor": good - 0.2 * rng.random(200), "good": good, "as good": good + 0.1 * rng.normal(size=200)}
    >>> ranked_groups(runs, np.arange(200, dtype=np.uint64), higher_is_better=True, confidence=0.95).letters
    {'poor': 'b', 'good': 'a', 'as good': 'a'}
    """
    names = list(values)
    columns = np.stack([values[name] for name in names], axis=1)  # (users, runs)
    if not higher_is_better:
        columns = -columns
    pairs = np.array(list(itertools.combinations(range(len(names)), 2)))
    flipped = flip_signs(columns, keys, contrasts=pairs, seed=seed)
    shown = np.abs(flipped.t_statistics) > flipped.max_critical_value(1 - confidence)
    shown &= [int(np.count_nonzero(columns[:, one] != columns[:, other])) >= FEWEST_NONZERO for one, other in pairs]
    if also is not None:
        shown &= also
    return groups_of(dict(zip(names, columns.mean(axis=0).tolist(), strict=True)), shown)


def groups_of(means: Mapping[str, float], shown: BoolArray) -> RankedGroups:
    """Return the set of the best and the groups, from which pairs of runs are shown to differ.

    Parameters
    ----------
    means
        Run name to mean, higher is better.
    shown
        bool ``(pairs,)``, in the order of ``itertools.combinations``.
    """
    names, values = list(means), np.array(list(means.values()))
    pairs = np.array(list(itertools.combinations(range(len(names)), 2)))
    beats = np.zeros((len(names), len(names)), dtype=bool)  # beats[a, b]: a is shown to be better than b
    first_is_better = values[pairs[:, 0]] > values[pairs[:, 1]]
    beats[pairs[:, 0], pairs[:, 1]] = shown & first_is_better
    beats[pairs[:, 1], pairs[:, 0]] = shown & ~first_is_better
    order = np.argsort(-values, kind="stable")
    best = tuple(names[run] for run in order if not beats[:, run].any())
    return RankedGroups(best, _letters(names, ~(beats | beats.T), order.tolist()))


def _letters(names: list[str], alike: BoolArray, order: list[int]) -> dict[str, str] | None:
    """Return one letter per maximal group of runs that are all alike, the best group first."""
    rank = {run: place for place, run in enumerate(order)}
    groups = sorted(sorted(rank[run] for run in group) for group in _cliques(alike, [], order, []))
    if len(groups) > len(_LETTERS):
        return None
    return {
        name: "".join(letter for letter, group in zip(_LETTERS, groups, strict=False) if rank[run] in group)
        for run, name in enumerate(names)
    }


def _cliques(alike: BoolArray, chosen: list[int], open_: list[int], closed: list[int]) -> Iterator[list[int]]:
    """Yield each largest possible group of runs of which no two are shown to differ (Bron and Kerbosch 1973)."""
    if not open_ and not closed:
        yield chosen
    pivot = max([*open_, *closed], key=lambda run: sum(alike[run, other] for other in open_), default=None)
    for run in [run for run in open_ if pivot is None or run == pivot or not alike[pivot, run]]:
        yield from _cliques(
            alike,
            [*chosen, run],
            [other for other in open_ if other != run and alike[run, other]],
            [other for other in closed if alike[run, other]],
        )
        open_, closed = [other for other in open_ if other != run], [*closed, run]
