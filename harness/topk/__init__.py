"""Exact selection of the best items from blocks of scores, the same on every device."""

from harness.topk.keys import pair_bits, signed_keys
from harness.topk.ranks import Ranks, target_ranks
from harness.topk.selection import Selection, TieOrder, mask_scores, non_finite, select

__all__ = [
    "Ranks",
    "Selection",
    "TieOrder",
    "mask_scores",
    "non_finite",
    "pair_bits",
    "select",
    "signed_keys",
    "target_ranks",
]
