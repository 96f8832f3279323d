"""Select the best items by dot products of vectors, on the CPU or on a GPU."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable

import numpy as np
import torch

from harness.artifacts.array_types import Float32Array
from harness.errors import HarnessError
from harness.topk.device_scan import best_on_device
from harness.topk.product_precision import Precision, rounded
from harness.topk.request import TopKRequest, TopKResult
from harness.topk.vector_scores import best_on_cpu, one_thread_each

_ROWS = 65_536  # vectors to look at at once
_LARGEST = float(np.finfo(np.float32).max) / 4


def best_by_vectors(
    user_vectors: torch.Tensor | Float32Array,
    item_vectors: torch.Tensor | Float32Array,
    request: TopKRequest,
    *,
    device: str = "cpu",
    precision: Precision = "float32",
    n_jobs: int = -1,
    advance: Callable[[int], None] | None = None,
) -> TopKResult:
    """Return the exact best items of each user by the products of their vectors.

    Parameters
    ----------
    user_vectors, item_vectors
        float32 ``(users, dimension)`` and ``(items, dimension)``, contiguous. Memory maps are allowed, and
        so are tensors that are on the device already.
    request
        The request, with one row per user.
    device
        Device of torch, such as ``cpu`` or ``cuda:0``.
    precision
        Precision of the products: ``float32``, ``tf32`` (only on GPUs), or ``bfloat16``.
    n_jobs
        Threads on the CPU; -1 for one per core. It never changes a result.
    advance
        Called with the number of users done since the last call.

    Raises
    ------
    InfiniteScoreError
        A product is NaN or infinite.
    HarnessError
        The device does not have the precision, or too little memory.
    """
    users, items = _tensor(user_vectors), _tensor(item_vectors)
    with one_thread_each():  # waking others takes longer
        checked = _may_overflow(users, items)
    if torch.device(device).type != "cpu":
        return best_on_device(
            users, items, request, device=device, precision=precision, checked=checked, advance=advance
        )
    if precision == "tf32":
        raise HarnessError("precision tf32 is a format of GPUs, and the device is cpu. Use float32 or bfloat16.")
    users, items = rounded(users, precision), rounded(items, precision)
    return best_on_cpu(users.numpy(), items.numpy(), request, checked=checked, n_jobs=n_jobs, advance=advance)


def _tensor(vectors: torch.Tensor | Float32Array) -> torch.Tensor:
    if isinstance(vectors, torch.Tensor):
        return vectors.contiguous()
    with warnings.catch_warnings():
        # Arrays that may not be written to, such as memory maps: nothing here writes.
        warnings.filterwarnings("ignore", message="The given NumPy array is not writable")
        return torch.from_numpy(vectors)


def _may_overflow(user_vectors: torch.Tensor, item_vectors: torch.Tensor) -> bool:
    """Return whether a product may be NaN or infinite; vectors that are not finite say yes."""
    largest = float(user_vectors.shape[1])
    for vectors in (user_vectors, item_vectors):
        largest *= max((_largest(vectors[start : start + _ROWS]) for start in range(0, len(vectors), _ROWS)), default=0)
    return not largest < _LARGEST


def _largest(vectors: torch.Tensor) -> float:
    """Return the largest size of a number, infinite where one is NaN."""
    low, high = torch.aminmax(vectors)
    largest = max(-float(low), float(high))
    return largest if math.isfinite(largest) else math.inf
