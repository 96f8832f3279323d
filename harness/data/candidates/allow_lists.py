"""Candidates from files: a list of allowed items, and lists per user."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from harness.artifacts import CandidateLists, Finding, RecommendationTask, Vocabulary
from harness.artifacts.array_types import BoolArray, Int32Array, Int64Array
from harness.data.filters.id_lists import read_id_list
from harness.data.predictions.prediction_checks import UNKNOWN
from harness.data.predictions.prediction_files import read_pairs
from harness.data.predictions.prediction_lists import indices_of
from harness.data.readers.table_keys import TableKeys
from harness.errors import DataError

# What each finding does to the numbers.
_MEANINGS = {
    "candidates_without_users": "the file lists no candidate for them; their lists are empty and they score 0.",
    "relevant_items_no_candidates": "the file does not list them for their user, so that no model can recommend them.",
    "unknown_candidates": "the data set does not have the item; they are left out.",
    "candidates_of_unknown_users": "the data set does not have the user; they are left out.",
}


@dataclass(frozen=True, eq=False)
class UserCandidates:
    """The candidates of each user, counts for the report, and findings."""

    lists: CandidateLists
    facts: dict[str, Any] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()


def codes_of(indptr: Int64Array, items: Int32Array, n_items: int) -> Int64Array:
    """Return one number per pair of user and item of a CSR; int64 ``(n,)``."""
    return np.repeat(np.arange(len(indptr) - 1), np.diff(indptr)) * n_items + items


def lists_of_codes(codes: Int64Array, n_users: int, n_items: int) -> CandidateLists:
    """Return the candidates of each user from ascending codes of (user, item)."""
    indptr = np.concatenate([[0], np.cumsum(np.bincount(codes // n_items, minlength=n_users))])
    return CandidateLists(indptr.astype(np.int64), (codes % n_items).astype(np.int32))


def among(codes: Int64Array, ascending: Int64Array) -> BoolArray:
    """Return which codes occur among ascending ones; bool ``(n,)``."""
    if len(ascending) == 0:
        return np.zeros(len(codes), dtype=np.bool_)
    places = np.minimum(np.searchsorted(ascending, codes), len(ascending) - 1)
    found: BoolArray = ascending[places] == codes
    return found


def lists_from(path: Path, task: RecommendationTask) -> UserCandidates:
    """Return the candidates that a file lists for each user, in columns ``user`` and ``item`` of external ids.

    Raises
    ------
    DataError
        The file cannot be read, or lists no user of the task.
    """
    pairs = read_pairs(path, keys=TableKeys("candidates.lists"))
    user, item = indices_of(pairs.users, task.user_ids), indices_of(pairs.items, task.item_ids)
    places = np.full(len(task.user_ids) + 1, UNKNOWN, dtype=np.int64)
    places[task.users] = np.arange(len(task.users))
    known = (places[user] != UNKNOWN) & (item != UNKNOWN)
    if not known.any():
        raise DataError(
            f"{path}: no candidate is for a user of the evaluated part. Use the external ids of the data set."
        )
    n_items = len(task.item_ids)
    codes = np.unique(places[user][known] * n_items + item[known])
    lengths = np.bincount(codes // n_items, minlength=len(task.users))
    relevant = np.unique(codes_of(task.truth.indptr, task.truth.items, n_items))
    counts = {
        "candidates_without_users": (lengths == 0, "users"),
        "relevant_items_no_candidates": (~among(relevant, codes), "relevant items"),
        "unknown_candidates": (item == UNKNOWN, "rows of candidates"),
        "candidates_of_unknown_users": (user == UNKNOWN, "rows of candidates"),
    }
    findings = tuple(
        Finding.counted(name, int(cases.sum()), len(cases), what, _MEANINGS[name])
        for name, (cases, what) in counts.items()
    )
    facts = {"path": str(path), "per_user": {"min": int(lengths.min()), "max": int(lengths.max())}}
    return UserCandidates(lists_of_codes(codes, len(task.users), n_items), facts, findings)


@dataclass(frozen=True, eq=False)
class AllowList:
    """The items that may be recommended, bool ``(items,)``, and findings."""

    items: BoolArray
    findings: tuple[Finding, ...]


def allow_list(path: Path, item_ids: Vocabulary) -> AllowList:
    """Return the items that a text file allows, one external id per line.

    Raises
    ------
    DataError
        The file cannot be read, or has no item of the data set.
    """
    names = list(dict.fromkeys(read_id_list(path)))
    indices = item_ids.lookup(names)
    known = indices[indices != UNKNOWN]
    if len(known) == 0:
        raise DataError(
            f"{path}: none of its {len(names):,} distinct ids is an item of the data set. Use its external ids."
        )
    allowed = np.zeros(len(item_ids), dtype=np.bool_)
    allowed[known] = True
    unknown = Finding.counted(
        "unknown_allowed_items",
        int((indices == UNKNOWN).sum()),
        len(names),
        "allowed items",
        "the data set does not have them; they are left out.",
    )
    return AllowList(allowed, (unknown,))
