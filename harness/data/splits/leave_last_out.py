"""Splits that hold out what each user did last."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from pydantic.dataclasses import dataclass

from harness.artifacts import Interactions, Part, Split, SplitRule
from harness.data.row_order import needed_timestamps
from harness.data.splits.part_labels import (
    TEST,
    TRAIN,
    VALIDATION,
    Ties,
    check_seed,
    check_shares,
    finished,
    in_order,
    last_shares,
    lengths_of,
    places_of,
)
from harness.errors import DataError


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class LeaveLastOut(SplitRule):
    """Hold out each user's last interactions for test, and those before for validation.

    A user keeps at least one interaction in train: one with ``n`` or fewer has nothing held out,
    one with at most twice ``n`` has none in validation. How many are so short is in the split's
    ``facts``.

    Parameters
    ----------
    n
        Interactions to hold out for test, and as many for validation; 1 or more.
    validation
        Whether to hold out for validation too.
    ties
        The order of interactions of one user at one moment. ``shuffle``: by a hash of (seed, the
        user's own id, the item's own id), which depends neither on the order of rows in the file nor
        on how ids are numbered. ``stable``: as in the file. ``item_ascending``, ``item_descending``:
        by the item's own id, integers by their size. ``error``: refuse a tie that decides a part.
    seed
        Of the shuffle; 0 or more.

    Raises
    ------
    ValueError
        ``n`` is below 1, the seed is negative, or there is one for a tie rule that draws nothing.

    Examples
    --------
    >>> from harness.artifacts import Vocabulary
    >>> rows = Interactions(
    ...     users=np.array([0, 0, 0, 1]),
    ...     items=np.array([0, 1, 2, 2]),
    ...     timestamps=np.array([30, 10, 20, 5]),
    ...     user_ids=Vocabulary.of(["ann", "bob"]),
    ...     item_ids=Vocabulary.of([7, 8, 9]),
    ... )
    >>> split = LeaveLastOut().split(rows)
    >>> [split.part(name).frame()["item"].tolist() for name in ("train", "validation", "test")]
    [[8, 9], [9], [7]]
    """

    kind: ClassVar[str] = "leave_last_out"
    n: int = 1
    validation: bool = True
    ties: Ties = "shuffle"
    seed: int = 0

    def __post_init__(self) -> None:
        if self.n < 1:
            raise ValueError(f"n is {self.n}; use 1 or more")
        check_seed(self.seed, ties=self.ties)

    def split(self, interactions: Interactions) -> Split:
        """Return the interactions in canonical order, each with its part.

        Raises
        ------
        DataError
            There are no timestamps, so that "last" is undefined, no user has enough interactions, or
            a tie decides that is to be refused.
        """
        needed_timestamps(interactions, purpose="split leave_last_out")
        ordered = in_order(interactions, seed=self.seed, ties=self.ties, kind=self.kind)
        lengths = lengths_of(ordered)
        if not (lengths > self.n).any():
            raise DataError(
                f"split leave_last_out leaves no user to test: none of {(lengths > 0).sum():,} users has "
                f"{self.n + 1} interactions. Loosen the filters, or check the column of users."
            )
        lasts = np.cumsum(lengths) - 1
        labels = np.full(len(ordered), TRAIN, dtype=np.int8)
        tested, validated = lasts[lengths > self.n], lasts[lengths > 2 * self.n]
        for before in range(self.n):
            labels[tested - before] = TEST
            if self.validation:
                labels[validated - self.n - before] = VALIDATION
        facts = {"users_too_short_to_test": int(((lengths > 0) & (lengths <= self.n)).sum())}
        if self.validation:
            facts["users_too_short_to_validate"] = int(((lengths > 0) & (lengths <= 2 * self.n)).sum())
        return finished(ordered, labels, kind=self.kind, needed=(), remedy="", ties=self.ties, facts=facts)


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class UserTime(SplitRule):
    """Hold out the last share of each user's interactions.

    The share is rounded to the nearest whole number of interactions, halves up, and each user keeps
    at least one in train. So users with few interactions may have none in test; the ``facts`` count
    them.

    Parameters
    ----------
    test
        Share of each user's interactions for test; above 0.
    validation
        Share of those just before; 0 for none. Below 1 together with ``test``.
    ties, seed
        The order of interactions of one user at one moment, as in ``LeaveLastOut``.

    Raises
    ------
    ValueError
        A share is out of range, the seed is negative, or there is one for a tie rule that draws
        nothing.

    Examples
    --------
    >>> from harness.artifacts import Vocabulary
    >>> rows = Interactions(
    ...     users=np.array([0, 0, 0, 0, 1]),
    ...     items=np.array([0, 1, 2, 3, 3]),
    ...     timestamps=np.array([40, 10, 30, 20, 5]),
    ...     user_ids=Vocabulary.of(["ann", "bob"]),
    ...     item_ids=Vocabulary.of([6, 7, 8, 9]),
    ... )
    >>> split = UserTime(test=0.5).split(rows)
    >>> split.part("test").frame()["item"].tolist(), split.facts["users_without_test"]
    ([8, 6], 1)
    """

    kind: ClassVar[str] = "user_time"
    test: float = 0.2
    validation: float = 0.0
    ties: Ties = "shuffle"
    seed: int = 0

    def __post_init__(self) -> None:
        check_shares(self.test, self.validation)
        check_seed(self.seed, ties=self.ties)

    def split(self, interactions: Interactions) -> Split:
        """Return the interactions in canonical order, each with its part.

        Raises
        ------
        DataError
            There are no timestamps, a part that is asked for has no interaction, or a tie decides
            that is to be refused.
        """
        needed_timestamps(interactions, purpose="split user_time")
        ordered = in_order(interactions, seed=self.seed, ties=self.ties, kind=self.kind)
        lengths = lengths_of(ordered)
        labels = last_shares(lengths, places_of(lengths), test=self.test, validation=self.validation)
        needed: tuple[Part, ...] = ("validation", "test") if self.validation else ("test",)
        users = int((lengths > 0).sum())
        tested = int(np.count_nonzero(np.bincount(ordered.users[labels == TEST])))
        return finished(
            ordered,
            labels,
            kind=self.kind,
            needed=needed,
            remedy="Choose larger shares, or loosen the filters.",
            ties=self.ties,
            facts={"users_without_test": users - tested},
        )
