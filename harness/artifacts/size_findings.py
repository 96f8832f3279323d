"""Findings about runs that are too small for their numbers to mean much."""

from __future__ import annotations

import numpy as np

from harness.artifacts.array_types import BoolArray, Int64Array
from harness.artifacts.candidate_lists import CandidateLists
from harness.artifacts.finding import Finding
from harness.artifacts.interactions import History

FEW_USERS = 30  # with fewer users, intervals of means are not reliable


def candidate_counts(
    *, allowed: BoolArray, lists: CandidateLists | None, seen: History | None, n_users: int
) -> Int64Array:
    """Return the number of candidate items per user; int64 ``(users,)``.

    Parameters
    ----------
    allowed
        bool ``(items,)``: the items that anyone may be recommended.
    lists
        The candidates of each user, row by row; None: all allowed items.
    seen
        The items that are excluded, row by row; None: no item is excluded.
    n_users
        The number of rows.

    Examples
    --------
    >>> seen = History(np.array([0, 1, 3]), np.array([0, 1, 1], dtype=np.int32), n_items=3)
    >>> candidate_counts(allowed=np.array([True, True, False]), lists=None, seen=seen, n_users=2)
    array([1, 1])
    """
    n_items, rows = len(allowed), np.arange(n_users)
    if lists is None:
        asked, found = None, np.full(n_users, int(allowed.sum()))
    else:
        asked = np.repeat(rows, np.diff(lists.indptr)) * n_items + lists.items
        asked = np.unique(asked[allowed[lists.items]])
        found = np.bincount(asked // n_items, minlength=n_users)
    if seen is not None:
        codes = np.unique(np.repeat(rows, seen.lengths) * n_items + seen.items)
        barred = allowed[codes % n_items] if asked is None else np.isin(codes, asked)
        found = found - np.bincount(codes[barred] // n_items, minlength=n_users)
    return found.astype(np.int64)


def few_users(n_users: int) -> Finding:
    """Return the finding that fewer than 30 users are measured.

    Examples
    --------
    >>> few_users(12).sentence
    'Only 12 users are measured: with fewer than 30, intervals and tests mean little.'
    """
    if n_users >= FEW_USERS:
        return Finding("few_users", 0, n_users, f"{n_users:,} users are measured.")
    users = "1 user is" if n_users == 1 else f"{n_users} users are"
    sentence = f"Only {users} measured: with fewer than {FEW_USERS}, intervals and tests mean little."
    return Finding("few_users", n_users, n_users, sentence)


def cutoff_beyond_candidates(cutoff: int, candidates: Int64Array, n_lists: int) -> Finding:
    """Return the finding that a cutoff reaches all candidates of lists.

    Parameters
    ----------
    cutoff
        The largest cutoff.
    candidates
        int64 ``(n,)``: numbers of candidates of the lists that have no more candidates than the cutoff.
    n_lists
        The number of all lists.

    Examples
    --------
    >>> cutoff_beyond_candidates(20, np.array([19, 12]), 2).sentence
    '2 of 2 lists (100.0%): the largest cutoff, 20, reaches all of their candidates (12 to 19 items), ...'
    """
    low, high = int(candidates.min(initial=cutoff)), int(candidates.max(initial=0))
    span = f"{low:,}" if low >= high else f"{low:,} to {high:,}"
    return Finding.counted(
        "cutoff_beyond_candidates",
        len(candidates),
        n_lists,
        "lists",
        f"the largest cutoff, {cutoff:,}, reaches all of their candidates ({span} items), so that coverage, recall and "
        "hit rate at it do not depend on the model."
        if len(candidates)
        else f"the largest cutoff, {cutoff:,}, reaches all of their candidates.",
    )
