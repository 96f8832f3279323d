"""Check a checkpoint's tensors before a model uses them, as the file may come from anyone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import DTypeLike, NDArray

from harness.artifacts import Tensors
from harness.errors import CheckpointError

if TYPE_CHECKING:
    from torch import nn

Module = TypeVar("Module", bound="nn.Module")

REMEDY = "Delete the checkpoint, or name another in model.checkpoint, and fit again."


def require_names(tensors: Tensors, names: Iterable[str], *, kind: str) -> None:
    """Check that a checkpoint holds exactly the tensors of a kind of model.

    Raises
    ------
    CheckpointError
        A tensor is missing, or there is another one.
    """
    expected = sorted(names)
    if sorted(tensors) != expected:
        raise CheckpointError(
            f"the checkpoint of kind {kind} holds {_listed(tensors)}; {_listed(expected)} are needed. {REMEDY}"
        )


def require(tensors: Tensors, name: str, *, kind: str, dtype: DTypeLike, shape: tuple[int | None, ...]) -> NDArray[Any]:
    """Return a tensor of the given type and shape; None in the shape stands for any length.

    Raises
    ------
    CheckpointError
        The tensor has another type or shape, or holds NaN or infinity.

    Examples
    --------
    >>> require({"a": np.zeros((2, 3))}, "a", kind="ease", dtype=np.float64, shape=(2, None)).shape
    (2, 3)
    """
    tensor = tensors[name]
    fits = len(tensor.shape) == len(shape) and all(
        want in (None, have) for want, have in zip(shape, tensor.shape, strict=True)
    )
    if tensor.dtype != np.dtype(dtype) or not fits:
        wanted = ", ".join("any" if length is None else str(length) for length in shape)
        raise CheckpointError(
            f"the tensor '{name}' of the {kind} checkpoint is {tensor.dtype} {tensor.shape}; "
            f"{np.dtype(dtype)} ({wanted}) is needed. It belongs to another catalogue or is damaged. {REMEDY}"
        )
    # The extremes reveal NaN and infinity without a mask as large as the tensor.
    if np.issubdtype(tensor.dtype, np.floating) and tensor.size and not np.isfinite([tensor.min(), tensor.max()]).all():
        raise CheckpointError(f"the tensor '{name}' of the {kind} checkpoint holds NaN or infinity. {REMEDY}")
    return tensor


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in sorted(names)) or "no tensors"


def load_module(module: Module, tensors: Tensors, *, kind: str, made: Iterable[str] = ()) -> Module:
    """Load the tensors of a checkpoint into a module, and return it in eval mode.

    Parameters
    ----------
    module
        A module with the needed shapes.
    made
        Names in its state that the checkpoint lacks, since the module computes them.

    Raises
    ------
    CheckpointError
        A tensor is missing, unexpected, has another type or shape, or holds NaN or infinity.
    """
    import torch

    state = module.state_dict()
    kept = {name: tensor for name, tensor in state.items() if name not in set(made)}
    require_names(tensors, kept, kind=kind)
    for name, own in kept.items():
        dtype = str(own.dtype).removeprefix("torch.")
        array = require(tensors, name, kind=kind, dtype=dtype, shape=tuple(own.shape))
        state[name] = torch.from_numpy(np.require(array, requirements=["C", "W"]))
    module.load_state_dict(state)
    return module.eval().requires_grad_(requires_grad=False)
