"""Lists of lists of ids to arrays of codes: at the speed of C where the ids are plain integers."""

from __future__ import annotations

import contextlib
import itertools
import marshal
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.artifacts import NO_ITEM
from harness.artifacts.arrays import Int32Array, Int64Array
from harness.metrics.jit import kernel

Ids = Sequence[Sequence[Hashable]]

# How marshal writes, in the version that refers to nothing but itself: a byte says what comes, four
# hold a length or an integer.
_VERSION = 2
_LIST, _TUPLE, _INTEGER = b"[(i"
_RECORD = 5
_STRANGE = -1
_NO_LISTS = (str, bytes, Mapping, set, frozenset)
_WORTH_CUTTING = 20  # ids past k that take as long to read as cutting a row


@dataclass(frozen=True, eq=False)
class Rows:
    """Codes of 0 or more, the same for equal ids: int32 ``(n,)``, and int64 ``(rows,)`` how many a row has."""

    codes: Int32Array
    lengths: Int64Array

    def padded(self) -> Int32Array:
        """Return int32 ``(rows, longest)``, -1 where a row is shorter; one column at least."""
        width = max(int(self.lengths.max(initial=0)), 1)
        if len(self.codes) == len(self.lengths) * width:
            return self.codes.reshape(len(self.lengths), width)
        table = np.full((len(self.lengths), width), NO_ITEM, dtype=np.int32)
        table[np.arange(width) < self.lengths[:, None]] = self.codes
        return table


@dataclass(frozen=True, eq=False)
class Matched:
    """Ranked and relevant ids of the same users: codes are equal where ids are, within a user.

    Parameters
    ----------
    ranked
        int32 ``(users, up to k)``; -1 where there is none, or one that is a miss anyway.
    relevant
        The targets.
    """

    ranked: Int32Array
    relevant: Rows


def coded(predictions: Iterable[Any]) -> Rows:
    """Return rows of ids as codes.

    Raises
    ------
    ValueError
        ``predictions`` or a row of it is no list, or an id is not hashable.

    Examples
    --------
    >>> coded([["b", "a"], ["b"]]).codes
    array([0, 1, 0], dtype=int32)
    """
    plain = _plain(predictions)
    numbers = _integers(plain, None)
    if numbers is not None:
        return numbers
    rows = _checked("predictions", plain)
    ids = list(itertools.chain.from_iterable(rows))
    with _hashing():
        names = dict(zip(dict.fromkeys(ids), itertools.count(), strict=False))
    return Rows(np.fromiter(map(names.__getitem__, ids), dtype=np.int32, count=len(ids)), _lengths(rows))


def matched(predictions: Iterable[Any], targets: Iterable[Any], *, k: int) -> Matched:
    """Return the first k ids of each user's prediction, and the targets, as codes.

    Raises
    ------
    ValueError
        The numbers of rows differ, an argument or a row is no list, a prediction has no order, an
        id is not hashable, or one argument has text where the other has none.

    Examples
    --------
    >>> pair = matched([["b", "a", "c"]], [["a"]], k=2)
    >>> pair.ranked, pair.relevant.codes
    (array([[-1,  0]], dtype=int32), array([0], dtype=int32))
    """
    plain, plain_targets = _plain(predictions), _plain(targets)
    ranked, relevant = _integers(plain, k), _integers(plain_targets, None)
    if ranked is not None and relevant is not None:
        _check_users(len(ranked.lengths), len(relevant.lengths))
        return Matched(ranked.padded(), relevant)
    return _match_each(_checked("predictions", plain, ordered=True), _checked("targets", plain_targets), k)


def _match_each(predictions: list[Collection[Any]], targets: list[Collection[Any]], k: int) -> Matched:
    """Match user by user, as Python's own equality has it: an id's code is its place among the targets."""
    _check_users(len(predictions), len(targets))
    distinct = np.empty(len(targets), dtype=np.int64)
    users: list[int] = []
    codes: list[int] = []
    with _hashing():
        for user, (ranked, wanted) in enumerate(zip(predictions, targets, strict=True)):
            names = set(wanted)
            distinct[user] = len(names)
            if not names.isdisjoint(itertools.islice(ranked, k)):
                users.append(user)
                places = {name: place for place, name in enumerate(names)}
                codes.extend(map(places.get, itertools.islice(ranked, k), itertools.repeat(NO_ITEM)))
    lengths = np.minimum(_lengths(predictions), k)
    lists = np.full((len(predictions), max(int(lengths.max(initial=0)), 1)), NO_ITEM, dtype=np.int32)
    if users:
        hit = Rows(np.array(codes, dtype=np.int32), lengths[users]).padded()
        lists[users, : hit.shape[1]] = hit
    else:
        _check_kinds(predictions, targets)
    starts = np.repeat(np.cumsum(distinct) - distinct, distinct)
    return Matched(lists, Rows((np.arange(len(starts)) - starts).astype(np.int32), distinct))


