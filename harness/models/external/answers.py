"""Convert the lists and scores that external objects return into arrays of catalogue indices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from harness.artifacts import CandidateLists, History, ListRequest, RankedLists, rounded
from harness.artifacts.array_types import Float32Array, Int64Array
from harness.errors import HarnessError
from harness.models.external.id_naming import IdNaming
from harness.models.external.list_cleaning import cleaned
from harness.models.external.score_precision import tell_of_ties


def lists_of(
    answer: Any,
    users: Sequence[Any],
    rows: int,
    items: IdNaming,
    asked: ListRequest,
    *,
    places: Int64Array,
    where: str,
) -> RankedLists:
    """Return the lists of an answer to ``recommend``.

    Parameters
    ----------
    answer
        A list or array of ids per user, or a pair of such lists and their scores. The lists of a series whose index
        holds the users are sorted into the order of ``users``.
    users
        The users as the object got them.
    rows
        Number of users in the batch.
    items
        How the object names items.
    asked
        Length of the lists, and the items that they may hold.
    places
        int64 ``(users,)``: the rows of the batch that the object got; the other rows get empty lists.
    where
        The source of the answer, for messages.

    Raises
    ------
    HarnessError
        The answer has another form, or another number of lists than users.
    """
    ids, scores = answer if _is_pair(answer) else (answer, None)
    given = _rows(ids, users, places, rows, f"{where} gave lists")
    lengths = np.array([len(one) for one in given], dtype=np.int64)
    width = max(1, int(lengths.max(initial=0)))
    if any(isinstance(name, tuple) for one in given for name in one[:1]):
        raise HarnessError(f"{where} gave pairs in a user's list; return two lists per user: (items, scores).")
    flat = items.ours([name for one in given for name in one], where)
    filled = np.arange(width) < lengths[:, None]
    found = np.full((rows, width), -1, dtype=np.int64)
    found[filled] = flat
    found_scores = None
    if scores is not None:
        given_scores = _rows(scores, users, places, rows, f"{where} gave scores")
        if any(len(one) != length for one, length in zip(given_scores, lengths, strict=True)):
            row = next(row for row, one in enumerate(given_scores) if len(one) != lengths[row])
            raise HarnessError(
                f"{where} gave {lengths[row]} items and {len(given_scores[row])} scores to one user; each "
                "needs its own."
            )
        found_scores = np.full((rows, width), -np.inf, dtype=np.float32)
        found_scores[filled] = _numbers([score for one in given_scores for score in one], where)
        found_scores[found == -1] = -np.inf
    # Empty positions move to the end, so that they count neither as items nor as invalid items.
    order = np.argsort(found == -1, axis=1, kind="stable")
    found = np.take_along_axis(found, order, axis=1)
    if found_scores is not None:
        found_scores = np.take_along_axis(found_scores, order, axis=1)
    n_items = len(items.vocabulary)
    return cleaned(found, found_scores, asked, n_items, lengths=(found != -1).sum(axis=1).astype(np.int64))


def scores_of(answer: Any, users: Sequence[Any], items: Sequence[Any], *, where: str) -> Float32Array:
    """Return the scores of an answer to ``score`` as float32 ``(users, items)``; NaN where the answer has none.

    Parameters
    ----------
    answer
        Numbers ``(users, items)``. The rows and columns of a data frame whose index or columns hold the users or items
        are sorted into their order.
    users, items
        The users and items as the object got them.
    where
        The source of the answer, for messages.

    Raises
    ------
    HarnessError
        The answer holds no numbers, has another shape, or names only some of the users or items.
    """
    shape = (len(users), len(items))
    if isinstance(answer, pd.DataFrame) and answer.shape == shape:
        answer = answer.iloc[_order(answer.index, users, f"{where} gave an index of users")]
        answer = answer.iloc[:, _order(answer.columns, items, f"{where} gave columns of items")].to_numpy()
    try:
        given = np.asarray(answer)
        scores = _in_float32(given)
    except (TypeError, ValueError) as error:
        raise HarnessError(
            f"{where} gave {type(answer).__name__}, where numbers in the shape {shape} are needed."
        ) from error
    if scores.shape != shape:
        raise HarnessError(
            f"{where} gave scores of shape {scores.shape}; {shape}, users by items, is needed of the users and items "
            "that were passed."
        )
    if given.dtype == np.float64:
        tell_of_ties(given, f"scores that {where} gave")
    return scores


def _order(labels: pd.Index, names: Sequence[Any], what: str) -> Any:
    """Return the positions of names among labels; 0, 1, 2 and so on if the labels are not names."""
    texts, wanted = labels.map(str), pd.Index([str(name) for name in names])
    if isinstance(labels, pd.RangeIndex) or texts.equals(wanted) or not texts.isin(wanted).any():
        return np.arange(len(names))
    if not texts.is_unique:
        raise HarnessError(f"{what} in which '{texts[texts.duplicated()][0]}' occurs twice. Name each once, or none.")
    places = texts.get_indexer(wanted)
    if (places < 0).any():
        missing = [name for name, place in zip(names, places, strict=True) if place < 0]
        raise HarnessError(
            f"{what} without {len(missing):,} of the {len(names):,} that were passed, such as '{missing[0]}', and has "
            "others. Name all of them as they were passed, or none."
        )
    return places


def more_than(asked: ListRequest, history: History) -> int:
    """Return how many items to request so that enough remain after the excluded ones are removed.

    The number is the same for all users of a run, since a list may depend on its length. So the longest history of all
    users counts.

    Parameters
    ----------
    asked
        The request for a batch of users.
    history
        The history of all users.
    """
    n_items = history.n_items
    if asked.lists is not None:
        return n_items
    barred = 0 if asked.allowed is None else int(n_items - asked.allowed.sum())
    if asked.seen is not None:
        barred += int(history.lengths.max(initial=0))
    return min(n_items, asked.k + barred)


def barred_of(asked: ListRequest, rows: int, n_items: int) -> list[Int64Array]:
    """Return the items that must not be recommended to each user."""
    found = []
    for row in range(rows):
        barred = np.zeros(n_items, dtype=bool) if asked.allowed is None else ~asked.allowed
        if asked.lists is not None:
            barred[np.setdiff1d(np.arange(n_items), _row(asked.lists, row))] = True
        if asked.seen is not None:
            barred[_row(asked.seen, row)] = True
        found.append(np.flatnonzero(barred))
    return found


def unasked(made: RankedLists) -> RankedLists:
    """Return lists without the count of excluded items, for a model that did not know which to exclude."""
    return replace(made, given=made.given - made.barred, barred=np.zeros_like(made.barred))


def _row(lists: CandidateLists, row: int) -> Any:
    return lists.items[lists.indptr[row] : lists.indptr[row + 1]]


def _is_pair(answer: Any) -> bool:
    """Return whether an answer is a pair of lists and scores rather than the lists of two users."""
    if not isinstance(answer, tuple) or len(answer) != 2:
        return False
    first = answer[0]
    return hasattr(first, "__len__") and not isinstance(first, str) and len(first) > 0 and _nested(first)


def _nested(lists: Any) -> bool:
    if isinstance(lists, np.ndarray) and lists.ndim != 1:
        return lists.ndim == 2
    return all(_is_list(one) for one in lists)


def _is_list(one: Any) -> bool:
    """Return whether an object is an ordered sequence, unlike a set or a mapping."""
    return hasattr(one, "__len__") and not isinstance(one, (str, bytes, dict, set, frozenset))


def _rows(lists: Any, users: Sequence[Any], places: Int64Array, rows: int, what: str) -> list[Any]:
    """Return one list per row: the answered lists at ``places``, and empty lists elsewhere."""
    needed = "one list per user is needed, or an array (users, items), or a pair of such items and scores"
    if isinstance(lists, pd.Series) and len(lists) == len(users):
        lists = lists.iloc[_order(lists.index, users, f"{what} by user")].tolist()
    if not hasattr(lists, "__len__") or isinstance(lists, (str, dict, set, frozenset, pd.DataFrame)):
        raise HarnessError(f"{what} as {type(lists).__name__}; {needed}.")
    if not _nested(lists):
        wrong = next((place for place, one in enumerate(lists) if not _is_list(one)), None)
        odd = f"{lists.ndim} dimensions" if wrong is None else f"{type(lists[wrong]).__name__} in row {wrong + 1:,}"
        raise HarnessError(f"{what} with {odd}; {needed}.")
    if len(lists) != len(places):
        raise HarnessError(
            f"{what} for {len(lists):,} users, where {len(places):,} were passed: return one per user, in their order."
        )
    found: list[Any] = [[] for _ in range(rows)]
    for place, one in zip(places, lists, strict=True):
        found[place] = one.tolist() if isinstance(one, np.ndarray) else list(one)
    return found


def _numbers(values: list[Any], where: str) -> Float32Array:
    try:
        return _in_float32(np.asarray(values))
    except (TypeError, ValueError) as error:
        raise HarnessError(f"{where} gave scores that are not numbers. Return real numbers.") from error


def _in_float32(given: NDArray[Any]) -> Float32Array:
    """Return real numbers in float32; those beyond its range become infinite, and None becomes NaN.

    Raises
    ------
    TypeError
        They are complex, true/false, text or dates.
    """
    if given.size and given.dtype.kind not in "fiuO":
        raise TypeError(f"{given.dtype} is not a type of real numbers")
    return rounded(given)
