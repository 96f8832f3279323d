"""Hold out a share of the users."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from pydantic.dataclasses import dataclass

from harness.artifacts import Interactions, Part, Split, SplitRule, pair_keys, stream
from harness.artifacts.array_types import Int8Array, Int64Array
from harness.data.splits.labelled_split import FOLD_IN, TEST, TRAIN, VALIDATION, labelled_split, ordered_interactions
from harness.data.splits.split_options import Ties, check_seed, check_shares
from harness.data.splits.user_rows import places_within_users, rounded_share, rows_per_user
from harness.errors import DataError


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class UserHoldout(SplitRule):
    """Hold out a share of the users; models are fitted on the other users.

    The first interactions of a held-out user are ``fold_in``: the user's history at prediction time, which no model is
    fitted on. The rest is test or validation. Users are drawn by a hash of (seed, external id) among those with enough
    interactions for both; the others stay in train, and the ``facts`` count them. This is strong generalisation
    (Marlin 2004; Liang et al. 2018).

    Parameters
    ----------
    test
        Share of users for test; above 0.
    validation
        Share of users for validation; 0 for none. The sum with ``test`` is below 1.
    fold_in
        The history of a held-out user: a share between 0 and 1 of the interactions, rounded to a whole number that
        leaves at least one on each side, or a whole number of interactions.
    ties
        The order of a user's interactions with the same timestamp, as in ``LeaveLastOut``. Without timestamps, all
        interactions of a user are tied, so ``shuffle`` draws the history at random.
    seed
        Seed of the draw of users and of the shuffle of ties; 0 or more.

    Raises
    ------
    ValueError
        A share or number is out of range, or the seed is negative.

    References
    ----------
    B. Marlin, "Collaborative filtering: a machine learning perspective", MSc thesis, Toronto, 2004.
    D. Liang et al., "Variational autoencoders for collaborative filtering", WWW 2018, section 4.2.

    Examples
    --------
    >>> from harness.artifacts import Vocabulary
    >>> rows = Interactions(
    ...     users=np.array([0, 0, 1, 1]),
    ...     items=np.array([0, 1, 0, 1]),
    ...     timestamps=np.array([10, 20, 30, 40]),
    ...     user_ids=Vocabulary.of(["ann", "bob"]),
    ...     item_ids=Vocabulary.of([6, 7]),
    ... )
    >>> split = UserHoldout(test=0.5, fold_in=1).split(rows)
    >>> [len(split.part(part)) for part in ("train", "fold_in", "test")]
    [2, 1, 1]
    """

    kind: ClassVar[str] = "user_holdout"
    test: float = 0.1
    validation: float = 0.0
    fold_in: int | float = 0.8
    ties: Ties = "shuffle"
    seed: int = 0

    def __post_init__(self) -> None:
        check_shares(self.test, self.validation)
        check_seed(self.seed)
        fits = self.fold_in >= 1 if isinstance(self.fold_in, int) else 0 < self.fold_in < 1
        if not fits:
            raise ValueError(
                f"fold_in is {self.fold_in}; use a share between 0 and 1, such as 0.8, or a whole number of "
                "interactions, such as 5"
            )

    def split(self, interactions: Interactions) -> Split:
        """Split the interactions, and return them in canonical order.

        Raises
        ------
        DataError
            Too few users have enough interactions, a requested part would be empty, or a tie decides a part and
            ``ties`` is ``error``.
        """
        ordered = ordered_interactions(interactions, seed=self.seed, ties=self.ties, kind=self.kind)
        lengths = rows_per_user(ordered)
        known = self._known(lengths)
        roles = self._roles(ordered, lengths, known)
        labels = np.repeat(roles, lengths)
        first = places_within_users(lengths) < np.repeat(known, lengths)
        labels[first & (labels != TRAIN)] = FOLD_IN
        needed: tuple[Part, ...] = ("train", "validation", "test") if self.validation else ("train", "test")
        return labelled_split(
            ordered,
            labels,
            kind=self.kind,
            needed=needed,
            remedy="Choose other shares of users, or loosen the filters.",
            ties=None if ordered.timestamps is None else self.ties,
            facts={"users_too_short_to_hold_out": int(((lengths > 0) & (lengths <= known)).sum())},
        )

    def _known(self, lengths: Int64Array) -> Int64Array:
        """Return the number of interactions of each user that would be history."""
        if isinstance(self.fold_in, int):
            return np.full(len(lengths), self.fold_in)
        return np.maximum(np.minimum(rounded_share(lengths, self.fold_in), lengths - 1), 1)

    def _roles(self, ordered: Interactions, lengths: Int64Array, known: Int64Array) -> Int8Array:
        """Return the part of each user's interactions after the history; int8 ``(users,)``."""
        users = np.array([np.count_nonzero(lengths)])
        tested = int(rounded_share(users, self.test)[0])
        held_out = int(rounded_share(users, self.test + self.validation)[0])
        able = np.flatnonzero(lengths > known)
        if held_out > len(able):
            raise DataError(
                f"split user_holdout needs {held_out:,} of {users[0]:,} users, but only {len(able):,} have enough "
                f"interactions for fold_in: {self.fold_in} and one more. Choose smaller values."
            )
        draw = pair_keys(stream(self.seed, "held-out users"), ordered.user_ids.keys[able], np.zeros(1, dtype=np.uint64))
        chosen = able[np.argsort(draw, kind="stable")[:held_out]]
        roles = np.full(len(lengths), TRAIN, dtype=np.int8)
        roles[chosen] = VALIDATION
        roles[chosen[:tested]] = TEST
        return roles
