"""Splits by chance, which need no timestamps."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from pydantic.dataclasses import dataclass

from harness.artifacts import Interactions, Part, Split, SplitRule, pair_keys, stream
from harness.artifacts.array_types import Int64Array
from harness.data.row_order import TieOrder, order_within
from harness.data.splits.part_labels import (
    TEST,
    TRAIN,
    VALIDATION,
    check_seed,
    check_shares,
    finished,
    in_order,
    last_shares,
    lengths_of,
    places_of,
)

_MOST_FOLDS = 1_000_000


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class RandomSplit(SplitRule):
    """Hold out a share of each user's interactions, drawn by chance.

    The draw is by a hash of (seed, the user's own id, the item's own id): it depends on no row number,
    and only on the user's own rows. The share is rounded to the nearest whole number of
    interactions, halves up, and each user keeps at least one in train. Time plays no part, so that
    models learn from what came later; the audits say how much.

    Parameters
    ----------
    test
        Share of each user's interactions for test; above 0.
    validation
        Share for validation; 0 for none. Below 1 together with ``test``.
    ties
        The order of interactions of one user at one moment, or of all of a user's where there are no
        timestamps, which orders histories alone: as in ``LeaveLastOut``, but that there is nothing to
        refuse.
    seed
        Of the draw, and of the shuffle of ties; 0 or more.

    Raises
    ------
    ValueError
        A share is out of range, or the seed is negative.

    Examples
    --------
    >>> from harness.artifacts import Vocabulary
    >>> rows = Interactions(
    ...     users=np.array([0, 0, 0, 0, 1]),
    ...     items=np.array([0, 1, 2, 3, 3]),
    ...     user_ids=Vocabulary.of(["ann", "bob"]),
    ...     item_ids=Vocabulary.of([6, 7, 8, 9]),
    ... )
    >>> split = RandomSplit(test=0.25).split(rows)
    >>> split.part("test").frame()["user"].tolist(), split.facts["users_without_test"]
    (['ann'], 1)
    """

    kind: ClassVar[str] = "random"
    test: float = 0.2
    validation: float = 0.0
    ties: TieOrder = "shuffle"
    seed: int = 0

    def __post_init__(self) -> None:
        check_shares(self.test, self.validation)
        check_seed(self.seed)

    def split(self, interactions: Interactions) -> Split:
        """Return the interactions in canonical order, each with its part.

        Raises
        ------
        DataError
            A part that is asked for has no interaction.
        """
        ordered = in_order(interactions, seed=self.seed, ties=self.ties, kind=self.kind)
        lengths = lengths_of(ordered)
        drawn = _drawn(ordered, seed=stream(self.seed, "random split"))
        labels = np.empty(len(ordered), dtype=np.int8)
        labels[drawn] = last_shares(lengths, places_of(lengths), test=self.test, validation=self.validation)
        needed: tuple[Part, ...] = ("validation", "test") if self.validation else ("test",)
        tested = int(np.count_nonzero(np.bincount(ordered.users[labels == TEST])))
        return finished(
            ordered,
            labels,
            kind=self.kind,
            needed=needed,
            remedy="Choose larger shares, or loosen the filters.",
            ties=None,
            facts={"users_without_test": int((lengths > 0).sum()) - tested},
        )


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class KFold(SplitRule):
    """Hold out one of several folds; every interaction is in test in exactly one of them.

    Each user's interactions are spread over the folds by a hash of (seed, the user's own id, the
    item's own id), so that a user has as many in one fold as in another, give or take one. The folds
    of one seed belong together: run ``fold: 0`` to ``folds - 1``. Users with a single interaction are
    tested without history in one of them, which the audits count. Time plays no part.

    Parameters
    ----------
    folds
        How many; 2 or more, 3 or more with validation, a million at most.
    fold
        The one for test, from 0.
    validation
        Whether the next fold is for validation; after the last comes fold 0.
    ties
        The order of histories alone, as in ``RandomSplit``.
    seed
        Of the folds, and of the shuffle of ties; 0 or more.

    Raises
    ------
    ValueError
        There are too few or too many folds, no such fold, or the seed is negative.

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
            raise ValueError(f"folds is {self.folds}; use {least} or more, so that one is left to train on")
        if self.folds > _MOST_FOLDS:
            raise ValueError(f"folds is {str(self.folds)[:20]}; use {_MOST_FOLDS:,} at most, such as 5")
        if not 0 <= self.fold < self.folds:
            raise ValueError(f"fold is {self.fold}; use one from 0 to {self.folds - 1}, which is folds - 1")
        check_seed(self.seed)

    def split(self, interactions: Interactions) -> Split:
        """Return the interactions in canonical order, each with its part.

        Raises
        ------
        DataError
            A part has no interaction.
        """
        ordered = in_order(interactions, seed=self.seed, ties=self.ties, kind=self.kind)
        lengths = lengths_of(ordered)
        seed = stream(self.seed, "folds")
        # Users begin at folds of their own, or the first folds would hold more than the last.
        begins = pair_keys(seed, ordered.user_ids.keys, np.zeros(1, dtype=np.uint64)) % np.uint64(self.folds)
        folds = np.empty(len(ordered), dtype=np.int64)
        folds[_drawn(ordered, seed=seed)] = places_of(lengths) + np.repeat(begins.astype(np.int64), lengths)
        folds %= self.folds
        labels = np.full(len(ordered), TRAIN, dtype=np.int8)
        labels[folds == self.fold] = TEST
        if self.validation:
            labels[folds == (self.fold + 1) % self.folds] = VALIDATION
        return finished(
            ordered,
            labels,
            kind=self.kind,
            needed=("train", "validation", "test") if self.validation else ("train", "test"),
            remedy="Use fewer folds, or loosen the filters.",
            ties=None,
            facts={},
        )


def _drawn(ordered: Interactions, *, seed: int) -> Int64Array:
    """Return the rows by user, then by a hash of (seed, user, item); int64 ``(n,)``.

    Rows that repeat a pair keep their canonical order, so that no row number decides.
    """
    keys = pair_keys(seed, ordered.user_ids.keys[ordered.users], ordered.item_ids.keys[ordered.items])
    return order_within(ordered.users, keys, [])
