"""Check sizes, shapes and types of arguments, so that nothing broadcasts silently."""

from __future__ import annotations

import operator
from typing import SupportsIndex

import torch


def check_sizes(**sizes: SupportsIndex) -> None:
    """Check that each argument is a whole number of 1 or more.

    Raises
    ------
    ValueError
        One is not; the message names it.

    Examples
    --------
    >>> check_sizes(num_heads=0)
    Traceback (most recent call last):
    ValueError: num_heads is 0; a whole number of 1 or more is needed
    """
    for name, size in sizes.items():
        if isinstance(size, bool) or not hasattr(size, "__index__") or operator.index(size) < 1:
            raise ValueError(f"{name} is {size!r}; a whole number of 1 or more is needed")


def check_shape(name: str, tensor: torch.Tensor, shape: tuple[int | None, ...], axes: str) -> None:
    """Check a tensor's shape.

    Parameters
    ----------
    name
        Name of the argument.
    tensor
        The tensor that was passed.
    shape
        The length of each axis, None for any.
    axes
        The axes by name, such as ``(B, L, D)``.

    Raises
    ------
    ValueError
        The shape differs.

    Examples
    --------
    >>> check_shape("x", torch.zeros(2, 3), (None, 4), "(B, D)")
    Traceback (most recent call last):
    ValueError: x has shape (2, 3); (B, D) = (any, 4) is needed
    """
    lengths = tuple(tensor.shape)
    if len(lengths) != len(shape) or any(want not in (None, got) for want, got in zip(shape, lengths, strict=True)):
        wanted = ", ".join("any" if length is None else str(length) for length in shape)
        raise ValueError(f"{name} has shape {lengths}; {axes} = ({wanted}) is needed")


def check_ids(name: str, ids: torch.Tensor, size: int) -> None:
    """Check that a tensor holds indices into a vocabulary.

    Raises
    ------
    ValueError
        It is not of an integer type, or an index is below 0 or at ``size`` and above.

    Examples
    --------
    >>> check_ids("input_ids", torch.tensor([[7]]), 5)
    Traceback (most recent call last):
    ValueError: input_ids holds 7; with vocab_size 5 ids lie in 0 … 4
    """
    check_integers(name, ids)
    if ids.numel() == 0:
        return
    lowest, highest = (int(end) for end in torch.aminmax(ids))
    if lowest < 0 or highest >= size:
        outside = lowest if lowest < 0 else highest
        raise ValueError(f"{name} holds {outside}; with vocab_size {size} ids lie in 0 … {size - 1}")


def check_floats(**tensors: torch.Tensor) -> None:
    """Check that each tensor has a floating-point type.

    Raises
    ------
    ValueError
        One is not; the message names it.
    """
    for name, tensor in tensors.items():
        if not tensor.is_floating_point():
            raise ValueError(f"{name} is of type {tensor.dtype}; floating-point numbers are needed")


def check_share(name: str, share: float) -> None:
    """Check that a number is between 0 and 1.

    Raises
    ------
    ValueError
        It does not.
    """
    if not 0.0 <= share <= 1.0:
        raise ValueError(f"{name} is {share}; it lies in 0 to 1")


def check_integers(name: str, tensor: torch.Tensor) -> None:
    """Check that a tensor has an integer type.

    Raises
    ------
    ValueError
        It holds floats, complex numbers or truth values.
    """
    if tensor.is_floating_point() or tensor.is_complex() or tensor.dtype is torch.bool:
        raise ValueError(f"{name} is of type {tensor.dtype}; integers are needed")


def at_least_float32(tensor: torch.Tensor) -> torch.dtype:
    """Return the type of a tensor, but at least float32."""
    return torch.promote_types(tensor.dtype, torch.float32)
