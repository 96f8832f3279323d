"""Process one batch of users on a GPU: queue its work, and fetch the result once it is done."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from harness.artifacts import NOT_A_CANDIDATE
from harness.artifacts.array_types import Int64Array
from harness.topk.block_scan import part_of
from harness.topk.device_items import DeviceItems
from harness.topk.product_precision import product, rounded
from harness.topk.request import InfiniteScoreError, ItemRows, TopKRequest, TopKResult
from harness.topk.selection import EXCLUDED, TieOrder, best_in_order, non_finite, select
from harness.topk.tie_keys import signed_keys

_GROUP = 64


@dataclass(eq=False)
class _UserItemPairs:
    """Pairs of user and item of a CSR, by ascending item: on the device, and the items also on the host."""

    host_items: Int64Array
    rows: torch.Tensor
    items: torch.Tensor
    order: Int64Array

    @classmethod
    def of(cls, csr: ItemRows, device: torch.device) -> _UserItemPairs:
        order = np.argsort(csr.items, kind="stable")
        rows = np.repeat(np.arange(len(csr.indptr) - 1), np.diff(csr.indptr))[order]
        items = csr.items[order].astype(np.int64)
        return cls(items, _sent(rows, device), _sent(items, device), order)

    def within(self, first: int, width: int) -> slice:
        begin, end = np.searchsorted(self.host_items, (first, first + width))
        return slice(int(begin), int(end))


class DeviceBatch:
    """Batch of users whose work is queued on the device."""

    def __init__(self, user_vectors: torch.Tensor, items: DeviceItems, request: TopKRequest, start: int) -> None:
        self._items, self._request, self._start = items, request, start
        self._stop = min(start + items.shape.users, request.n_users)
        self._part = request.rows(start, self._stop)
        device = items.device
        padded = torch.zeros((items.shape.users, user_vectors.shape[1]), dtype=torch.float32, device=device)
        padded[: self._stop - start] = _moved(user_vectors[start : self._stop], device)
        self._users = rounded(padded, items.precision)
        part = self._part
        self._seen = None if part.seen is None else _UserItemPairs.of(part.seen, device)
        self._lists = None if part.lists is None else _UserItemPairs.of(part.lists, device)
        self._targets = None if part.targets is None else _UserItemPairs.of(part.targets, device)
        self._k = min(part.k, part.n_items)
        self._expected = self._target_scores()

    @property
    def _n(self) -> int:
        return self._stop - self._start

    def queue(self) -> DeviceBatch:
        """Queue the work, without waiting for it."""
        best = self._run(settled=False)
        crossing = _crossing(best[0], self._k, self._part.n_items)
        self._results = [
            _brought(each) for each in (*best, self._found, self._above, self._equal, self._candidates, crossing)
        ]
        self._event: Any = torch.cuda.Event() if self._items.device.type == "cuda" else None  # type: ignore[no-untyped-call]
        if self._event is not None:
            self._event.record()
        return self

    def finish(self, found: TopKResult) -> int:
        """Wait for the batch, write its result, and return the first user after the batch."""
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

    def _write(self, found: TopKResult, values: torch.Tensor, columns: torch.Tensor, *counted: torch.Tensor) -> None:
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
        """Process all tiles, and return scores and items ``(batch, k + 1 or k)``, best first."""
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
        """Count the scores above and equal to each target's, for one target per user at a time."""
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
        """Return the scores of the targets, from products of the same shape as all others."""
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
    """Return the k largest scores of each row and their columns, by groups if there are many columns."""
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
    """Return whether, in any row, equal scores are on both sides of the end of the list; bool ``()``."""
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
    """Return a host tensor, which holds the values once the device has reached this point of its queue."""
    if tensor.device.type != "cuda":
        return tensor
    host = torch.empty(tensor.shape, dtype=tensor.dtype, pin_memory=True)
    return host.copy_(tensor, non_blocking=True)
