"""Hold out a random share of each user's interactions."""

from __future__ import annotations

from typing import ClassVar

from pydantic.dataclasses import dataclass

from harness.artifacts import Interactions, Split, SplitRule, stream
from harness.data.canonical_order import TieOrder
from harness.data.splits.labelled_split import ordered_interactions
from harness.data.splits.split_options import check_seed, check_shares
from harness.data.splits.user_rows import hashed_order, last_share_split


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class RandomSplit(SplitRule):
    """Hold out a random share of each user's interactions.

    The draw is by a hash of (seed, external user id, external item id): it does not depend on the order of rows, nor
    on other users. The share is rounded to the nearest whole number of interactions, halves up, and each user keeps at
    least one in train. Timestamps are not used, so models may learn from later interactions; the audits say how many.

    Parameters
    ----------
    test
        Share of each user's interactions for test; above 0.
    validation
        Share for validation; 0 for none. The sum with ``test`` is below 1.
    ties
        The order of a user's interactions with the same timestamp, or of all of them without timestamps, as in
        ``LeaveLastOut``, without ``error``. It only orders the histories.
    seed
        Seed of the draw and of the shuffle of ties; 0 or more.

    Raises
    ------
    ValueError
        A share is out of range, or the seed is negative.

    Examples
    --------
    >>> import numpy as np
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
        """Split the interactions, and return them in canonical order.

        Raises
        ------
        DataError
            A requested part would be empty.
        """
        ordered = ordered_interactions(interactions, seed=self.seed, ties=self.ties, kind=self.kind)
        drawn = hashed_order(ordered, seed=stream(self.seed, "random split"))
        return last_share_split(ordered, drawn, kind=self.kind, test=self.test, validation=self.validation, ties=None)
