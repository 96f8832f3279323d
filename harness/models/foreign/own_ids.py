"""Own ids as other programs write them, found among those of the data set."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from harness.artifacts import Vocabulary
from harness.artifacts.arrays import Int64Array
from harness.errors import CheckpointError

Id = int | str | None

# An integer in its one usual writing, as in the interactions: "7", not "007", "+7" or "7.0".
_CANONICAL_INTEGER = re.compile(r"(0|-?[1-9][0-9]{0,18})", re.ASCII)
_LARGEST = np.iinfo(np.int64)


def plain_id(value: Any, where: str) -> Id:
    """Return an id as int, text, or None if it is missing.

    Raises
    ------
    CheckpointError
        It is of another type, such as a fraction.
    """
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, str):
        return str(value) or None
    if isinstance(value, (int, np.integer)) and not isinstance(value, bool):
        return int(value)
    if isinstance(value, (float, np.floating)):
        if np.isnan(value):
            return None
        if float(value).is_integer():
            return int(value)  # a column with a gap is read as floats
    raise CheckpointError(f"{where}: {str(value)[:40]!r} is no id. Use integers or text.")


def own_indices(ids: Sequence[Id], vocabulary: Vocabulary) -> Int64Array:
    """Return the index of each id, -1 where it is none of the vocabulary's; ``7`` and ``"7"`` are the same id.

    Examples
    --------
    >>> own_indices(["7", 9, None, "padding"], Vocabulary.of([7, 8, 9]))
    array([ 0,  2, -1, -1])
    """
    found = np.full(len(ids), -1, dtype=np.int64)
    if vocabulary.is_text:
        places = [place for place, value in enumerate(ids) if value is not None]
        values: list[Any] = [str(ids[place]) for place in places]
    else:
        numbers = [_integer(value) for value in ids]
        places = [place for place, number in enumerate(numbers) if number is not None]
        values = [numbers[place] for place in places]
    if places:
        found[places] = vocabulary.indices(values)
    return found


@functools.lru_cache(maxsize=1 << 12)
def _integer_of_text(text: str) -> int | None:
    number = int(text) if _CANONICAL_INTEGER.fullmatch(text) else None
    return number if number is None or _LARGEST.min <= number <= _LARGEST.max else None


def _integer(value: Id) -> int | None:
    if isinstance(value, str):
        return _integer_of_text(value)
    return value if value is None or _LARGEST.min <= value <= _LARGEST.max else None
