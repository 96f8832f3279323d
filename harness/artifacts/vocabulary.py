"""The two-way map between external ids and contiguous indices."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from harness.artifacts.array_types import IdArray, Int32Array, UInt64Array
from harness.artifacts.integer_ids import integer_of
from harness.errors import DataError


def as_ids(values: Any, *, what: str = "id") -> IdArray:
    """Return external ids as int64, or as objects that are all str.

    Whole floats become integers (a column with a gap is read as floats); anything else that is
    neither an integer nor text is an error.

    Raises
    ------
    DataError
        An id is missing, a fraction, too large for 64 bits, or of another type.

    Examples
    --------
    >>> as_ids([3, 1])
    array([3, 1])
    >>> as_ids(["b", "a"])
    array(['b', 'a'], dtype=object)
    """
    try:
        series = pd.Series(values)
    except UnicodeEncodeError as error:
        raise DataError(f"the {what} {error.object!r} is not text: it contains half of a surrogate pair.") from error
    if series.isna().any():
        row = int(np.flatnonzero(series.isna().to_numpy())[0])
        raise DataError(f"the {what} in row {row} is missing. Fill it in, or remove the row.")
    if pd.api.types.is_bool_dtype(series.dtype):
        raise DataError(f"{what}s are true/false. Use integers or text.")
    if pd.api.types.is_integer_dtype(series.dtype):
        if len(series) and int(series.max()) > np.iinfo(np.int64).max:
            raise DataError(f"the {what} {series.max()} does not fit into 64 bits. Use text ids.")
        return series.to_numpy(dtype=np.int64)
    if pd.api.types.is_float_dtype(series.dtype):
        floats = series.to_numpy(dtype=np.float64)
        whole = np.isfinite(floats) & (floats == np.floor(floats)) & (np.abs(floats) < 2.0**53)
        if not whole.all():
            odd = float(floats[~whole][0])
            wrong = "is too large for a float to be exact" if odd.is_integer() else "is not a whole number"
            raise DataError(f"the {what} {odd:g} {wrong}. Use integers or text.")
        return floats.astype(np.int64)
    objects = series.to_numpy(dtype=object)
    kinds = set(map(type, objects))
    if kinds <= {str, np.str_}:
        return objects
    if kinds and all(issubclass(kind, (int, np.integer)) and kind is not bool for kind in kinds):
        limits = np.iinfo(np.int64)
        for value in (min(objects), max(objects)):
            if not limits.min <= value <= limits.max:
                raise DataError(f"the {what} {value} does not fit into 64 bits. Use text ids.")
        return objects.astype(np.int64)
    names = ", ".join(sorted(kind.__name__ for kind in kinds))
    raise DataError(f"{what}s have the types {names}. Use only integers or only text for all of them.")


def descending_places(ids: IdArray) -> UInt64Array:
    """Return the position of each id in descending order of the ids as text; uint64 ``(ids,)``.

    trec_eval orders equal scores this way.

    Examples
    --------
    >>> descending_places(np.array([9, 10, 100])).tolist()
    [0, 2, 1]
    """
    # By bytes, as C compares text.
    order = sorted(range(len(ids)), key=lambda row: str(ids[row]).encode("utf-8", "surrogatepass"), reverse=True)
    places = np.empty(len(ids), dtype=np.uint64)
    places[order] = np.arange(len(ids), dtype=np.uint64)
    return places


def _mix(values: UInt64Array) -> UInt64Array:
    """Finalise 64-bit integers as SplitMix64 does (Steele, Lea and Flood 2014)."""
    mixed = values + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


def pair_keys(seed: int, user_keys: UInt64Array, item_keys: UInt64Array) -> UInt64Array:
    """Return the random order of pairs: a hash of (seed, external user id, external item id).

    The keys broadcast, so that ``user_keys[:, None]`` gives one row of keys per user.
    """
    return _mix(user_halves(seed, user_keys) ^ item_keys)


def user_halves(seed: int, user_keys: UInt64Array) -> UInt64Array:
    """Return the part of ``pair_keys`` that depends on the user only."""
    start = _mix(np.array([seed % (1 << 64)], dtype=np.uint64))[0]
    return _mix(user_keys ^ start)


def stream(seed: int, purpose: str) -> int:
    """Return the seed of one purpose, unrelated to the seeds of other purposes.

    A split that orders tied interactions by a hash, a scorer that draws scores from it and a ranking that breaks ties
    by it would be correlated if they shared a seed: ties would systematically be broken against the held-out items.

    Parameters
    ----------
    seed
        Any whole number, as configured.
    purpose
        Name of the purpose.

    Examples
    --------
    >>> stream(0, "ties") == stream(0, "ties")
    True
    >>> stream(0, "ties") == stream(0, "random scores")
    False
    """
    digest = hashlib.blake2b(f"{purpose}:{seed}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little")


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """External ids in ascending order; the index of an id is its position.

    Sorted order makes indices independent of the order of rows in the data file.

    Parameters
    ----------
    ids
        Shape ``(n,)``, int64 or str objects, strictly ascending.

    Examples
    --------
    >>> items = Vocabulary.of(["pear", "apple", "pear"])
    >>> items.ids
    array(['apple', 'pear'], dtype=object)
    >>> items.indices(["pear", "plum"])
    array([ 1, -1], dtype=int32)
    """

    ids: IdArray

    @classmethod
    def of(cls, values: Any, *, what: str = "id") -> Vocabulary:
        """Return the vocabulary of the distinct values."""
        return cls(np.sort(pd.unique(as_ids(values, what=what))))

    def __len__(self) -> int:
        """Return the number of ids."""
        return len(self.ids)

    @property
    def is_text(self) -> bool:
        """Whether the ids are str rather than int."""
        return self.ids.dtype == object

    @cached_property
    def _index(self) -> pd.Index[Any]:
        return pd.Index(self.ids)

    def indices(self, values: Any) -> Int32Array:
        """Return the index of each external id, -1 where it is unknown."""
        ids = as_ids(values)
        if len(ids) and len(self) and (ids.dtype == object) != self.is_text:
            return np.full(len(ids), -1, dtype=np.int32)
        return self._index.get_indexer(pd.Index(ids)).astype(np.int32)

    def lookup(self, ids: Sequence[int | str | None]) -> Int32Array:
        """Return the index of each id as a file or an option writes it, -1 where it is unknown or None.

        ``7`` and ``"7"`` are the same id. ``"007"`` is another one.

        Examples
        --------
        >>> Vocabulary.of([7, 9]).lookup(["7", 9, "007", None])
        array([ 0,  1, -1, -1], dtype=int32)
        """
        plain: list[Any] = [None if own is None else str(own) if self.is_text else integer_of(own) for own in ids]
        named = [place for place, own in enumerate(plain) if own is not None]
        found = np.full(len(plain), -1, dtype=np.int32)
        if named:
            dtype = np.dtype(object if self.is_text else np.int64)
            found[named] = self.indices(np.array([plain[place] for place in named], dtype=dtype))
        return found

    @cached_property
    def keys(self) -> UInt64Array:
        """A 64-bit hash of each external id, shape ``(n,)``: the source of every random order."""
        if not self.is_text:
            return _mix(self.ids.astype(np.int64).view(np.uint64))
        hashes = (hashlib.blake2b(text.encode(), digest_size=8).digest() for text in self.ids)
        try:
            return np.frombuffer(b"".join(hashes), dtype="<u8").astype(np.uint64)
        except UnicodeEncodeError as error:
            raise DataError(f"the id {error.object!r} is not text: it contains half of a surrogate pair.") from error

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the ids in order, as hex."""
        digest = hashlib.sha256(b"text" if self.is_text else b"int64")
        if self.is_text:
            # Lengths keep ["ab", "c"] and ["a", "bc"] apart.
            for text in self.ids:
                encoded = text.encode()
                digest.update(len(encoded).to_bytes(8, "little") + encoded)
        else:
            digest.update(np.ascontiguousarray(self.ids, dtype="<i8").tobytes())
        return digest.hexdigest()
