"""Splits of interactions into train, validation and test."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import numpy as np
from pydantic.dataclasses import dataclass

from harness.artifacts import PARTS, Interactions, Split
from harness.artifacts.arrays import Float64Array, Int8Array, Int64Array
from harness.data.describe import sizes
from harness.data.sequences import canonical_order, decided_by_ties, distinct, needed_timestamps
from harness.errors import DataError

_TRAIN, _VALIDATION, _TEST = range(3)


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class LeaveLastOut:
    """Hold out each user's last interaction for test, and the one before for validation.

    A user keeps at least one interaction in train: with one there is nothing to hold out, with two
    the last goes to test and none to validation. How many are so short is in the split's ``facts``.

    Parameters
    ----------
    validation
        Whether to hold out for validation too.
    ties
        The order of interactions of one user at one moment: ``shuffle``, a hash of (seed, the
        user's own id, the item's own id). It depends neither on the order of rows in the file nor
        on how ids are numbered.
    seed
        Of the ties; 0 or more.

    Raises
    ------
    ValueError
        The seed is negative.

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
    validation: bool = True
    ties: Literal["shuffle"] = "shuffle"
    seed: int = 0

    def __post_init__(self) -> None:
        _check_seed(self.seed)

    def split(self, interactions: Interactions) -> Split:
        """Return the interactions in canonical order, each with its part.

        Raises
        ------
        DataError
            There are no timestamps, so that "last" is undefined, or no user has two interactions.
        """
        needed_timestamps(interactions, purpose="split leave_last_out")
        ordered = interactions.rows(canonical_order(interactions, seed=self.seed))
        lengths = np.bincount(ordered.users, minlength=len(ordered.user_ids))
        last = np.cumsum(lengths) - 1
        labels = np.full(len(ordered), _TRAIN, dtype=np.int8)
        labels[last[lengths >= 2]] = _TEST
        if self.validation:
            labels[last[lengths >= 3] - 1] = _VALIDATION
        if not (lengths >= 2).any():
            raise DataError(
                f"split leave_last_out leaves no user to test: none of {(lengths > 0).sum():,} users has two "
                "interactions. Loosen the filters, or check the column of users."
            )
        facts = {"users_too_short_to_test": int((lengths == 1).sum())}
        if self.validation:
            facts["users_too_short_to_validate"] = int(((lengths > 0) & (lengths < 3)).sum())
        return Split(ordered, labels, facts | _facts(ordered, labels))


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class GlobalTime:
    """Hold out what happened from one moment on, the same for all users.

    The moment is the timestamp of the row at the quantile, and everything at or after it is test:
    no moment is on both sides, so that the shares are approximate where timestamps repeat. A
    validation part lies likewise just before. The moments and the real shares are in the split's
    ``facts``. Users without history, and items new in test, are left in and counted.

    Parameters
    ----------
    test
        Share of interactions for test; above 0.
    validation
        Share of interactions for validation; 0 for none. Below 1 together with ``test``.
    ties
        The order of interactions of one user at one moment, which orders histories alone: as in
        ``LeaveLastOut``.
    seed
        Of the ties; 0 or more.

    Raises
    ------
    ValueError
        A share is out of range, or the seed is negative.

    Examples
    --------
    >>> from harness.artifacts import Vocabulary
    >>> rows = Interactions(
    ...     users=np.array([0, 0, 1, 1]),
    ...     items=np.array([0, 1, 0, 1]),
    ...     timestamps=np.array([10, 20, 30, 30]),
    ...     user_ids=Vocabulary.of(["ann", "bob"]),
    ...     item_ids=Vocabulary.of([7, 8]),
    ... )
    >>> split = GlobalTime(test=0.25).split(rows)
    >>> split.labels, split.facts["moments"], split.facts["test"]["share"]
    (array([0, 0, 2, 2], dtype=int8), {'test': 30}, 0.5)
    """

    kind: ClassVar[str] = "global_time"
    test: float = 0.2
    validation: float = 0.0
    ties: Literal["shuffle"] = "shuffle"
    seed: int = 0

    def __post_init__(self) -> None:
        _check_seed(self.seed)
        if not 0 < self.test < 1:
            raise ValueError(f"test is {self.test}; use a share between 0 and 1, such as 0.2")
        if not 0 <= self.validation < 1:
            raise ValueError(f"validation is {self.validation}; use a share from 0 (none) to below 1, such as 0.1")
        if self.test + self.validation >= 1:
            raise ValueError(f"test {self.test} and validation {self.validation} leave nothing to train on")

    def split(self, interactions: Interactions) -> Split:
        """Return the interactions in canonical order, each with its part.

        Raises
        ------
        DataError
            There are no timestamps, or a part that is asked for has no interaction.
        """
        times = needed_timestamps(interactions, purpose="split global_time")
        moments = {"test": _moment(times, self.test)}
        if self.validation > 0:
            moments["validation"] = _moment(times, self.test + self.validation)
        order = canonical_order(interactions, seed=self.seed)
        ordered, times = interactions.rows(order), times[order]
        labels = np.full(len(ordered), _TRAIN, dtype=np.int8)
        for part in ("validation", "test"):
            if part in moments:
                labels[times >= moments[part]] = PARTS.index(part)
        for part in ("train", *moments):
            if not (labels == PARTS.index(part)).any():
                raise DataError(
                    f"split global_time leaves no interaction in {part}: {len(times):,} interactions have "
                    f"{distinct(times):,} distinct timestamps, and no moment is cut in two "
                    f"({_told(moments)}). Choose other shares, or another split."
                )
        return Split(ordered, labels, {"moments": moments} | _facts(ordered, labels))


