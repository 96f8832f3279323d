"""The best items by the products of vectors, on a device of torch, without waiting for it.

A batch of users is multiplied with tiles of items into one buffer. Of each tile the best are found in two
stages: the maximum of every 64 items, then the items of the best of those groups. All this is queued
on the device; the host only waits for a batch when the next one has been queued. One more item than
asked for is kept, so that a batch in which equal scores cross the end of a list is noticed; only such
a batch is done again with the order among equal scores settled in each tile.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from harness.artifacts import NOT_A_CANDIDATE
from harness.artifacts.arrays import Int64Array
from harness.errors import HarnessError
from harness.topk.block import part_of
from harness.topk.keys import signed_keys
from harness.topk.precision import Precision, product, rounded
from harness.topk.request import Found, InfiniteScoreError, ItemRows, Request
from harness.topk.selection import EXCLUDED, TieOrder, best_in_order, non_finite, select

logger = logging.getLogger("harness")

_GROUP = 64
_IN_FLIGHT = 2  # batches that are queued at once
_SMALLEST_TILE = 1024


@dataclass(frozen=True)
class TileShape:
    """Users and items of one product. It is the same for all products: their last bits may depend on it.

    Parameters
    ----------
    users, items
        1 or more; ``items`` is a multiple of 64.
    """

    users: int = 4096
    items: int = 16384

    def halved(self) -> TileShape | None:
        """Return the next smaller shape, or None."""
        if self.items > _SMALLEST_TILE:
            return replace(self, items=self.items // 2)
        return replace(self, users=self.users // 2) if self.users > 1 else None


def best_on_device(
    user_vectors: torch.Tensor,
    item_vectors: torch.Tensor,
    request: Request,
    *,
    device: str,
    shape: TileShape = TileShape(),
    precision: Precision = "float32",
    checked: bool = False,
    advance: Callable[[int], None] | None = None,
) -> Found:
    """Return the best items of each user by the products of their vectors.

    Where the memory of the device does not suffice, smaller tiles are used from then on.

    Parameters
    ----------
    user_vectors, item_vectors
        float32 ``(users, dimension)`` and ``(items, dimension)``. Those that are on the device already
        are used where they are.
    request
        With a row for each user.
    device
        Of torch.
    shape
        Of the products at first.
    precision
        Of the products.
    checked
        Whether to look for scores that are NaN or infinite, which waits for each tile.
    advance
        Called with the number of users of each batch that is done.

    Raises
    ------
    InfiniteScoreError
        A score is, where it is looked for.
    HarnessError
        Not even the smallest tile fits into the memory of the device.
    """
    found, tile, done = Found.empty(request), shape, 0
    while done < request.n_users:
        try:
            items = _Items.of(item_vectors, request, tile, device, precision, checked=checked)
            for stop in _batches(user_vectors, items, request, found, done):
                if advance is not None:
                    advance(stop - done)
                done = stop
        except torch.OutOfMemoryError as error:
            smaller = tile.halved()
            if smaller is None:
                raise HarnessError(
                    f"not even one user and {tile.items:,} items fit into the memory of {device}. "
                    "Free some of it, or use --device cpu."
                ) from error
            logger.warning(
                "the memory of %s does not suffice for tiles of %d users and %d items; going on with %d and %d",
                device, tile.users, tile.items, smaller.users, smaller.items,
            )  # fmt: skip
            tile = smaller
            if torch.device(device).type == "cuda":
                torch.cuda.empty_cache()
    return found


@dataclass(frozen=True, eq=False)
class _Items:
    """What stays on the device from batch to batch."""

    vectors: torch.Tensor  # (items, dimension)
    last: torch.Tensor  # (tile, dimension): the last tile, padded with zeros
    outside: torch.Tensor | None  # bool (items,)
    keys: torch.Tensor  # int64 (items,)
    buffer: torch.Tensor  # (users, tile)
    shape: TileShape
    precision: Precision
    checked: bool

    @classmethod
    def of(
        cls,
        vectors: torch.Tensor,
        request: Request,
        shape: TileShape,
        device: str,
        precision: Precision,
        *,
        checked: bool,
    ) -> _Items:
        begin = (len(vectors) - 1) // shape.items * shape.items
        there = vectors.to(device, non_blocking=True)
        last = torch.zeros((shape.items, vectors.shape[1]), dtype=torch.float32, device=device)
        last[: len(vectors) - begin] = there[begin:]
        allowed = request.allowed
        return cls(
            rounded(there, precision),
            rounded(last, precision),
            None if allowed is None else torch.from_numpy(~allowed).to(device),
            signed_keys(request.ties.item_keys, device),
            torch.empty((shape.users, shape.items), dtype=torch.float32, device=device),
            shape,
            precision,
            checked,
        )

    @property
    def device(self) -> torch.device:
        return self.buffer.device

    def firsts(self) -> range:
        return range(0, len(self.vectors), self.shape.items)

    def multiply(self, users: torch.Tensor, first: int) -> torch.Tensor:
        """Return the scores ``(batch, width)`` of a tile, a view of the buffer."""
        width = min(self.shape.items, len(self.vectors) - first)
        tile = self.vectors[first : first + width] if width == self.shape.items else self.last
        product(users, tile, out=self.buffer, precision=self.precision)
        return self.buffer[:, :width]


def _batches(user_vectors: torch.Tensor, items: _Items, request: Request, found: Found, start: int) -> Iterator[int]:
    """Do batch after batch from ``start`` on; yield the user after each that is done."""
    queued: deque[_Batch] = deque()
    for begin in range(start, request.n_users, items.shape.users):
        queued.append(_Batch(user_vectors, items, request, begin).queue())
        if len(queued) >= _IN_FLIGHT:
            yield queued.popleft().finish(found)
    while queued:
        yield queued.popleft().finish(found)


@dataclass(eq=False)
class _Pairs:
    """Cells that a CSR names, by ascending item, on the device; and the items on the host, to cut tiles from."""

    host_items: Int64Array
    rows: torch.Tensor
    items: torch.Tensor
    order: Int64Array

    @classmethod
    def of(cls, csr: ItemRows, device: torch.device) -> _Pairs:
        order = np.argsort(csr.items, kind="stable")
        rows = np.repeat(np.arange(len(csr.indptr) - 1), np.diff(csr.indptr))[order]
        items = csr.items[order].astype(np.int64)
        return cls(items, _sent(rows, device), _sent(items, device), order)

    def within(self, first: int, width: int) -> slice:
        begin, end = np.searchsorted(self.host_items, (first, first + width))
        return slice(int(begin), int(end))


class _Batch:
    """One batch of users: queued on the device, then brought back."""

    def __init__(self, user_vectors: torch.Tensor, items: _Items, request: Request, start: int) -> None:
        self._items, self._request, self._start = items, request, start
        self._stop = min(start + items.shape.users, request.n_users)
        self._part = request.rows(start, self._stop)
        device = items.device
        padded = torch.zeros((items.shape.users, user_vectors.shape[1]), dtype=torch.float32, device=device)
        padded[: self._stop - start] = _moved(user_vectors[start : self._stop], device)
        self._users = rounded(padded, items.precision)
        part = self._part
        self._seen = None if part.seen is None else _Pairs.of(part.seen, device)
        self._lists = None if part.lists is None else _Pairs.of(part.lists, device)
        self._targets = None if part.targets is None else _Pairs.of(part.targets, device)
        self._k = min(part.k, part.n_items)
        self._expected = self._target_scores()

    @property
    def _n(self) -> int:
        return self._stop - self._start

    def queue(self) -> _Batch:
        """Queue the work; nothing is waited for."""
        best = self._run(settled=False)
        crossing = _crossing(best[0], self._k, self._part.n_items)
        self._results = [
            _brought(each) for each in (*best, self._found, self._above, self._equal, self._candidates, crossing)
        ]
        self._event: Any = torch.cuda.Event() if self._items.device.type == "cuda" else None  # type: ignore[no-untyped-call]
        if self._event is not None:
            self._event.record()
        return self

    def finish(self, found: Found) -> int:
        """Wait for the batch, write what it found, and return the user after it."""
        if self._event is not None:
            self._event.synchronize()
        values, columns, met, above, equal, candidates, crossing = self._results
        again_for_ranks = bool(((met != EXCLUDED) & (met != self._expected.cpu())).any())
        if again_for_ranks:
            self._expected = met.to(self._items.device)
        if again_for_ranks or bool(crossing):
            best = self._run(settled=bool(crossing))
            values, columns, met, above, equal, candidates = (
                each.cpu() for each in (*best, self._found, self._above, self._equal, self._candidates)
            )
        self._write(found, values, columns, met, above, equal, candidates)
        return self._stop

    def _write(self, found: Found, values: torch.Tensor, columns: torch.Tensor, *counted: torch.Tensor) -> None:
        out = part_of(found, self._request, self._start, self._stop)
        width = self._k
        out.items[:, :width], out.scores[:, :width] = columns[:, :width].numpy(), values[:, :width].numpy()
        out.items[:, width:], out.scores[:, width:] = -1, EXCLUDED
        met, above, equal, candidates = counted
        outside = met == EXCLUDED
        out.above[:] = above.masked_fill(outside, NOT_A_CANDIDATE).numpy()
        out.tied[:] = (equal - 1).masked_fill(outside, NOT_A_CANDIDATE).numpy()
        out.candidates[:] = candidates.numpy()

    def _run(self, *, settled: bool) -> tuple[torch.Tensor, torch.Tensor]:
        """Go through all tiles; return scores and items ``(batch, k + 1 or k)``, best first."""
        device, n, n_targets = self._items.device, self._n, len(self._expected)
        self._found = torch.full((n_targets,), EXCLUDED, device=device)
        self._above = torch.zeros(n_targets, dtype=torch.int32, device=device)
        self._equal = torch.zeros(n_targets, dtype=torch.int32, device=device)
        self._candidates = torch.zeros(n, dtype=torch.int32, device=device)
        keep = self._k if settled else min(self._k + 1, self._part.n_items)
        order = TieOrder(self._request.ties.seed, signed_keys(self._part.ties.user_keys, device), self._items.keys)
        values = torch.empty((n, 0), device=device)
        columns = torch.empty((n, 0), dtype=torch.int64, device=device)
        for first in self._items.firsts():
            scores = self._items.multiply(self._users, first)[:n]
            if self._items.checked:
                self._refuse_infinite(scores, first)
            self._mask(scores, first)
            self._count(scores, first)
            if settled:
                tile_order = replace(order, item_keys=order.item_keys[first : first + scores.shape[1]])
                best = select(scores, min(keep, scores.shape[1]), order=tile_order)
                new_values, new_columns = best.scores, best.items.to(torch.int64) + first
            else:
                new_values, places = _largest(scores, min(keep, scores.shape[1]))
                new_columns = places + first
            values, columns = torch.cat([values, new_values], dim=1), torch.cat([columns, new_columns], dim=1)
            if settled:
                columns = columns.masked_fill(values == EXCLUDED, 0)
                values, columns = best_in_order(values, columns, order, keep)
            else:
                values, chosen = torch.topk(values, min(keep, values.shape[1]), dim=1)
                columns = columns.gather(1, chosen)
        values, columns = best_in_order(values, columns, order, values.shape[1])
        return values, columns.masked_fill(values == EXCLUDED, -1).to(torch.int32)

    def _refuse_infinite(self, scores: torch.Tensor, first: int) -> None:
        place = non_finite(scores)
        if place is not None:
            row, column = place
            raise InfiniteScoreError(self._start + row, first + column, float(scores[row, column]))

    def _mask(self, scores: torch.Tensor, first: int) -> None:
        width = scores.shape[1]
        if self._lists is not None:
            inside = self._lists.within(first, width)
            rows, columns = self._lists.rows[inside], self._lists.items[inside] - first
            listed = scores[rows, columns]
            scores.fill_(EXCLUDED)
            scores[rows, columns] = listed
        if self._items.outside is not None:
            scores.masked_fill_(self._items.outside[first : first + width], EXCLUDED)
        if self._seen is not None:
            inside = self._seen.within(first, width)
            scores[self._seen.rows[inside], self._seen.items[inside] - first] = EXCLUDED
        if self._part.lists is None and self._part.allowed is None and self._part.seen is None:
            self._candidates += width
        else:
            self._candidates += (scores > EXCLUDED).sum(dim=1, dtype=torch.int32)

    def _count(self, scores: torch.Tensor, first: int) -> None:
        """Count the scores above and equal to each target's, a target of each user at a time."""
        if self._targets is None:
            return
        inside = self._targets.within(first, scores.shape[1])
        places = _sent(self._targets.order[inside], scores.device)
        self._found[places] = scores[self._targets.rows[inside], self._targets.items[inside] - first]
        for targets, rows in self._turns:
            own = self._expected[targets, None]
            block = scores if len(rows) == len(scores) else scores[rows]
            self._above[targets] += (block > own).sum(dim=1, dtype=torch.int32)
            self._equal[targets] += (block == own).sum(dim=1, dtype=torch.int32)

    def _target_scores(self) -> torch.Tensor:
        """Return the scores of the targets, by products of the shape of all others."""
        targets, device = self._part.targets, self._items.device
        self._turns: list[tuple[torch.Tensor, torch.Tensor]] = []
        if targets is None:
            return torch.empty(0, device=device)
        lengths = np.diff(targets.indptr)
        for turn in range(int(lengths.max(initial=0))):
            rows = np.flatnonzero(lengths > turn)
            self._turns.append((_sent(targets.indptr[rows] + turn, device), _sent(rows, device)))
        expected = torch.empty(len(targets.items), device=device)
        all_rows = _sent(np.repeat(np.arange(self._n), lengths), device)
        wanted = _sent(targets.items.astype(np.int64), device)
        width = self._items.shape.items
        for first in range(0, len(wanted), width):
            chunk = slice(first, min(first + width, len(wanted)))
            tile = torch.zeros((width, self._items.vectors.shape[1]), dtype=self._items.vectors.dtype, device=device)
            tile[: chunk.stop - first] = self._items.vectors[wanted[chunk]]
            product(self._users, tile, out=self._items.buffer, precision=self._items.precision)
            expected[chunk] = self._items.buffer[all_rows[chunk], torch.arange(chunk.stop - first, device=device)]
        return expected


