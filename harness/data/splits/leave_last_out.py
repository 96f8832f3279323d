"""Hold out each user's last interactions."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from pydantic.dataclasses import dataclass

from harness.artifacts import Interactions, Split, SplitRule
from harness.data.canonical_order import require_timestamps
from harness.data.splits.labelled_split import TEST, TRAIN, VALIDATION, labelled_split, ordered_interactions
from harness.data.splits.split_options import Ties, check_seed
from harness.data.splits.user_rows import rows_per_user
from harness.errors import DataError


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class LeaveLastOut(SplitRule):
    """Hold out each user's last interactions for test, and those before them for validation.

    Each user keeps at least one interaction in train: a user with ``n`` interactions or fewer has nothing held out,
    and one with at most twice ``n`` has nothing in validation. The split's ``facts`` count such users.

    Parameters
    ----------
    n
        Number of interactions to hold out for test, and again for validation; 1 or more.
    validation
        Whether to hold out a validation part.
    ties
        The order of a user's interactions with the same timestamp. ``shuffle``: by a hash of (seed, external user
        id, external item id), which does not depend on the order of rows in the file. ``stable``: as in the file.
        ``item_ascending``, ``item_descending``: by the external item id, integers by their size. ``error``: raise if
        a tie decides a part.
    seed
        Seed of the shuffle; 0 or more.

    Raises
    ------
    ValueError
        ``n`` is below 1, the seed is negative, or the tie rule does not use it.

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
        """Split the interactions, and return them in canonical order.

        Raises
        ------
        DataError
            There are no timestamps, no user has enough interactions, or a tie decides a part and ``ties`` is
            ``error``.
        """
        require_timestamps(interactions, purpose="split leave_last_out")
        ordered = ordered_interactions(interactions, seed=self.seed, ties=self.ties, kind=self.kind)
        lengths = rows_per_user(ordered)
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
        return labelled_split(ordered, labels, kind=self.kind, ties=self.ties, facts=facts)
