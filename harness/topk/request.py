"""Input and output of the top-K engine."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from harness.artifacts import TargetRanks, TopK, stream, user_halves
from harness.artifacts.array_types import BoolArray, Float32Array, IdArray, Int32Array, Int64Array, UInt64Array
from harness.topk.kernel_state import SortedRows, TieKeys
from harness.topk.mask_kernels import sort_rows


@dataclass(frozen=True, eq=False)
class ItemRows:
    """Some items of each user, as CSR.

    Parameters
    ----------
    indptr
        int64 ``(users + 1,)``, from 0.
    items
        int32 ``(n,)``.
    """

    indptr: Int64Array
    items: Int32Array

    @classmethod
    def none(cls, n_users: int) -> ItemRows:
        """Return an empty row for each user."""
        return cls(np.zeros(n_users + 1, dtype=np.int64), np.empty(0, dtype=np.int32))

    def rows(self, start: int, stop: int) -> ItemRows:
        """Return the rows of consecutive users."""
        indptr = self.indptr[start : stop + 1]
        return ItemRows(indptr - indptr[0], self.items[indptr[0] : indptr[-1]])

    def ascending(self) -> SortedRows:
        """Return a copy with the items of each row in ascending order, as the kernels read it."""
        items = np.array(self.items, dtype=np.int32)
        sort_rows(self.indptr, items)
        return SortedRows(self.indptr, items, self.indptr[:-1].copy())


@dataclass(frozen=True, eq=False)
class TieBreak:
    """Order among equal scores: by the hash of (seed, external user id, external item id).

    Parameters
    ----------
    seed
        Another seed gives another order.
    user_keys, item_keys
        uint64 ``(users,)`` and ``(items,)``: ``Vocabulary.keys``.
    """

    seed: int
    user_keys: UInt64Array
    item_keys: UInt64Array

    @property
    def stream(self) -> int:
        """The seed of the random stream for breaking ties."""
        return stream(self.seed, "ties")

    @property
    def both(self) -> tuple[UInt64Array, UInt64Array]:
        """The keys of users and of items."""
        return self.user_keys, self.item_keys

    @property
    def order(self) -> TieKeys:
        """The form that the kernels read."""
        return TieKeys(user_halves(self.stream, self.user_keys), self.item_keys)


@dataclass(frozen=True, eq=False)
class TopKRequest:
    """Request for the best items of some users.

    Parameters
    ----------
    k
        Length of the lists, 1 or more.
    ties
        The order among equal scores.
    seen
        Items that each user must not be recommended; None for no such items.
    lists
        The only items that each user may be recommended; None for all items.
    allowed
        bool ``(items,)``: whether an item may be recommended to anyone; None for all items.
    targets
        Items of each user whose exact ranks are counted; None for no such items.
    """

    k: int
    ties: TieBreak
    seen: ItemRows | None = None
    lists: ItemRows | None = None
    allowed: BoolArray | None = None
    targets: ItemRows | None = None

    @property
    def n_users(self) -> int:
        """Number of users."""
        return len(self.ties.user_keys)

    @property
    def n_items(self) -> int:
        """Number of items."""
        return len(self.ties.item_keys)

    def rows(self, start: int, stop: int) -> TopKRequest:
        """Return the request for consecutive users."""

        def part(rows: ItemRows | None) -> ItemRows | None:
            return None if rows is None else rows.rows(start, stop)

        ties = replace(self.ties, user_keys=self.ties.user_keys[start:stop])
        return replace(self, ties=ties, seen=part(self.seen), lists=part(self.lists), targets=part(self.targets))


@dataclass(frozen=True, eq=False)
class TopKResult:
    """The best items of each user, and the exact ranks of the targets.

    Parameters
    ----------
    items
        int32 ``(users, k)``: best first, -1 where candidates ran out.
    scores
        float32 ``(users, k)``: -inf where candidates ran out.
    above, tied
        int32 ``(targets,)``: candidates with a higher, and others with the same score; -1 where the
        target is not a candidate.
    candidates
        int32 ``(users,)``: how many each user had.
    oddities
        int32 ``(users, 4)`` for lists that a model made itself: number of items it returned, and how many of these were
        unknown, repeated, or not allowed. None for lists made from scores.
    """

    items: Int32Array
    scores: Float32Array
    above: Int32Array
    tied: Int32Array
    candidates: Int32Array
    oddities: Int32Array | None = None

    @classmethod
    def empty(cls, request: TopKRequest) -> TopKResult:
        """Return uninitialised arrays of the shapes of a request."""
        n_targets = 0 if request.targets is None else len(request.targets.items)
        return cls(
            np.empty((request.n_users, request.k), dtype=np.int32),
            np.empty((request.n_users, request.k), dtype=np.float32),
            np.empty(n_targets, dtype=np.int32),
            np.empty(n_targets, dtype=np.int32),
            np.empty(request.n_users, dtype=np.int32),
        )

    def lists(self, users: IdArray | None = None) -> TopK:
        """Return the lists, with the external ids of their users."""
        return TopK(self.items, self.scores, users)

    @property
    def target_ranks(self) -> TargetRanks | None:
        """Exact ranks of the targets; None for lists that a model made itself, which have no scores of all items."""
        return TargetRanks(self.above, self.tied, self.candidates) if self.oddities is None else None


class InfiniteScoreError(ArithmeticError):
    """A score is NaN or infinite.

    Parameters
    ----------
    user, item
        Rows of the vectors.
    score
        Its value.
    """

    def __init__(self, user: int, item: int, score: float) -> None:
        super().__init__(f"the score of user {user} and item {item} is {score}")
        self.user, self.item, self.score = user, item, score
