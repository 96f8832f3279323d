"""Find each user's k highest-scoring items from user and item vectors: ``harness.top_k``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
import torch

from harness.artifacts import NO_ITEM, TopK, Vocabulary, as_ids
from harness.artifacts.array_types import Float32Array, IdArray, UInt64Array
from harness.errors import HarnessError
from harness.memory import check_memory
from harness.topk.device_choice import choose_device
from harness.topk.engine import best_by_vectors
from harness.topk.request import InfiniteScoreError, ItemRows, TieBreak, TopKRequest


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

    Scores are computed in tiles and never held as a whole: memory grows with users times k, and with the vectors. Items
    are ordered by descending score, then by a hash of (seed, user, item), so that equal scores favour no item. A user's
    list depends neither on the other users nor on the number of threads.

    Parameters
    ----------
    user_vectors, item_vectors
        Arrays or CPU tensors ``(users, dimension)`` and ``(items, dimension)``; they are used as float32.
    k
        Length of the lists, 1 or more. A list ends with -1 where a user has fewer candidates.
    exclude
        Sparse ``(users, items)``: items that must not be recommended to a user, such as those already seen. Every
        stored entry counts, whatever its value.
    users, items
        External ids, which determine the order among equal scores; None for row numbers. The result also holds the ids
        of the users.
    seed
        Another seed gives another order among equal scores.
    device
        ``cpu``, ``cuda``, ``cuda:N``, or ``auto``.
    n_jobs
        Number of threads on the CPU; -1 for one per core, -2 for one less. It never changes a result.

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
    user_array, item_array = _vectors(user_vectors, "user_vectors"), _vectors(item_vectors, "item_vectors")
    if user_array.shape[1] != item_array.shape[1]:
        raise HarnessError(
            f"user_vectors has {user_array.shape[1]} dimensions and item_vectors {item_array.shape[1]}; "
            "both must have the same."
        )
    if not _is_whole(k) or k < 1:
        raise HarnessError(f"k is {k!r}; a whole number of 1 or more is needed.")
    if not _is_whole(n_jobs) or n_jobs == 0:
        raise HarnessError(f"n_jobs is {n_jobs!r}; use 1 or more threads, or -1 for one per core.")
    if not _is_whole(seed):
        raise HarnessError(f"seed is {seed!r}; a whole number is needed.")
    n_users, n_items = len(user_array), len(item_array)
    user_ids, item_ids = _ids(users, n_users, "users"), _ids(items, n_items, "items")
    width = min(int(k), n_items)
    needed = n_users * 8 * (int(k) + (width if k > width else 0))
    check_memory(
        needed, f"a result of {k:,} items for {n_users:,} users", remedy="Use a smaller k, or fewer users at once."
    )
    ties = TieBreak(seed, _keys(user_ids, n_users, "users"), _keys(item_ids, n_items, "items"))
    request = TopKRequest(width, ties, seen=_rows(exclude, (n_users, n_items)))
    try:
        found = best_by_vectors(user_array, item_array, request, device=choose_device(str(device)), n_jobs=int(n_jobs))
    except InfiniteScoreError as error:
        user, item = _name(user_ids, error.user), _name(item_ids, error.item)
        raise HarnessError(
            _odd_vector(user_array[error.user], "user", user)
            or _odd_vector(item_array[error.item], "item", item)
            or f"the score of user {user} and item {item} is {error.score}; scores have to be finite. "
            "Scale the vectors down."
        ) from error
    return TopK(_widened(found.items, int(k), filler=NO_ITEM), _widened(found.scores, int(k), filler=-np.inf), user_ids)


def _is_whole(value: Any) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def _name(ids: IdArray | None, row: int) -> str:
    return str(row) if ids is None else f"'{ids[row]}'"


def _odd_vector(vector: Float32Array, what: str, name: str) -> str | None:
    if np.isfinite(vector).all():
        return None
    odd = vector[~np.isfinite(vector)][0]
    return f"the vector of {what} {name} holds {odd} in single precision; finite numbers are needed."


def _widened(lists: np.ndarray, k: int, *, filler: float) -> np.ndarray:
    """Return lists ``(users, k)``, the same array where they are as long already."""
    if lists.shape[1] == k:
        return lists
    return np.pad(lists, ((0, 0), (0, k - lists.shape[1])), constant_values=filler)


def _vectors(given: Any, what: str) -> Float32Array:
    if isinstance(given, torch.Tensor):
        if given.layout != torch.strided or given.is_meta or given.is_complex() or given.dtype == torch.bool:
            kind = "meta" if given.is_meta else str(given.layout).removeprefix("torch.")
            raise HarnessError(
                f"{what} is a {kind} tensor of {given.dtype}; it must be dense and hold integers or floats."
            )
        given = given.detach().resolve_neg().to(device="cpu", dtype=torch.float32).numpy()  # half precision, too
    if isinstance(given, (sp.sparray, sp.spmatrix)):
        raise HarnessError(f"{what} is sparse; give a dense array, such as {what}.toarray().")
    if np.ma.isMaskedArray(given):
        raise HarnessError(f"{what} is a masked array; fill its masked values with numbers.")
    try:
        array = np.asarray(given)
    except ValueError as error:
        raise HarnessError(
            f"{what} is not an array: its rows differ in length. Give (rows, dimension) numbers."
        ) from error
    if array.ndim != 2 or array.dtype.kind not in "fiu":
        raise HarnessError(
            f"{what} is {array.dtype} of shape {array.shape}; numbers of shape (rows, dimension) are needed."
        )
    if 0 in array.shape[1:] or (len(array) == 0 and what == "item_vectors"):
        raise HarnessError(f"{what} has shape {array.shape}; one row and one dimension at least are needed.")
    with np.errstate(over="ignore"):  # reported later, with user and item, as an infinite score
        return np.ascontiguousarray(array, dtype=np.float32)


def _ids(given: Any, count: int, what: str) -> IdArray | None:
    if given is None:
        return None
    # Sets have no order; iterating over maps and tables gives their keys.
    if isinstance(given, (str, bytes, AbstractSet, Mapping, pd.DataFrame)) or not isinstance(given, Iterable):
        raise HarnessError(f"{what} is a {type(given).__name__}; a sequence of {count} ids is needed.")
    listed = list(given)
    if len(listed) != count:
        raise HarnessError(f"{what} has {len(listed)} ids for {count} vectors; one each is needed.")
    return as_ids(listed, what=what.rstrip("s"))


def _keys(ids: IdArray | None, count: int, what: str) -> UInt64Array:
    vocabulary = Vocabulary.of(np.arange(count) if ids is None else ids)
    if ids is None:
        return vocabulary.keys
    if len(vocabulary) < count:
        places = vocabulary.indices(ids)
        repeated = ids[int(np.flatnonzero(np.bincount(places)[places] > 1)[0])]
        raise HarnessError(f"{what} holds '{repeated}' more than once; ids tell vectors apart.")
    return vocabulary.keys[vocabulary.indices(ids)]


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
        raise HarnessError(
            f"exclude is not a valid sparse matrix: {error}. Build it again from its row and column indices."
        ) from error
    return ItemRows(rows.indptr.astype(np.int64), rows.indices.astype(np.int32))
