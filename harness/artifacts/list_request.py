"""Which lists a model that makes lists itself is to return."""

from __future__ import annotations

from dataclasses import dataclass, replace

from harness.artifacts.array_types import BoolArray, Int64Array
from harness.artifacts.candidate_lists import CandidateLists


@dataclass(frozen=True, eq=False)
class ListRequest:
    """The length of the lists and the items that they may hold, row by row for a batch of users.

    Parameters
    ----------
    k
        Length of the lists, 1 or more.
    seen
        The items that each user may not be recommended; None: no item is excluded.
    lists
        The only items that each user may be recommended; None: all items.
    allowed
        bool ``(items,)``: the items that anyone may be recommended; None: all items.
    seed
        Seed of the order among equal scores, which is by the hash of (seed, external user id, external item id).

    Examples
    --------
    >>> import numpy as np
    >>> seen = CandidateLists(np.array([0, 1, 3]), np.array([7, 8, 9], dtype=np.int32))
    >>> ListRequest(k=5, seen=seen).of(np.array([1])).seen.items.tolist()
    [8, 9]
    """

    k: int
    seen: CandidateLists | None = None
    lists: CandidateLists | None = None
    allowed: BoolArray | None = None
    seed: int = 0

    def of(self, rows: Int64Array) -> ListRequest:
        """Return the request for some users of the batch, int64 ``(n,)``, in the order given."""
        return replace(
            self,
            seen=None if self.seen is None else self.seen.of(rows),
            lists=None if self.lists is None else self.lists.of(rows),
        )