def _moment(times: Int64Array | Float64Array, share: float) -> int | float:
    """Return the time at which the last share of the rows begins."""
    held_out = round(share * len(times))
    if held_out == 0:
        raise DataError(
            f"split global_time leaves no interaction to hold out: {share:g} of {len(times):,} is none. "
            "Choose a larger share, or loosen the filters."
        )
    quantile = max(len(times) - held_out, 0)
    moment: int | float = np.partition(times, quantile)[quantile].item()
    return moment


def _told(moments: dict[str, Any]) -> str:
    return ", ".join(f"{part} begins at {moment}" for part, moment in moments.items())


def _check_seed(seed: int) -> None:
    if seed < 0:
        raise ValueError(f"seed is {seed}; use 0 or more")


def _facts(interactions: Interactions, labels: Int8Array) -> dict[str, Any]:
    """Return what is counted of any split.

    For each part its ``interactions``, ``users``, ``items`` and ``share`` of the interactions;
    ``tied_users``, those with an interaction in test that another order of ties would have put
    elsewhere; ``test_unseen_in_history`` and ``test_unseen_in_train``, the ``interactions`` and
    ``items`` of test whose item is in neither train nor validation, and not in train.
    """
    facts: dict[str, Any] = {}
    for index, part in enumerate(PARTS):
        counts = sizes(interactions.rows(labels == index))
        facts[part] = counts | {"share": counts["interactions"] / len(interactions)}
    test = labels == _TEST
    tied = distinct(interactions.users[test & decided_by_ties(interactions, labels)])
    facts["tied_users"] = {"count": tied, "of": facts["test"]["users"], "share": tied / facts["test"]["users"]}
    held_out = interactions.items[test]
    for name, seen in (("history", (labels == _TRAIN) | (labels == _VALIDATION)), ("train", labels == _TRAIN)):
        known = np.zeros(len(interactions.item_ids), dtype=np.bool_)
        known[interactions.items[seen]] = True
        unseen = held_out[~known[held_out]]
        facts[f"test_unseen_in_{name}"] = {"interactions": len(unseen), "items": distinct(unseen)}
    return facts
