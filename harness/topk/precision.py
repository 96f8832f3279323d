"""How exactly products are computed."""

from __future__ import annotations

from typing import Literal, TypeAlias

import torch

Precision: TypeAlias = Literal["float32", "tf32", "bfloat16"]


def rounded(vectors: torch.Tensor, precision: Precision) -> torch.Tensor:
    """Return float32 vectors as they go into the products."""
    if precision != "bfloat16":
        return vectors
    low = vectors.to(torch.bfloat16)
    # Only GPUs multiply bfloat16 and keep the sums in float32; elsewhere its values are multiplied as float32.
    return low if vectors.device.type == "cuda" else low.to(torch.float32)


def product(users: torch.Tensor, items: torch.Tensor, *, out: torch.Tensor, precision: Precision) -> None:
    """Write ``users @ items.T`` in float32.

    Parameters
    ----------
    users, items
        ``(users, dimension)`` and ``(items, dimension)``, as ``rounded`` returns them.
    out
        float32 ``(users, items)``.
    precision
        ``float32``; ``tf32``: GPUs round the factors to 10 bits of fraction; ``bfloat16``: to 7 bits. All add up in
        float32, and the scores stay float32.
    """
    if users.dtype == torch.bfloat16:
        torch.mm(users, items.T, out_dtype=torch.float32, out=out)
        return
    allowed = torch.backends.cuda.matmul.allow_tf32
    torch.backends.cuda.matmul.allow_tf32 = precision == "tf32"
    try:
        torch.mm(users, items.T, out=out)
    finally:
        torch.backends.cuda.matmul.allow_tf32 = allowed
