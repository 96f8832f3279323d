"""Batches of users: filled up to one shape, and what to do when they are too large."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from harness.artifacts import UserBatch


def filled(batch: UserBatch, size: int) -> UserBatch:
    """Return a batch with its last user repeated until it has the size."""
    missing = size - len(batch.users)
    if missing <= 0:
        return batch
    places = None if batch.places is None else np.pad(batch.places, (0, missing), mode="edge")
    return replace(batch, users=np.pad(batch.users, (0, missing), mode="edge"), places=places)


def is_out_of_memory(error: MemoryError | RuntimeError) -> bool:
    """Return whether an error of a batch says that memory ran out."""
    # On a CPU torch has no class of its own for this.
    return isinstance(error, (MemoryError, torch.OutOfMemoryError)) or "can't allocate memory" in str(error)
