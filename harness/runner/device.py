"""Where scores are made, and how many users fit there at once."""

from __future__ import annotations

import re

import torch

from harness.errors import HarnessError

_BYTES_PER_SCORE = 32  # the score, its masked copy, the mask, and what a model needs to make it
_CPU_BUDGET = 256 << 20
_CUDA_SHARE = 0.25  # of the memory that is free
_MOST_USERS = {"cpu": 1024, "cuda": 16384}  # more at once is no faster, and shows no progress


def choose_device(wanted: str) -> str:
    """Return the torch device that a wish stands for: ``cpu`` or ``cuda:N``.

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


def auto_batch_size(n_items: int, device: str) -> int:
    """Return how many users to score at once, 1 or more. It changes speed and memory, no result.

    Parameters
    ----------
    n_items
        Size of the catalogue: each user takes as many scores.
    device
        As ``choose_device`` returns it.

    Examples
    --------
    >>> auto_batch_size(1_000, "cpu"), auto_batch_size(1_000_000, "cpu"), auto_batch_size(10**9, "cpu")
    (1024, 8, 1)
    """
    kind = torch.device(device).type
    budget = _CPU_BUDGET
    if kind == "cuda":
        free, _total = torch.cuda.mem_get_info(device)
        budget = int(free * _CUDA_SHARE)
    return max(1, min(_MOST_USERS[kind], budget // (_BYTES_PER_SCORE * max(1, n_items))))
