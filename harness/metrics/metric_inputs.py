"""Inputs of metrics: lists, hits, and relevant items with their ranks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from harness.artifacts import SideInformation, TargetRanks, indptr_of_kept
from harness.artifacts.array_types import BoolArray, Float32Array, Int32Array, Int64Array, UInt64Array
from harness.errors import HarnessError
from harness.execution import Parallel

WORD = 64  # number of ranks per integer of a bit set
NO_LIST = -1  # row of a user without predictions
MISSED, REPEATED = -1, -2  # places of relevant items that are not in the list, and of repeated relevant items
_UNBOUNDED = int(np.iinfo(np.int64).max)


@dataclass(frozen=True, eq=False)
class Ranks:
    """Exact ranks of the relevant items of a block of users among all candidates; see ``TargetRanks``.

    Parameters
    ----------
    indptr
        int64 ``(users + 1,)``, from 0.
    above, tied
        int32 ``(n,)``: number of candidates with a higher score, and of others with the same score; -1 for an item that
        was not a candidate.
    candidates
        int32 ``(users,)``: number of candidates.
    """

    indptr: Int64Array
    above: Int32Array
    tied: Int32Array
    candidates: Int32Array


@dataclass(frozen=True, eq=False)
class Targets:
    """The relevant items of a block of users, one by one.

    Parameters
    ----------
    indptr
        int64 ``(users + 1,)``, from 0.
    items
        int32 ``(n,)``.
    places
        int32 ``(n,)``: rank of each item in its user's list, counted from 0; ``MISSED`` if it is not in the ranks that
        are looked at, ``REPEATED`` if the item is listed earlier among the user's relevant items and so does not count.
    gains
        float32 ``(n,)``, or None for binary relevance.
    """

    indptr: Int64Array
    items: Int32Array
    places: Int32Array
    gains: Float32Array | None = None


@dataclass(frozen=True, eq=False)
class RelevantItems:
    """Relevant items of the users of ``Lists``, as CSR.

    Parameters
    ----------
    indptr
        int64 ``(rows + 1,)``.
    items
        int32 ``(n,)``, each 0 or more.
    rows
        int64 ``(users,)``: row of each user, ascending; other rows are empty.
    ranks
        Exact ranks of the items, or None if they are not known.
    gains
        float32 ``(n,)``, above 0, or None for binary relevance.
    """

    indptr: Int64Array
    items: Int32Array
    rows: Int64Array
    ranks: TargetRanks | None = None
    gains: Float32Array | None = None

    def of_items(self, kept: BoolArray) -> RelevantItems:
        """Return some of the items, bool ``(n,)``; the users stay."""
        return RelevantItems(
            indptr_of_kept(self.indptr, kept),
            self.items[kept],
            self.rows,
            None if self.ranks is None else self.ranks.of_items(kept),
            None if self.gains is None else self.gains[kept],
        )

    def bounds(self, block: slice) -> Int64Array:
        """Return where the items of each user of a block begin, and where the last end; int64 ``(users + 1,)``."""
        rows = self.rows[block]
        return np.append(self.indptr[rows], self.indptr[rows[-1] + 1]) if len(rows) else np.zeros(1, dtype=np.int64)

    def targets_of(self, block: slice, places: Int32Array) -> Targets:
        """Return the items of a block of users with their places in the lists."""
        bounds = self.bounds(block)
        part = slice(int(bounds[0]), int(bounds[-1]))
        gains = None if self.gains is None else self.gains[part]
        return Targets(bounds - bounds[0], self.items[part], places, gains)

    def ranks_of(self, block: slice) -> Ranks | None:
        """Return the ranks of a block of users."""
        if self.ranks is None:
            return None
        bounds = self.bounds(block)
        part = slice(int(bounds[0]), int(bounds[-1]))
        candidates = self.ranks.candidates[self.rows[block]]
        return Ranks(bounds - bounds[0], self.ranks.above[part], self.ranks.tied[part], candidates)


@dataclass(frozen=True, eq=False)
class Lists:
    """Lists of the users with relevant items.

    Parameters
    ----------
    items
        int32 ``(rows, k)``: item indices, best first. Values below 0, and from ``n_items`` on, are not items of the
        catalogue.
    rows
        int64 ``(users,)``: row of each user's list, -1 for a user without a list.
    n_items
        Size of the catalogue, or None if it is not known.
    parallel
        Threads or processes to use. Values do not depend on it.
    scores
        float32 ``(rows, k)``, or None if they are not known.
    relevant
        Relevant items of the users, for metrics over all lists that read them.
    side
        Side information; its history has the rows of the truth.
    """

    items: Int32Array
    rows: Int64Array
    n_items: int | None = None
    parallel: Parallel = field(default_factory=Parallel)
    scores: Float32Array | None = None
    relevant: RelevantItems | None = None
    side: SideInformation | None = None

    @classmethod
    def of(cls, items: Any, *, n_items: int | None = None, parallel: Parallel | None = None) -> Lists:
        """Return lists with one row per user.

        Examples
        --------
        >>> from harness.metrics import Lists
        >>> Lists.of([[4, 2], [1, -1]]).n_users
        2
        """
        array = np.ascontiguousarray(items, dtype=np.int32)
        return cls(array, np.arange(len(array)), n_items, Parallel() if parallel is None else parallel)

    @property
    def n_users(self) -> int:
        """Number of users, those without a list included."""
        return len(self.rows)

    def catalogue_size(self, name: str) -> int:
        """Return the number of items of the catalogue.

        Raises
        ------
        HarnessError
            It is not known; ``name`` is that of the metric.
        """
        if self.n_items is None:
            raise HarnessError(f"{name} needs the size of the catalogue. Pass n_items=… to harness.evaluate.")
        return self.n_items

    def known(self, label: str) -> tuple[RelevantItems, SideInformation]:
        """Return the relevant items and the side information, for the metric with a label.

        Raises
        ------
        HarnessError
            One of them is missing.
        """
        if self.relevant is None or self.side is None:
            raise HarnessError(f"{label} needs the truth and side information. Measure it by harness.evaluate.")
        return self.relevant, self.side

    @property
    def limit(self) -> int:
        """The first index past the catalogue."""
        return _UNBOUNDED if self.n_items is None else self.n_items


@dataclass(frozen=True, eq=False)
class Hits:
    """Hits of the lists of a block of users, and the number of their relevant items.

    Parameters
    ----------
    bits
        uint64 ``(users, words)``: bit ``r % 64`` of word ``r // 64`` is set where rank ``r + 1``
        holds a relevant item for the first time.
    relevant
        int32 ``(users,)``: distinct relevant items, 1 or more.
    lengths
        int32 ``(users,)``: rank of the last item of the whole list; 0 for an empty list.
    ranks
        Exact ranks of the relevant items, for metrics that need ``target_ranks``; None if they are not known.
    targets
        The relevant items, for metrics that read ``targets``; else None.
    items
        int32 ``(users, ranks)``: the first ranks of the lists, for metrics that read ``items``; else None. -1 for
        values that are not items of the catalogue, and for repeated items.
    side
        Side information, or None.
    rows
        int64 ``(users,)``: row of each user in the truth, and in the history of ``side``; None without ``side``.

    Examples
    --------
    >>> hits = Hits.of([[False, True, True]], relevant=[3])
    >>> hits.at(2)
    array([[False,  True]])
    """

    bits: UInt64Array
    relevant: Int32Array
    lengths: Int32Array
    ranks: Ranks | None = None
    targets: Targets | None = None
    items: Int32Array | None = None
    side: SideInformation | None = None
    rows: Int64Array | None = None

    @classmethod
    def of(
        cls,
        flags: Any,
        *,
        relevant: Any,
        lengths: Any = None,
        ranks: Ranks | None = None,
        targets: Targets | None = None,
        items: Int32Array | None = None,
        side: SideInformation | None = None,
        rows: Int64Array | None = None,
    ) -> Hits:
        """Return hits from flags ``(users, k)``; without ``lengths``, each list has k items."""
        table = np.asarray(flags, dtype=np.bool_)
        words = max(-(-table.shape[1] // WORD), 1)
        padded = np.zeros((len(table), words * WORD), dtype=np.bool_)
        padded[:, : table.shape[1]] = table
        octets = np.packbits(padded, axis=1, bitorder="little")  # (users, words * 8)
        sizes = np.full(len(table), table.shape[1]) if lengths is None else np.asarray(lengths)
        return cls(
            octets.view("<u8").astype(np.uint64),
            np.asarray(relevant, dtype=np.int32),
            sizes.astype(np.int32),
            ranks,
            targets,
            items,
            side,
            rows,
        )

    def of_users(self, chosen: BoolArray) -> Hits:
        """Return the hits of some users, chosen by bool ``(users,)``, without the optional parts."""
        return Hits(self.bits[chosen], self.relevant[chosen], self.lengths[chosen])

    @property
    def n_users(self) -> int:
        """Number of users of the block."""
        return len(self.relevant)

    def at(self, k: int) -> BoolArray:
        """Return bool ``(users, k)``: whether each of the first k ranks hits."""
        octets = self.bits.astype("<u8").view(np.uint8)  # (users, words * 8)
        flags = np.unpackbits(octets, axis=1, bitorder="little").view(np.bool_)  # (users, words * 64)
        missing = max(k - flags.shape[1], 0)
        return np.pad(flags[:, :k], ((0, 0), (0, missing)))
