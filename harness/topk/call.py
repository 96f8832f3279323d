"""``harness.top_k``: the best items of each user, from vectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import scipy.sparse as sp
import torch

from harness.artifacts import TopK, Vocabulary, as_ids
from harness.artifacts.arrays import Float32Array, UInt64Array
from harness.errors import HarnessError
from harness.memory import available_memory, size_text
from harness.topk.devices import choose_device
from harness.topk.engine import best_by_vectors
from harness.topk.request import InfiniteScoreError, ItemRows, Request, Ties


def top_k(
    user_vectors: Any,
    item_vectors: Any,
    *,
    k: int,
    exclude: sp.csr_array | sp.csr_matrix | None = None,
    users: Sequence[Any] | None = None,
    items: Sequence[Any] | None = None,
    seed: int = 0,
    device: str = "cpu",
    n_jobs: int = -1,
) -> TopK:
    """Return the exact best k items of each user by the products of their vectors.

    Never more than tiles of the scores are held: memory grows with users times k, and with the
    vectors. The order is: score descending, then a hash of (seed, user, item), so that equal scores
    favour no item. A user's list depends neither on the other users nor on the number of threads.

    Parameters
    ----------
    user_vectors, item_vectors
        Arrays or CPU tensors ``(users, dimension)`` and ``(items, dimension)``; they are used as float32.
    k
        Length of the lists, 1 or more. Where a user has fewer candidates, the list ends with -1.
    exclude
        Sparse ``(users, items)``: what each user may not be recommended, such as what they have seen;
        every stored entry counts, whatever its value.
    users, items
        Own ids, from which the order among equal scores is drawn; None takes the row numbers.
        The ids of users also stand in the result.
    seed
        Another one gives another order among equal scores.
    device
        ``cpu``, ``cuda``, ``cuda:N``, or ``auto``.
    n_jobs
        Threads on the CPU; -1 for one a core. It never changes a result.

    Returns
    -------
    TopK
        ``items`` int32 and ``scores`` float32 ``(users, k)``, best first.

    Raises
    ------
    HarnessError
        The shapes do not fit together, or a score is NaN or infinite; the message says where.

    Examples
    --------
    >>> tastes, tea_coffee_cake = np.array([[1.0, 0.0], [0.5, 0.4]]), np.array([[3.0, 0.0], [2.0, 1.0], [0.0, 4.0]])
    >>> seen = sp.csr_array(np.array([[1, 0, 0], [0, 0, 0]]))
    >>> top_k(tastes, tea_coffee_cake, k=2, exclude=seen).items
    array([[1, 2],
           [2, 0]], dtype=int32)
    """
    wanted, offered = _vectors(user_vectors, "user_vectors"), _vectors(item_vectors, "item_vectors")
    if wanted.shape[1] != offered.shape[1]:
        raise HarnessError(
            f"user_vectors has {wanted.shape[1]} dimensions and item_vectors {offered.shape[1]}; they must be alike."
        )
    if isinstance(k, bool) or not isinstance(k, (int, np.integer)) or k < 1:
        raise HarnessError(f"k is {k!r}; lists need 1 item or more.")
    if isinstance(n_jobs, bool) or not isinstance(n_jobs, int) or n_jobs == 0:
        raise HarnessError(f"n_jobs is {n_jobs!r}; use 1 or more threads, or -1 for one a core.")
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)):
        raise HarnessError(f"seed is {seed!r}; a whole number is needed.")
    users, items = (None if ids is None else list(ids) for ids in (users, items))
    n_users, n_items = len(wanted), len(offered)
    free = available_memory()
    if free is not None and n_users * int(k) * 8 > free:
        raise HarnessError(
            f"lists of {k:,} items for {n_users:,} users take {size_text(n_users * int(k) * 8)}, more than is free. "
            "Use a smaller k, or fewer users at once."
        )
    ties = Ties(seed, _keys(users, n_users, "users"), _keys(items, n_items, "items"))
    width = min(int(k), n_items)
    request = Request(width, ties, seen=_rows(exclude, (n_users, n_items)))
    try:
        found = best_by_vectors(wanted, offered, request, device=choose_device(str(device)), n_jobs=n_jobs)
    except InfiniteScoreError as error:
        user = error.user if users is None else users[error.user]
        item = error.item if items is None else items[error.item]
        raise HarnessError(
            f"the score of user {user!r} and item {item!r} is {error.score}; scores have to be finite. "
            "Look for NaN in the vectors, or scale them down."
        ) from error
    own = None if users is None else as_ids(users, what="user")
    missing = ((0, 0), (0, int(k) - width))
    return TopK(
        np.pad(found.items, missing, constant_values=-1),
        np.pad(found.scores, missing, constant_values=-np.inf),
        own,
    )


def _vectors(given: Any, what: str) -> Float32Array:
    if isinstance(given, torch.Tensor):  # parameters and half precision, too
        given = given.detach().to(device="cpu", dtype=torch.float32).numpy()
    if np.ma.isMaskedArray(given):
        raise HarnessError(f"{what} is a masked array; give numbers alone, with a value in place of what is masked.")
    try:
        array = np.asarray(given)
    except ValueError as error:
        raise HarnessError(f"{what} is no array: its rows differ in length. Give (rows, dimension) numbers.") from error
    if array.ndim != 2 or not (np.issubdtype(array.dtype, np.floating) or np.issubdtype(array.dtype, np.integer)):
        raise HarnessError(
            f"{what} is {array.dtype} of shape {array.shape}; numbers of shape (rows, dimension) are needed."
        )
    if 0 in array.shape:
        raise HarnessError(f"{what} has shape {array.shape}; one row and one dimension at least are needed.")
    with np.errstate(over="ignore"):  # told by user and item, as a score that is infinite
        return np.ascontiguousarray(array, dtype=np.float32)


def _keys(ids: Sequence[Any] | None, count: int, what: str) -> UInt64Array:
    if ids is None:
        return Vocabulary.of(np.arange(count)).keys
    if len(ids) != count:
        raise HarnessError(f"{what} has {len(ids)} ids for {count} vectors; one each is needed.")
    vocabulary = Vocabulary.of(ids)
    return vocabulary.keys[vocabulary.indices(as_ids(ids, what=what.rstrip("s")))]


def _rows(exclude: Any, shape: tuple[int, int]) -> ItemRows | None:
    if exclude is None:
        return None
    if not isinstance(exclude, (sp.sparray, sp.spmatrix)):
        raise HarnessError(f"exclude is a {type(exclude).__name__}; a scipy.sparse array (users, items) is needed.")
    matrix: Any = exclude
    if matrix.shape != shape:
        raise HarnessError(f"exclude has shape {matrix.shape}; {shape}, users by items, is needed.")
    rows = matrix.tocsr()
    try:
        rows.check_format(full_check=True)
    except ValueError as error:
        raise HarnessError(f"exclude is damaged: {error}. Build it anew, from rows and columns.") from error
    return ItemRows(rows.indptr.astype(np.int64), rows.indices.astype(np.int32))
