"""Which items may be recommended to whom: allow-lists, and lists a user."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from harness.artifacts import CandidateLists, Finding, History, Truth, Vocabulary
from harness.artifacts.array_types import BoolArray, Int32Array, Int64Array
from harness.data.filters.id_lists import ids_in
from harness.data.predictions.prediction_checks import UNKNOWN
from harness.data.predictions.prediction_files import read_pairs
from harness.data.predictions.prediction_lists import indices_of
from harness.data.readers.table_keys import TableKeys
from harness.errors import DataError


@dataclass(frozen=True, eq=False)
class FoundCandidates:
    """Lists of candidates, what was counted for the report, and findings about them."""

    lists: CandidateLists
    facts: dict[str, Any] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, eq=False)
class AskedUsers:
    """Users who are asked for.

    Parameters
    ----------
    indices
        int64 ``(users,)``: into the vocabulary.
    truth
        What is relevant to them, row by row.
    history
        What they did before, over all users of the vocabulary.
    user_ids, item_ids
        The vocabularies.
    """

    indices: Int64Array
    truth: Truth
    history: History
    user_ids: Vocabulary
    item_ids: Vocabulary


def codes_of(users: Int64Array, indptr: Int64Array, items: Int32Array, n_items: int) -> Int64Array:
    """Return one number for each pair of user and item of a CSR: int64 ``(n,)``."""
    return np.repeat(users, np.diff(indptr)) * n_items + items


def among(codes: Int64Array, ascending: Int64Array) -> BoolArray:
    """Return which codes stand among ascending others."""
    if len(ascending) == 0:
        return np.zeros(len(codes), dtype=np.bool_)
    places = np.minimum(np.searchsorted(ascending, codes), len(ascending) - 1)
    found: BoolArray = ascending[places] == codes
    return found


def lists_from(path: Path, users: AskedUsers) -> FoundCandidates:
    """Return the candidates that a file lists for each user: columns ``user`` and ``item``, in own ids.

    Raises
    ------
    DataError
        The file cannot be read, or lists nobody of those who are asked for.
    """
    pairs = read_pairs(path, keys=TableKeys("candidates.lists"))
    user, item = indices_of(pairs.users, users.user_ids), indices_of(pairs.items, users.item_ids)
    places = np.full(len(users.user_ids) + 1, UNKNOWN, dtype=np.int64)
    places[users.indices] = np.arange(len(users.indices))
    known = (places[user] != UNKNOWN) & (item != UNKNOWN)
    if not known.any():
        raise DataError(f"{path}: no candidate is for a user that is asked for. Use the data set's own ids.")
    n_items = len(users.item_ids)
    codes = np.unique(places[user][known] * n_items + item[known])
    lengths = np.bincount(codes // n_items, minlength=len(users.indices))
    relevant = np.unique(codes_of(np.arange(len(users.indices)), users.truth.indptr, users.truth.items, n_items))
    findings = (
        Finding.counted(
            "candidates_without_users",
            int((lengths == 0).sum()),
            len(users.indices),
            "users",
            "the file lists no candidate for them; they are recommended nothing and score 0.",
        ),
        Finding.counted(
            "relevant_items_no_candidates",
            int((~among(relevant, codes)).sum()),
            len(relevant),
            "relevant items",
            "the file does not list them for their user, so that no model can find them.",
        ),
        Finding.counted(
            "unknown_candidates",
            int((item == UNKNOWN).sum()),
            len(item),
            "rows of candidates",
            "the data set does not have the item; they are left out.",
        ),
        Finding.counted(
            "candidates_of_unknown_users",
            int((user == UNKNOWN).sum()),
            len(user),
            "rows of candidates",
            "the data set does not have the user; they are left out.",
        ),
    )
    indptr = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    facts = {"path": str(path), "per_user": {"min": int(lengths.min()), "max": int(lengths.max())}}
    lists = CandidateLists(indptr, (codes % n_items).astype(np.int32))
    return FoundCandidates(lists, facts, findings)


@dataclass(frozen=True, eq=False)
class AllowList:
    """Items that may be recommended, bool ``(items,)``, and findings about them."""

    items: BoolArray
    findings: tuple[Finding, ...]


def allow_list(path: Path, item_ids: Vocabulary) -> AllowList:
    """Return the items that a text file allows, one own id a line.

    Raises
    ------
    DataError
        The file cannot be read, or has no item of the data set.
    """
    names = list(dict.fromkeys(ids_in(path)))
    indices = item_ids.lookup(names)
    known = indices[indices != UNKNOWN]
    if len(known) == 0:
        raise DataError(
            f"{path}: none of its {len(names):,} distinct ids is an item of the data set. Use the data set's own ids."
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
