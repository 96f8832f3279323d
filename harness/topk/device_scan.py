"""Select the best items by dot products of vectors, on a GPU.

A batch of users is multiplied with tiles of items into one buffer. The best items of each tile are found in two stages:
the maximum of every 64 items, then the items of the groups with the highest maxima. All this is queued on the device;
the host waits for a batch only when the next one has been queued. Lists are one item longer than k at first, which
shows whether equal scores cross the end of a list. Only such a batch is computed again, with ties broken in each tile.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterator

import torch

from harness.errors import HarnessError
from harness.topk.device_batch import DeviceBatch
from harness.topk.device_items import DEFAULT_SHAPE, DeviceItems, TileShape
from harness.topk.product_precision import Precision
from harness.topk.request import TopKRequest, TopKResult

logger = logging.getLogger("harness")

_IN_FLIGHT = 2  # number of batches that are queued at once


def best_on_device(
    user_vectors: torch.Tensor,
    item_vectors: torch.Tensor,
    request: TopKRequest,
    *,
    device: str,
    shape: TileShape = DEFAULT_SHAPE,
    precision: Precision = "float32",
    checked: bool = False,
    advance: Callable[[int], None] | None = None,
) -> TopKResult:
    """Return the best items of each user by the products of their vectors.

    If the memory of the device does not suffice, smaller tiles are used from then on.

    Parameters
    ----------
    user_vectors, item_vectors
        float32 ``(users, dimension)`` and ``(items, dimension)``. Tensors that are already on the
        device are not copied.
    request
        With a row for each user.
    device
        Torch device, such as ``cuda:0``.
    shape
        Shape of the first products.
    precision
        Precision of the products.
    checked
        Whether to check for NaN and infinite scores, which waits for each tile.
    advance
        Called with the number of users of each batch that is done.

    Raises
    ------
    InfiniteScoreError
        A score is, where it is looked for.
    HarnessError
        Not even the smallest tile fits into the memory of the device.
    """
    found, tile, done = TopKResult.empty(request), shape, 0
    while done < request.n_users:
        try:
            items = DeviceItems.of(item_vectors, request, tile, device, precision, checked=checked)
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
                "the memory of %s is too small for tiles of %d users and %d items; continuing with %d and %d",
                device, tile.users, tile.items, smaller.users, smaller.items,
            )  # fmt: skip
            tile = smaller
            if torch.device(device).type == "cuda":
                torch.cuda.empty_cache()
    return found


def _batches(
    user_vectors: torch.Tensor, items: DeviceItems, request: TopKRequest, found: TopKResult, start: int
) -> Iterator[int]:
    """Do batch after batch from ``start`` on; yield the user after each that is done."""
    queued: deque[DeviceBatch] = deque()
    for begin in range(start, request.n_users, items.shape.users):
        queued.append(DeviceBatch(user_vectors, items, request, begin).queue())
        if len(queued) >= _IN_FLIGHT:
            yield queued.popleft().finish(found)
    while queued:
        yield queued.popleft().finish(found)
