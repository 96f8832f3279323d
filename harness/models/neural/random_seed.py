"""Seed the random numbers of torch, NumPy and Python for the length of a block."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator

import numpy as np
import torch


@contextlib.contextmanager
def seeded(seed: int, device: str) -> Iterator[None]:
    """Seed the global generators within the block, and restore their state afterwards."""
    states = random.getstate(), np.random.get_state()  # noqa: NPY002 - external code draws from it
    devices = [torch.device(device).index or 0] if device.startswith("cuda") else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(seed % (1 << 63))
        random.seed(seed)
        np.random.seed(seed % (1 << 32))  # noqa: NPY002
        try:
            yield
        finally:
            random.setstate(states[0])
            np.random.set_state(states[1])  # noqa: NPY002
