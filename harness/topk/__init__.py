"""Exact selection of the best items, from vectors or from blocks of scores, the same on every device."""

from harness.topk.call import top_k
from harness.topk.dense import best_of_scores, memory_of_blocks
from harness.topk.devices import choose_device, is_out_of_memory
from harness.topk.engine import best_by_vectors
from harness.topk.keys import pair_bits, signed_keys
from harness.topk.precision import Precision
from harness.topk.ranks import Ranks, target_ranks
from harness.topk.request import Found, InfiniteScoreError, ItemRows, Request, Ties
from harness.topk.selection import Selection, TieOrder, mask_scores, non_finite, select
from harness.topk.vectors import memory_of_tiles

__all__ = [
    "Found",
    "InfiniteScoreError",
    "ItemRows",
    "Precision",
    "Ranks",
    "Request",
    "Selection",
    "TieOrder",
    "Ties",
    "best_by_vectors",
    "best_of_scores",
    "choose_device",
    "is_out_of_memory",
    "mask_scores",
    "memory_of_blocks",
    "memory_of_tiles",
    "non_finite",
    "pair_bits",
    "select",
    "signed_keys",
    "target_ranks",
    "top_k",
]
