"""Convert lists of lists of ids to arrays of integer codes.

Plain integers are read from the bytes that ``marshal`` writes: this takes a third of the time of ``array.array`` or
``numpy.fromiter`` over the same lists, and meets the target of ``benchmarks/modules.py``.
"""

from __future__ import annotations

import contextlib
import itertools
import marshal
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from harness.artifacts import NO_ITEM
from harness.artifacts.array_types import Int32Array, Int64Array
from harness.jit import kernel

Ids = Sequence[Sequence[Hashable]]

# The format of marshal, in the version without back references: one byte for the type, then four bytes for a length or
# an integer.
_VERSION = 2
_LIST, _TUPLE, _INTEGER = b"[(i"
_RECORD = 5
_STRANGE = -1
_NO_LISTS = (str, bytes, Mapping, set, frozenset)
_MOST_CELLS = 1 << 31
_WORTH_CUTTING = 20  # reading this number of ids past k takes as long as cutting a row


@dataclass(frozen=True, eq=False)
class IdRows:
    """Rows of ids as codes of 0 or more, equal for equal ids: int32 ``(n,)``; ``lengths`` int64 ``(rows,)``."""

    codes: Int32Array
    lengths: Int64Array

    def padded(self) -> Int32Array:
        """Return int32 ``(rows, longest)``, -1 where a row is shorter; one column at least."""
        width = max(int(self.lengths.max(initial=0)), 1)
        if width * len(self.lengths) > _MOST_CELLS:
            raise ValueError(
                f"predictions has {len(self.lengths)} rows, and one of {width} ids: as a table they take "
                f"{width * len(self.lengths) * 4 / 2**30:.0f} GiB. Cut the lists, or measure them in parts"
            )
        if len(self.codes) == len(self.lengths) * width:
            return self.codes.reshape(len(self.lengths), width)
        table = np.full((len(self.lengths), width), NO_ITEM, dtype=np.int32)
        table[np.arange(width) < self.lengths[:, None]] = self.codes
        return table


def coded(predictions: Iterable[Any]) -> IdRows:
    """Return rows of ids as codes.

    Raises
    ------
    ValueError
        ``predictions`` or a row of it is not a list, or an id is not hashable.

    Examples
    --------
    >>> coded([["b", "a"], ["b"]]).codes
    array([0, 1, 0], dtype=int32)
    """
    plain = plain_values(predictions)
    packed = pack(plain)
    numbers = None if packed is None else unpack(packed)
    if numbers is not None:
        return numbers
    rows = checked("predictions", plain)
    ids = list(itertools.chain.from_iterable(rows))
    with hashing():
        names = dict(zip(dict.fromkeys(ids), itertools.count(), strict=False))
    return IdRows(np.fromiter(map(names.__getitem__, ids), dtype=np.int32, count=len(ids)), lengths_of(rows))


def pack(rows: Any, k: int | None = None) -> bytes | None:
    """Return a list of lists as bytes, or None if it contains something that cannot be packed.

    With ``k``, ids past the first k of a row may be left out.
    """
    if type(rows) not in (list, tuple):
        return None
    try:
        if k is not None and _seems_longer(rows, k + _WORTH_CUTTING):
            rows = [row[:k] for row in rows]
        return marshal.dumps(rows, _VERSION)
    except (TypeError, ValueError):
        return None


def _seems_longer(rows: Sequence[Any], length: int) -> bool:
    # From some rows only: whether rows are cut before or after changes the time, not the result.
    return max(map(len, rows[:: max(len(rows) // 64, 1)]), default=0) > length


def unpack(packed: bytes, k: int | None = None) -> IdRows | None:
    """Return the first k ids of each row, or None unless all are integers from 0 to 2**31 - 1."""
    data = np.frombuffer(packed, dtype=np.uint8)
    lengths = np.empty(int.from_bytes(packed[1:_RECORD], "little"), dtype=np.int64)
    codes = np.empty(max(len(data) // _RECORD - 1 - len(lengths), 0), dtype=np.int32)
    kept = _unpack(data, np.iinfo(np.int64).max if k is None else k, codes, lengths)
    return None if kept == _STRANGE else IdRows(codes[:kept], lengths)


@kernel
def _unpack(data: NDArray[np.uint8], k: int, codes: Int32Array, lengths: Int64Array) -> int:
    """Write the first k integers of each row and how many there are; return their number.

    The result is -1 if the data contain anything else, or a negative integer.
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


def checked(name: str, rows: Any, *, ordered: bool = False) -> list[Collection[Any]]:
    """Return rows as collections whose length is known; with ``ordered``, no sets."""
    if isinstance(rows, _NO_LISTS) or not isinstance(rows, Iterable):
        raise ValueError(f"{name} is of type {type(rows).__name__}; a list of lists of ids is needed")
    accepted = (list, tuple) if ordered else (list, tuple, set, frozenset)
    listed: list[Any] = list(rows)
    if any(map(_holds_tensors, listed)):
        listed = [[plain_values(name) for name in row] if _holds_tensors(row) else row for row in listed]
    if set(map(type, listed)) <= set(accepted):
        return listed
    return [_row(f"{name}[{place}]", row, accepted) for place, row in enumerate(listed)]


def _holds_tensors(row: Any) -> bool:
    # list(tensor) gives tensors of no dimension, all of a row, each of which is equal to itself alone.
    return isinstance(row, (list, tuple)) and len(row) > 0 and isinstance(row[0], torch.Tensor)


def _row(name: str, row: Any, accepted: tuple[type, ...]) -> Collection[Any]:
    plain = plain_values(row)
    if isinstance(plain, Collection) and isinstance(plain, accepted):
        return plain
    if isinstance(plain, _NO_LISTS) or not isinstance(plain, Iterable):
        raise ValueError(f"{name} is of type {type(row).__name__}; a list of ids is needed")
    return list(plain)


@contextlib.contextmanager
def hashing() -> Iterator[None]:
    """Turn the error of an id that cannot be hashed into one that says so."""
    try:
        yield
    except TypeError as error:
        raise ValueError(f"ids must be hashable, such as integers or text: {error}") from error


def plain_values(values: Any) -> Any:
    """Return an array or tensor as lists, and anything else unchanged."""
    return values.tolist() if hasattr(values, "tolist") else values


def lengths_of(rows: Sequence[Collection[Any]]) -> Int64Array:
    """Return int64 ``(rows,)``."""
    return np.fromiter(map(len, rows), dtype=np.int64, count=len(rows))
