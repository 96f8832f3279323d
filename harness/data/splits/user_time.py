"""Hold out the last share of each user's interactions."""

from __future__ import annotations

from typing import ClassVar

from pydantic.dataclasses import dataclass

from harness.artifacts import Interactions, Split, SplitRule
from harness.data.canonical_order import require_timestamps
from harness.data.splits.labelled_split import ordered_interactions
from harness.data.splits.split_options import Ties, check_seed, check_shares
from harness.data.splits.user_rows import last_share_split


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class UserTime(SplitRule):
    """Hold out the last share of each user's interactions.

    The share is rounded to the nearest whole number of interactions, halves up, and each user keeps at least one in
    train. So users with few interactions may have none in test; the ``facts`` count them.

    Parameters
    ----------
    test
        Share of each user's interactions for test; above 0.
    validation
        Share of the interactions just before them; 0 for none. The sum with ``test`` is below 1.
    ties, seed
        The order of a user's interactions with the same timestamp, as in ``LeaveLastOut``.

    Raises
    ------
    ValueError
        A share is out of range, the seed is negative, or the tie rule does not use it.

    Examples
    --------
    >>> import numpy as np
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
        """Split the interactions, and return them in canonical order.

        Raises
        ------
        DataError
            There are no timestamps, a requested part would be empty, or a tie decides a part and ``ties`` is
            ``error``.
        """
        require_timestamps(interactions, purpose="split user_time")
        ordered = ordered_interactions(interactions, seed=self.seed, ties=self.ties, kind=self.kind)
        return last_share_split(
            ordered, slice(None), kind=self.kind, test=self.test, validation=self.validation, ties=self.ties
        )