def _largest(scores: torch.Tensor, k: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the k largest scores of each row and their columns, by groups where these are many."""
    width = scores.shape[1]
    groups = width // _GROUP
    if width % _GROUP or groups < 2 * k:
        values, columns = torch.topk(scores, k, dim=1)
        return values, columns
    grouped = scores.reshape(len(scores), groups, _GROUP)  # (n, groups, 64)
    best = torch.topk(grouped.amax(dim=2), k, dim=1).indices  # (n, k): groups that hold the k largest
    inside = grouped.gather(1, best[:, :, None].expand(-1, -1, _GROUP)).flatten(1)  # (n, k * 64)
    values, places = torch.topk(inside, k, dim=1)
    columns = best.gather(1, places // _GROUP) * _GROUP + places % _GROUP
    return values, columns


def _crossing(values: torch.Tensor, k: int, n_items: int) -> torch.Tensor:
    """Return whether in any row equal scores stand on both sides of the end of the list; bool ``()``."""
    if values.shape[1] <= k or n_items <= k:
        return torch.zeros((), dtype=torch.bool, device=values.device)
    return ((values[:, k - 1] == values[:, k]) & (values[:, k] > EXCLUDED)).any()


def _sent(array: np.ndarray, device: torch.device) -> torch.Tensor:
    """Return an array on the device, without waiting for the transfer."""
    return _moved(torch.from_numpy(np.ascontiguousarray(array)), device)


def _moved(tensor: torch.Tensor, device: torch.device) -> torch.Tensor:
    """Return a tensor on the device, without waiting for the transfer."""
    if tensor.device == device or device.type != "cuda":
        return tensor.to(device)
    return tensor.pin_memory().to(device, non_blocking=True)


def _brought(tensor: torch.Tensor) -> torch.Tensor:
    """Return a tensor that holds the values on the host once the device has come so far."""
    if tensor.device.type != "cuda":
        return tensor
    host = torch.empty(tensor.shape, dtype=tensor.dtype, pin_memory=True)
    return host.copy_(tensor, non_blocking=True)
