"""Hold the items of a run on a GPU, and multiply them with users, tile by tile."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch

from harness.topk.product_precision import Precision, product, rounded
from harness.topk.request import TopKRequest
from harness.topk.tie_keys import signed_keys

_SMALLEST_TILE = 1024


@dataclass(frozen=True)
class TileShape:
    """Number of users and items of one product. All products share it, since their last bits may depend on it.

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


@dataclass(frozen=True, eq=False)
class DeviceItems:
    """Item vectors and other arrays that stay on the device for all batches."""

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
        request: TopKRequest,
        shape: TileShape,
        device: str,
        precision: Precision,
        *,
        checked: bool,
    ) -> DeviceItems:
        """Return the items on the device, with a buffer for products of a shape."""
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
        """The device of the items."""
        return self.buffer.device

    def firsts(self) -> range:
        """Return the first item of each tile."""
        return range(0, len(self.vectors), self.shape.items)

    def multiply(self, users: torch.Tensor, first: int) -> torch.Tensor:
        """Return the scores ``(batch, width)`` of a tile, a view of the buffer."""
        width = min(self.shape.items, len(self.vectors) - first)
        tile = self.vectors[first : first + width] if width == self.shape.items else self.last
        product(users, tile, out=self.buffer, precision=self.precision)
        return self.buffer[:, :width]


DEFAULT_SHAPE = TileShape()
