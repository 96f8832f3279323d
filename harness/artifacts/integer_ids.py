"""Recognise ids that are integers, or text that is an integer, alike in every file and option."""

from __future__ import annotations

import functools
import re

import numpy as np

# An integer in canonical form: "7", not "007", "+7", "-0" or "7.0". The limits of int64 have 19 digits.
CANONICAL_INTEGER = r"(0|-?[1-9][0-9]{0,18})"
LONGEST_ID = 4_096  # bytes; a longer text is not an id but text from a wrong column

_PATTERN = re.compile(CANONICAL_INTEGER)
_LONGEST_INTEGER = 20
_LIMITS = np.iinfo(np.int64)


def integer_of(value: int | str) -> int | None:
    """Return the integer that an id stands for, or None.

    Parameters
    ----------
    value
        An integer, or text. Text is an integer only in canonical form.

    Returns
    -------
    int or None
        None for other text, and for integers that do not fit into 64 bits.

    Examples
    --------
    >>> integer_of("7"), integer_of(-3), integer_of("007"), integer_of(2**63)
    (7, -3, None, None)
    """
    if isinstance(value, str):
        return _integer_in(value) if len(value) <= _LONGEST_INTEGER else None
    return int(value) if _LIMITS.min <= value <= _LIMITS.max else None


@functools.lru_cache(maxsize=1 << 12)
def _integer_in(text: str) -> int | None:
    return integer_of(int(text)) if _PATTERN.fullmatch(text) else None
