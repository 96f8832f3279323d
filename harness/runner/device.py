"""How many users fit into the memory of a device at once."""

from __future__ import annotations

import torch

_BYTES_PER_SCORE = 32  # the score, its masked copy, the mask, and what a model needs to make it
_CPU_BUDGET = 256 << 20
_CUDA_SHARE = 0.25  # of the memory that is free
_MOST_USERS = {"cpu": 1024, "cuda": 16384}  # more at once is no faster, and shows no progress


def auto_batch_size(n_items: int, device: str) -> int:
    """Return how many users to score at once, 1 or more. It changes speed and memory, no result.

    Parameters
    ----------
    n_items
        Size of the catalogue: each user takes as many scores.
    device
        As ``choose_device`` returns it.

    Examples
    --------
    >>> auto_batch_size(1_000, "cpu"), auto_batch_size(1_000_000, "cpu"), auto_batch_size(10**9, "cpu")
    (1024, 8, 1)
    """
    kind = torch.device(device).type
    budget = _CPU_BUDGET
    if kind == "cuda":
        free, _total = torch.cuda.mem_get_info(device)
        budget = int(free * _CUDA_SHARE)
    return max(1, min(_MOST_USERS[kind], budget // (_BYTES_PER_SCORE * max(1, n_items))))
