"""Build a split from the part of each interaction: check it, and count its facts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from harness.artifacts import PARTS, Facts, Interactions, Part, Split
from harness.artifacts.array_types import BoolArray, Int8Array
from harness.data.canonical_order import TieOrder, canonical_order, decided_by_ties, require_timestamps
from harness.data.repeated_pairs import count_distinct
from harness.data.splits.split_options import Ties
from harness.errors import DataError

TRAIN, VALIDATION, TEST, FOLD_IN = range(len(PARTS))


def ordered_interactions(interactions: Interactions, *, seed: int, ties: Ties, kind: str) -> Interactions:
    """Return the interactions in canonical order under a tie rule.

    Raises
    ------
    DataError
        ``ties`` is ``error``, and there are no timestamps.
    """
    if ties == "error":
        require_timestamps(interactions, purpose=f"split {kind} with ties: error")
    rule: TieOrder = "shuffle" if ties == "error" else ties
    return interactions.rows(canonical_order(interactions, seed=seed, ties=rule))


def labelled_split(
    ordered: Interactions,
    labels: Int8Array,
    *,
    kind: str,
    needed: Sequence[Part] = (),
    remedy: str = "",
    ties: Ties | None = None,
    facts: Facts | None = None,
) -> Split:
    """Return the split, after checking its parts and its ties.

    Parameters
    ----------
    ordered
        The interactions in canonical order.
    labels
        The part of each row.
    kind
        The kind of the split, for messages.
    needed
        The parts that must not be empty.
    remedy
        What to do if one is empty, for messages.
    ties
        The tie rule if the order in time decided the parts, else None.
    facts
        Counts specific to this split.

    Raises
    ------
    DataError
        A part is empty, or a tie decides a part and ``ties`` is ``error``.
    """
    for part in needed:
        if not (labels == PARTS.index(part)).any():
            raise DataError(
                f"split {kind} leaves no interaction in {part}, of {len(ordered):,} interactions of "
                f"{count_distinct(ordered.users):,} users. {remedy}"
            )
    decided = np.zeros(len(ordered), dtype=np.bool_) if ties is None else decided_by_ties(ordered, labels)
    if ties == "error" and decided.any():
        count = count_distinct(ordered.users[decided])
        raise DataError(
            f"split {kind} with ties: error: for {count:,} of {count_distinct(ordered.users):,} users, interactions "
            "with the same timestamp would fall into different parts, so only the tie rule decides. "
            "Use ties: shuffle and report the seed, or a split that no tie decides, such as global_time."
        )
    return Split(
        ordered, labels, {**(facts or {}), **_common_facts(ordered, labels, decided, by_time=ties is not None)}
    )


def _common_facts(
    interactions: Interactions, labels: Int8Array, decided: BoolArray, *, by_time: bool
) -> dict[str, Any]:
    """Return the facts that every split counts.

    These are, per part, ``interactions``, ``users``, ``items`` and ``share`` of the interactions; ``outside``, the
    interactions in no part, if there are any; ``tied_users``, the users with a test interaction that another order of
    ties would put into another part, None if the order in time does not decide the parts; ``test_unseen_in_history``
    and ``test_unseen_in_train``, the ``interactions`` and ``items`` of test whose item is in no earlier part, and not
    in train.
    """
    facts: dict[str, Any] = {}
    n_items = len(interactions.item_ids)
    seen = {}
    for index, part in enumerate(PARTS):
        inside = labels == index
        count = int(np.count_nonzero(inside))
        if part == "fold_in" and count == 0:
            continue
        of_users = np.bincount(interactions.users[inside])
        of_items = np.bincount(interactions.items[inside], minlength=n_items)
        seen[part] = of_items > 0
        facts[part] = {
            "interactions": count,
            "users": int(np.count_nonzero(of_users)),
            "items": int(np.count_nonzero(of_items)),
            "share": count / len(interactions),
        }
    outside = int(np.count_nonzero(labels < 0))
    if outside:
        facts["outside"] = {"interactions": outside, "share": outside / len(interactions)}
    test = labels == TEST
    facts["tied_users"] = None
    if by_time:
        tied = count_distinct(interactions.users[test & decided])
        facts["tied_users"] = {"count": tied, "of": facts["test"]["users"], "share": tied / facts["test"]["users"]}
    held_out = interactions.items[test]
    history = np.logical_or.reduce([of_items for part, of_items in seen.items() if part != "test"])
    for name, known in (("history", history), ("train", seen["train"])):
        unseen = held_out[~known[held_out]]
        facts[f"test_unseen_in_{name}"] = {"interactions": len(unseen), "items": count_distinct(unseen)}
    return facts
