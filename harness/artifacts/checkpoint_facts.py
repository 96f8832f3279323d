"""What a checkpoint file holds: state dicts, tensors, and other values in short."""

from __future__ import annotations

from dataclasses import dataclass

from harness.artifacts.json_values import Facts


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
            Its key in the checkpoint; empty where it is the whole file.
        tensors
        Its tensors, in the order of the file.
    parameters
            The number of values of floating-point tensors; tensors that share memory count once. A state dict does not
        distinguish parameters from buffers.
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
        Its state dicts: one, or several in a training checkpoint.
    other
            Values that are not tensors, such as an epoch or a header, in short.
    """

    path: str
    format: str
    bytes: int
    states: tuple[StateFacts, ...]
    other: Facts
