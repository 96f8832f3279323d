"""Select the best k items of each row of scores in torch, in the same order on every device and in every batch."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from harness.artifacts import NO_ITEM, stream
from harness.topk.tie_keys import SIGN_BIT, pair_bits

EXCLUDED = float("-inf")  # the score of an item that may not be recommended
CELLS = 1 << 21  # pairs of user and item to work on at once where more than the scores are held

_LAST_KEY = (1 << 63) - 1


@dataclass(frozen=True, eq=False)
class TieOrder:
    """Order among equal scores in torch: by the hash of (seed, external user id, external item id).

    Parameters
    ----------
    seed
        Another seed gives another order.
    user_keys
        int64 ``(batch,)``: bits of ``Vocabulary.keys`` for the rows of the scores.
    item_keys
        int64 ``(items,)``: the same for their columns, on the same device.
    """

    seed: int
    user_keys: torch.Tensor
    item_keys: torch.Tensor

    def keys(self, rows: torch.Tensor, columns: torch.Tensor) -> torch.Tensor:
        """Return int64 keys of ``(row, column)`` pairs that broadcast; the smallest comes first.

        Signed order of these keys is the unsigned order of the hash
        ``pair_keys(stream(seed, "ties"), user_key, item_key)``.
        """
        seed = stream(self.seed, "ties")
        return pair_bits(seed, self.user_keys[rows], self.item_keys[columns]) ^ SIGN_BIT


@dataclass(frozen=True, eq=False)
class Selection:
    """The best items of each row.

    Parameters
    ----------
    items
        int32 ``(batch, k)``: columns of the scores, best first, -1 where candidates ran out.
    scores
        float32 ``(batch, k)``: their scores, -inf where candidates ran out.
    """

    items: torch.Tensor
    scores: torch.Tensor


def non_finite(scores: torch.Tensor) -> tuple[int, int] | None:
    """Return row and column of the first score that is NaN or infinite, or None.

    Examples
    --------
    >>> non_finite(torch.tensor([[1.0, 2.0], [0.5, float("nan")]]))
    (1, 1)
    """
    if scores.numel() == 0:
        return None
    # Both ends in one pass, and NaN comes through: twenty times as fast as a mask of all the scores.
    lowest, highest = scores.aminmax()
    if bool(torch.isfinite(lowest) & torch.isfinite(highest)):
        return None
    row, column = torch.nonzero(~torch.isfinite(scores))[0].tolist()
    return row, column


def mask_scores(scores: torch.Tensor, excluded: torch.Tensor) -> torch.Tensor:
    """Return a copy of the scores with -inf where ``excluded``, bool of the same shape, is true."""
    return torch.where(excluded, EXCLUDED, scores)


def select(scores: torch.Tensor, k: int, *, order: TieOrder, cells: int = CELLS) -> Selection:
    """Return the exact best k of each row.

    The order is: score descending, then the key of ``order`` ascending, then the column ascending.
    ``torch.topk`` alone keeps arbitrary ones of those that tie at the cut, other ones on another
    device; rows where more tie than fit are found by the (k + 1)-th score, and only these are
    settled by the hash. 0.0 and -0.0 are the same score.

    Parameters
    ----------
    scores
        float32 ``(batch, items)``: finite, or -inf for what may not be recommended.
    k
        Length of the lists, 1 or more; it may exceed the number of candidates.
    order
        The order among equal scores.
    cells
        Number of pairs of user and item whose ties are broken at once; it bounds memory and changes no result.

    Examples
    --------
    >>> order = TieOrder(0, torch.tensor([5]), torch.tensor([1, 2, 3]))
    >>> best = select(torch.tensor([[0.5, float("-inf"), 2.0]]), 3, order=order)
    >>> best.items
    tensor([[ 2,  0, -1]], dtype=torch.int32)
    """
    n_items = scores.shape[1]
    width = min(k, n_items)
    # One column more than k, to see whether a group of ties crosses the cut.
    values, items = torch.topk(scores, min(width + 1, n_items), dim=1)
    if n_items > width:
        last = values[:, width - 1]
        crossing = torch.nonzero((last == values[:, width]) & (last > EXCLUDED)).squeeze(1)
        values, items = values[:, :width], items[:, :width]
        for rows in _row_chunks(crossing, n_items, cells):
            items[rows] = _settle(scores[rows], values[rows], items[rows], rows, order)
    return _padded(_in_order(items, scores, order), k)


def _row_chunks(rows: torch.Tensor, n_items: int, cells: int) -> list[torch.Tensor]:
    step = max(1, cells // n_items)
    return [rows[start : start + step] for start in range(0, len(rows), step)]


def _settle(
    scores: torch.Tensor, values: torch.Tensor, items: torch.Tensor, rows: torch.Tensor, order: TieOrder
) -> torch.Tensor:
    """Return ``items (rows, k)`` with those of the lowest score replaced by the first in tie order."""
    at_cut = values == values[:, -1:]  # (rows, k)
    wanted = at_cut.sum(dim=1, keepdim=True)
    tied, valid = _columns_of(scores == values[:, -1:])  # (rows, most ties)
    keys = order.keys(rows[:, None], tied)
    keys[~valid] = _LAST_KEY
    # The wanted-th smallest key of each row; columns ascend, so equal keys are taken from the left.
    smallest = torch.topk(keys, int(wanted.max()), dim=1, largest=False, sorted=True).values
    cut = smallest.gather(1, wanted - 1)
    before, at = valid & (keys < cut), valid & (keys == cut)
    chosen = before | (at & (at.cumsum(dim=1) <= wanted - before.sum(dim=1, keepdim=True)))
    settled = items.clone()
    settled[at_cut] = tied[chosen]  # both hold `wanted` entries a row, row after row
    return settled


def _columns_of(mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the true columns of each row, ascending and left-aligned, and which places hold one."""
    counts = mask.sum(dim=1)
    row, column = mask.nonzero(as_tuple=True)
    starts = counts.cumsum(dim=0) - counts
    places = torch.arange(len(row), device=mask.device) - starts[row]
    columns = torch.zeros((len(mask), int(counts.max())), dtype=torch.int64, device=mask.device)
    columns[row, places] = column
    valid = torch.arange(columns.shape[1], device=mask.device) < counts[:, None]
    return columns, valid


