"""Facts about a checkpoint: its state dicts, their tensors, and a summary of the rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class TensorFacts:
    """A tensor: its name in the state dict, its shape, type, number of values, and size in bytes."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    values: int
    bytes: int


@dataclass(frozen=True)
class StateFacts:
    """A state dict.

    Parameters
    ----------
    name
        Its key; empty if it is the whole file.
    tensors
        Its tensors, in the order of the file.
    parameters
        Number of floating-point values; tensors that share memory count once. A state dict does not distinguish
        parameters from buffers.
    size
        Size of all tensors in MiB; tensors that share memory count once.
    """

    name: str
    tensors: tuple[TensorFacts, ...]
    parameters: int
    size: str


@dataclass(frozen=True)
class CheckpointFacts:
    """The content of a checkpoint file.

    Parameters
    ----------
    path
        The file.
    format
        Format of the file: ``safetensors``, ``PyTorch``, ``NumPy`` or ``parquet``.
    bytes
        Size of the file.
    states
        Its state dicts: one, or several of a training checkpoint by their keys.
    other
        A summary of the other values, such as an epoch or a header.
    """

    path: str
    format: str
    bytes: int
    states: tuple[StateFacts, ...]
    other: Mapping[str, Any]
