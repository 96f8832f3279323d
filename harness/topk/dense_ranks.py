"""Count the exact ranks of relevant items from full rows of scores, in torch."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from harness.artifacts import NOT_A_CANDIDATE
from harness.topk.selection import CELLS, EXCLUDED


@dataclass(frozen=True, eq=False)
class TensorRanks:
    """Exact ranks of relevant items.

    Parameters
    ----------
    above
        int32 ``(n,)``: candidates with a higher score; -1 where the item is not a candidate.
    tied
        int32 ``(n,)``: other candidates with the same score; -1 where the item is not a candidate.
    """

    above: torch.Tensor
    tied: torch.Tensor


def target_ranks(scores: torch.Tensor, indptr: torch.Tensor, items: torch.Tensor, *, cells: int = CELLS) -> TensorRanks:
    """Count the candidates with a higher score, and with the same score, for each relevant item.

    Parameters
    ----------
    scores
        float32 ``(batch, items)``: finite, or -inf for what may not be recommended.
    indptr, items
        int64 ``(batch + 1,)`` and ``(n,)``: the relevant columns of each row, as CSR, on the device
        of the scores.
    cells
        Pairs of relevant item and candidate to compare at once; it bounds memory and changes no
        result.

    Examples
    --------
    >>> ranks = target_ranks(torch.tensor([[3.0, 1.0, 1.0, 0.0]]), torch.tensor([0, 2]), torch.tensor([1, 3]))
    >>> ranks.above.tolist(), ranks.tied.tolist()
    ([1, 3], [1, 0])
    """
    n_rows, n_items = scores.shape
    rows = torch.repeat_interleave(torch.arange(n_rows, device=scores.device), indptr.diff(), output_size=len(items))
    target = scores[rows, items]
    above = torch.empty(len(items), dtype=torch.int32, device=scores.device)
    tied = torch.empty_like(above)
    step = max(1, cells // n_items)
    for start in range(0, len(items), step):
        chunk = slice(start, start + step)
        block, own = scores[rows[chunk]], target[chunk, None]  # (targets, items), (targets, 1)
        above[chunk] = (block > own).sum(dim=1)
        tied[chunk] = (block == own).sum(dim=1) - 1
    outside = target == EXCLUDED
    return TensorRanks(above.masked_fill_(outside, NOT_A_CANDIDATE), tied.masked_fill_(outside, NOT_A_CANDIDATE))