def best_in_order(
    values: torch.Tensor, columns: torch.Tensor, order: TieOrder, k: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the best k of some columns of each row: stable sorts, the last criterion first.

    Parameters
    ----------
    values, columns
        float32 and int64 ``(batch, n)``: scores, and the columns that have them.
    order
        Among equal scores.
    k
        How many to return; n or less.
    """
    columns, places = columns.sort(dim=1, stable=True)
    values = values.gather(1, places) + 0.0  # -0.0 becomes 0.0: sorts on some devices tell them apart
    rows = torch.arange(len(columns), device=columns.device)[:, None]
    places = order.keys(rows, columns).argsort(dim=1, stable=True)
    columns, values = columns.gather(1, places), values.gather(1, places)
    values, places = values.sort(dim=1, descending=True, stable=True)
    return values[:, :k], columns.gather(1, places)[:, :k]


def _in_order(items: torch.Tensor, scores: torch.Tensor, order: TieOrder) -> Selection:
    values, columns = best_in_order(scores.gather(1, items), items, order, items.shape[1])
    return Selection(columns.masked_fill(values == EXCLUDED, NO_ITEM).to(torch.int32), values)


def _padded(selection: Selection, k: int) -> Selection:
    missing = k - selection.items.shape[1]
    if missing == 0:
        return selection
    pad = torch.nn.functional.pad
    return Selection(
        pad(selection.items, (0, missing), value=NO_ITEM), pad(selection.scores, (0, missing), value=EXCLUDED)
    )
