"""Random numbers of torch, NumPy and Python from a seed of one's own."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator

import numpy as np
import torch


@contextlib.contextmanager
def seeded(seed: int, device: str) -> Iterator[None]:
    """Draw from a seed within the block, and leave the global generators as they were."""
    states = random.getstate(), np.random.get_state()  # noqa: NPY002 - strangers' code draws from it
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
