"""What is asked of the runner, checked before the first batch; and what went wrong in one."""

from __future__ import annotations

from typing import Literal

import numpy as np
import torch

from harness.artifacts import CandidateLists, History, Truth, Vocabulary
from harness.artifacts.arrays import BoolArray, Int64Array
from harness.errors import HarnessError


def check_request(
    history: History,
    users: Int64Array,
    truth: Truth,
    user_ids: Vocabulary,
    item_ids: Vocabulary,
    candidates: BoolArray | None,
    places: Int64Array | None,
) -> None:
    """Check that the arguments of ``predict`` fit together.

    Raises
    ------
    HarnessError
        They do not.
    """
    if places is not None:
        _check_range(places, history.n_users, "places")
    rows = len(user_ids) if places is None else history.n_users
    if (history.n_users, history.n_items) != (rows, len(item_ids)):
        raise HarnessError(
            f"the history has {history.n_users} users and {history.n_items} items, the vocabularies "
            f"{len(user_ids)} and {len(item_ids)}; they must be alike."
        )
    if truth.n_users != len(users):
        raise HarnessError(f"the truth has {truth.n_users} rows for {len(users)} users; one a user is needed.")
    _check_range(users, len(user_ids), "users")
    _check_range(truth.items, len(item_ids), "truth.items")
    if candidates is not None and candidates.shape != (len(item_ids),):
        raise HarnessError(f"candidates has shape {candidates.shape}; ({len(item_ids)},) is needed.")
    if candidates is not None and not candidates.any():
        raise HarnessError("no item may be recommended: candidates is false throughout. Use candidates.items: all.")


def check_lists(lists: CandidateLists | None, n_users: int, n_items: int) -> None:
    """Check that lists of candidates are one a user, within the catalogue.

    Raises
    ------
    HarnessError
        They are not.
    """
    if lists is None:
        return
    if len(lists.indptr) != n_users + 1:
        raise HarnessError(
            f"there are {len(lists.indptr) - 1} lists of candidates for {n_users} users; one each is needed."
        )
    _check_range(lists.items, n_items, "lists.items")


def _check_range(indices: np.ndarray, size: int, what: str) -> None:
    if len(indices) and (indices.min() < 0 or indices.max() >= size):
        raise HarnessError(f"{what} holds {indices.min()} to {indices.max()}; indices from 0 to {size - 1} are needed.")


def check_numbers(k: int, batch_size: int | Literal["auto"]) -> None:
    """Check the length of the lists and the size of the batches.

    Raises
    ------
    HarnessError
        One of them is below 1, or no number.
    """
    if k < 1:
        raise HarnessError(f"k is {k}; lists need 1 item or more (runner.k).")
    if batch_size != "auto" and (isinstance(batch_size, str) or batch_size < 1):
        raise HarnessError(f"batch_size is {batch_size}; use auto, or 1 or more (runner.batch_size).")


def is_out_of_memory(error: MemoryError | RuntimeError) -> bool:
    """Return whether an error of a batch says that memory ran out."""
    # On a CPU torch has no class of its own for this.
    return isinstance(error, (MemoryError, torch.cuda.OutOfMemoryError)) or "can't allocate memory" in str(error)
