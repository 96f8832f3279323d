"""Floating-point precision of matrix products."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import torch

Precision: TypeAlias = Literal["float32", "tf32", "bfloat16"]


def rounded(vectors: torch.Tensor, precision: Precision) -> torch.Tensor:
    """Return float32 vectors in the precision that enters the products."""
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


def tile_product(users: torch.Tensor, items: torch.Tensor, buffer: torch.Tensor) -> torch.Tensor:
    """Return ``users @ items.T`` on the CPU, in the buffer or in memory of its own.

    Parameters
    ----------
    users, items
        float32 ``(users, dimension)`` and ``(items, dimension)``, contiguous.
    buffer
        float32 ``(users, items)``.
    """
    if _FUSED is not None:
        product: torch.Tensor = _FUSED(users, items, None, "none", [], "")
        return product
    return torch.mm(users, items.T, out=buffer)


def _fused_linear() -> Any:
    """Return oneDNN's product, or None where torch was built without it.

    torch multiplies float32 by the BLAS that it was built with, which on processors that its maker does
    not know is half as fast. The operator is the one that compiled models call.
    """
    if not torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        return None
    try:
        operator = torch.ops.mkldnn._linear_pointwise.default
        users, items = torch.eye(64), torch.arange(64.0 * 64).reshape(64, 64)
        right = bool((operator(users, items, None, "none", [], "") == items.T).all())
    except (AttributeError, RuntimeError, TypeError):
        return None
    return operator if right else None


_FUSED = _fused_linear()
