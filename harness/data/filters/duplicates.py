"""Remove interactions that repeat a pair of user and item."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from pydantic.dataclasses import dataclass

from harness.artifacts import Interactions
from harness.data.canonical_order import TiedRuns
from harness.data.repeated_pairs import pair_codes


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class Duplicates:
    """Keep one interaction, or none, of each pair of user and item that has several.

    Parameters
    ----------
    keep
        ``first`` or ``last`` in time; of equal timestamps the lowest rating is first. Without timestamps, the order
        of the file decides. ``none`` removes all of them, including the first.

    Examples
    --------
    >>> from harness.artifacts import Vocabulary
    >>> rows = Interactions(
    ...     users=np.array([0, 0, 0]),
    ...     items=np.array([0, 0, 1]),
    ...     timestamps=np.array([30, 10, 20]),
    ...     user_ids=Vocabulary.of(["ann"]),
    ...     item_ids=Vocabulary.of([7, 9]),
    ... )
    >>> [Duplicates(keep=keep).apply(rows).timestamps.tolist() for keep in ("first", "last", "none")]
    [[10, 20], [30, 20], [20]]
    """

    kind: ClassVar[str] = "duplicates"
    keep: Literal["first", "last", "none"]

    def apply(self, interactions: Interactions) -> Interactions:
        """Return the remaining interactions in their order, with vocabularies of the ids that occur in them."""
        codes = pair_codes(interactions)
        order = np.argsort(codes, kind="stable")
        runs = TiedRuns.of(codes[order], None)
        # Few pairs repeat, and only their rows are sorted by time.
        repeated = np.flatnonzero(runs.shared)
        if interactions.timestamps is not None:
            rows = order[repeated]
            ratings = np.zeros(len(rows)) if interactions.values is None else interactions.values[rows]
            order[repeated] = rows[np.lexsort((ratings, interactions.timestamps[rows], codes[rows]))]
        chosen = {"first": runs.starts, "last": runs.ends - 1, "none": runs.starts[runs.sizes == 1]}[self.keep]
        return interactions.rows(np.sort(order[chosen])).compact()
