"""Hold out one of several folds (cross-validation)."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from pydantic.dataclasses import dataclass

from harness.artifacts import Interactions, Split, SplitRule, pair_keys, stream
from harness.data.canonical_order import TieOrder
from harness.data.splits.labelled_split import TEST, TRAIN, VALIDATION, labelled_split, ordered_interactions
from harness.data.splits.split_options import check_seed
from harness.data.splits.user_rows import hashed_order, places_within_users, rows_per_user

_MOST_FOLDS = 1_000_000


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class KFold(SplitRule):
    """Hold out one of several folds; every interaction is in test in exactly one of them.

    Each user's interactions are spread over the folds by a hash of (seed, external user id, external item id), so that
    a user's counts in two folds differ by one at most. The folds of one seed belong together: run ``fold: 0`` to
    ``folds - 1``. Users with a single interaction are tested without history in one of them, which the audits count.
    Timestamps are not used.

    Parameters
    ----------
    folds
        Number of folds; 2 or more, 3 or more with validation, a million at most.
    fold
        The one for test, from 0.
    validation
        Whether the next fold is for validation; fold 0 follows the last.
    ties
        The order of histories, as in ``RandomSplit``.
    seed
        Seed of the folds and of the shuffle of ties; 0 or more.

    Raises
    ------
    ValueError
        There are too few or too many folds, the fold does not exist, or the seed is negative.

    Examples
    --------
    >>> from harness.artifacts import Vocabulary
    >>> rows = Interactions(
    ...     users=np.array([0, 0, 1, 1]),
    ...     items=np.array([0, 1, 0, 1]),
    ...     user_ids=Vocabulary.of(["ann", "bob"]),
    ...     item_ids=Vocabulary.of([6, 7]),
    ... )
    >>> first, second = (KFold(folds=2, fold=fold).split(rows).labels for fold in range(2))
    >>> (first + second).tolist()
    [2, 2, 2, 2]
    """

    kind: ClassVar[str] = "k_fold"
    fold: int
    folds: int = 5
    validation: bool = False
    ties: TieOrder = "shuffle"
    seed: int = 0

    def __post_init__(self) -> None:
        least = 3 if self.validation else 2
        if self.folds < least:
            raise ValueError(f"folds is {self.folds}; use {least} or more, so that at least one is left for training")
        if self.folds > _MOST_FOLDS:
            raise ValueError(f"folds is {str(self.folds)[:20]}; use {_MOST_FOLDS:,} at most, such as 5")
        if not 0 <= self.fold < self.folds:
            raise ValueError(f"fold is {self.fold}; use one from 0 to {self.folds - 1}, which is folds - 1")
        check_seed(self.seed)

    def split(self, interactions: Interactions) -> Split:
        """Split the interactions, and return them in canonical order.

        Raises
        ------
        DataError
            A part would be empty.
        """
        ordered = ordered_interactions(interactions, seed=self.seed, ties=self.ties, kind=self.kind)
        lengths = rows_per_user(ordered)
        seed = stream(self.seed, "folds")
        # Each user begins at another fold, or the first folds would hold more than the last.
        begins = pair_keys(seed, ordered.user_ids.keys, np.zeros(1, dtype=np.uint64)) % np.uint64(self.folds)
        folds = np.empty(len(ordered), dtype=np.int64)
        folds[hashed_order(ordered, seed=seed)] = places_within_users(lengths) + np.repeat(
            begins.astype(np.int64), lengths
        )
        folds %= self.folds
        labels = np.full(len(ordered), TRAIN, dtype=np.int8)
        labels[folds == self.fold] = TEST
        if self.validation:
            labels[folds == (self.fold + 1) % self.folds] = VALIDATION
        return labelled_split(
            ordered,
            labels,
            kind=self.kind,
            needed=("train", "validation", "test") if self.validation else ("train", "test"),
            remedy="Use fewer folds, or loosen the filters.",
        )
