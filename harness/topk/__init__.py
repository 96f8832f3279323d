"""Exact selection of the best items, from vectors or from blocks of scores, the same on every device."""

from harness.topk.dense_ranks import TensorRanks, target_ranks
from harness.topk.dense_scores import best_of_scores, memory_of_blocks
from harness.topk.device_choice import choose_device, is_out_of_memory
from harness.topk.engine import best_by_vectors
from harness.topk.product_precision import Precision
from harness.topk.request import InfiniteScoreError, ItemRows, TieBreak, TopKRequest, TopKResult
from harness.topk.selection import Selection, TieOrder, mask_scores, non_finite, select
from harness.topk.tie_keys import pair_bits, signed_keys
from harness.topk.top_k import top_k
from harness.topk.vector_scores import memory_of_tiles

__all__ = [
    "InfiniteScoreError",
    "ItemRows",
    "Precision",
    "Selection",
    "TensorRanks",
    "TieBreak",
    "TieOrder",
    "TopKRequest",
    "TopKResult",
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
