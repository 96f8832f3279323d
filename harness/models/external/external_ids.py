"""Find ids, as other programs write them, among the external ids of the data set."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from harness.artifacts import Vocabulary
from harness.artifacts.array_types import Int64Array
from harness.errors import CheckpointError

Id = int | str | None


def plain_id(value: Any, where: str) -> Id:
    """Return an id as an int or a str; None if it is missing.

    Raises
    ------
    CheckpointError
        The value has another type, such as a fraction.
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
    if isinstance(value, Decimal) and value == value.to_integral_value():
        return int(value)
    raise CheckpointError(f"{where}: {str(value)[:40]!r} is not an id. Use integers or text.")


def indices_of(ids: Sequence[Id], vocabulary: Vocabulary) -> Int64Array:
    """Return the index of each id in a vocabulary, -1 if it is not there; ``7`` and ``"7"`` are the same id.

    Examples
    --------
    >>> indices_of(["7", 9, None, "padding"], Vocabulary.of([7, 8, 9]))
    array([ 0,  2, -1, -1])
    """
    return vocabulary.lookup(ids).astype(np.int64)
