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
        The key it stands under, empty for that of the whole file.
    tensors
        In the order of the file.
    parameters
        Values of floating-point tensors, those that share memory once. A state dict does not tell
        parameters from buffers.
    size
        Of all tensors in MiB, those that share memory once.
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
        Of the file: ``safetensors``, ``PyTorch``, ``NumPy`` or ``parquet``.
    bytes
        Size of the file.
    states
        Its state dicts: one, or those of a training checkpoint by their keys.
    other
        What is no tensor, such as an epoch or a header, in short.
    """

    path: str
    format: str
    bytes: int
    states: tuple[StateFacts, ...]
    other: Mapping[str, Any]
