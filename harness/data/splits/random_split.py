"""Splits by chance, which need no timestamps."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from pydantic.dataclasses import dataclass

from harness.artifacts import Interactions, Part, Split, SplitRule, stream
from harness.data.canonical_order import TieOrder
from harness.data.splits.labelled_split import TEST, labelled_split, ordered_interactions
from harness.data.splits.split_options import check_seed, check_shares
from harness.data.splits.user_rows import hashed_order, last_share_labels, places_within_users, rows_per_user


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
        ordered = ordered_interactions(interactions, seed=self.seed, ties=self.ties, kind=self.kind)
        lengths = rows_per_user(ordered)
        drawn = hashed_order(ordered, seed=stream(self.seed, "random split"))
        labels = np.empty(len(ordered), dtype=np.int8)
        labels[drawn] = last_share_labels(
            lengths, places_within_users(lengths), test=self.test, validation=self.validation
        )
        needed: tuple[Part, ...] = ("validation", "test") if self.validation else ("test",)
        tested = int(np.count_nonzero(np.bincount(ordered.users[labels == TEST])))
        return labelled_split(
            ordered,
            labels,
            kind=self.kind,
            needed=needed,
            remedy="Choose larger shares, or loosen the filters.",
            ties=None,
            facts={"users_without_test": int((lengths > 0).sum()) - tested},
        )
