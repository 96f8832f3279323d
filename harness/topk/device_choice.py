"""Choose the torch device, and recognise errors that mean that memory ran out."""

from __future__ import annotations

import re

import torch

from harness.errors import HarnessError


def choose_device(wanted: str) -> str:
    """Return the torch device for an option: ``cpu`` or ``cuda:N``.

    Parameters
    ----------
    wanted
        ``auto`` (a GPU if there is one), ``cpu``, ``cuda`` (the current GPU) or ``cuda:N``.

    Raises
    ------
    HarnessError
        There is no such device.

    Examples
    --------
    >>> choose_device("cpu")
    'cpu'
    """
    if wanted == "cpu":
        return "cpu"
    match = re.fullmatch(r"auto|cuda(?::(?P<index>[0-9]+))?", wanted)
    if match is None:
        raise HarnessError(f"unknown device '{wanted}'. Use auto, cpu, cuda or cuda:N, such as cuda:0.")
    if not torch.cuda.is_available():
        if wanted == "auto":
            return "cpu"
        raise HarnessError(
            f"device '{wanted}' was asked for, but torch {torch.__version__} finds no CUDA device here. "
            "Use --device cpu (runner.device: cpu), or install a CUDA build of torch."
        )
    count = torch.cuda.device_count()
    index = torch.cuda.current_device() if match["index"] is None else int(match["index"])
    if index >= count:
        raise HarnessError(
            f"device '{wanted}' does not exist: this machine has cuda:0 to cuda:{count - 1}. Use --device cuda."
        )
    return f"cuda:{index}"


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether an error means that memory ran out."""
    # On a CPU, torch has no error class for this.
    return isinstance(error, (MemoryError, torch.OutOfMemoryError)) or "can't allocate memory" in str(error)