def _integers(rows: Any, k: int | None) -> Rows | None:
    """Return the rows of a list of lists of integers from 0 that fit 32 bits, None for anything else."""
    if type(rows) not in (list, tuple):
        return None
    try:
        if k is not None and max(map(len, rows), default=0) > k + _WORTH_CUTTING:
            rows = [row[:k] for row in rows]
        data = np.frombuffer(marshal.dumps(rows, _VERSION), dtype=np.uint8)
    except (TypeError, ValueError):
        return None
    codes = np.empty(max(len(data) // _RECORD - 1 - len(rows), 0), dtype=np.int32)
    lengths = np.empty(len(rows), dtype=np.int64)
    kept = _unpack(data, np.iinfo(np.int64).max if k is None else k, codes, lengths)
    return None if kept == _STRANGE else Rows(codes[:kept], lengths)


@kernel
def _unpack(data: NDArray[np.uint8], k: int, codes: Int32Array, lengths: Int64Array) -> int:
    """Write the first k integers of each row and how many there are; return their number.

    -1 stands for data that hold something else, or a negative integer.
    """
    place, kept = _RECORD, 0
    for row in range(len(lengths)):
        if data[place] != _LIST and data[place] != _TUPLE:
            return _STRANGE
        size = np.int64(0)
        for octet in range(4):
            size |= np.int64(data[place + 1 + octet]) << (8 * octet)
        place += _RECORD
        lengths[row] = size if size < k else k
        for rank in range(size):
            if data[place] != _INTEGER or data[place + 4] > 127:
                return _STRANGE
            if rank < k:
                number = np.int64(0)
                for octet in range(4):
                    number |= np.int64(data[place + 1 + octet]) << (8 * octet)
                codes[kept] = number
                kept += 1
            place += _RECORD
    return kept


def _checked(name: str, rows: Any, *, ordered: bool = False) -> list[Collection[Any]]:
    """Return rows as collections whose length is known; with ``ordered``, no sets."""
    if isinstance(rows, _NO_LISTS) or not isinstance(rows, Iterable):
        raise ValueError(f"{name} is of type {type(rows).__name__}; a list of lists of ids is needed")
    accepted = (list, tuple) if ordered else (list, tuple, set, frozenset)
    listed: list[Collection[Any]] = list(rows)
    if set(map(type, listed)) <= set(accepted):
        return listed
    return [_row(f"{name}[{place}]", row, accepted) for place, row in enumerate(listed)]


def _row(name: str, row: Any, accepted: tuple[type, ...]) -> Collection[Any]:
    plain = _plain(row)
    if isinstance(plain, Collection) and isinstance(plain, accepted):
        return plain
    if isinstance(plain, _NO_LISTS) or not isinstance(plain, Iterable):
        raise ValueError(f"{name} is of type {type(row).__name__}; a list of ids is needed")
    return list(plain)


def _check_users(ranked: int, relevant: int) -> None:
    if ranked != relevant:
        raise ValueError(f"predictions has {ranked} rows, targets {relevant}; one row a user is needed")


def _check_kinds(predictions: list[Collection[Any]], targets: list[Collection[Any]]) -> None:
    """Refuse ids that cannot match: text on one side and none on the other."""
    kinds = [set(map(type, itertools.chain.from_iterable(rows))) for rows in (predictions, targets)]
    if all(kinds) and any(kind <= {str, np.str_} for kind in kinds) and not kinds[0] & kinds[1]:
        names = [", ".join(sorted(kind.__name__ for kind in side)) for side in kinds]
        raise ValueError(f"predictions holds ids of type {names[0]}, targets of type {names[1]}; none would match")


@contextlib.contextmanager
def _hashing() -> Iterator[None]:
    try:
        yield
    except TypeError as error:
        raise ValueError(f"ids must be hashable, such as integers or text: {error}") from error


def _plain(values: Any) -> Any:
    return values.tolist() if hasattr(values, "tolist") else values


def _lengths(rows: Sequence[Collection[Any]]) -> Int64Array:
    return np.fromiter(map(len, rows), dtype=np.int64, count=len(rows))
