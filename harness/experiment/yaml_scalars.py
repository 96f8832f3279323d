"""What a plain YAML scalar stands for: the core schema of YAML 1.2, less its traps."""

from __future__ import annotations

import math
import re

Scalar = str | int | float | bool | None

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
# No leading zeros: 010 is 8 to some readers and 10 to others, so it stays text.
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?((0|[1-9][0-9]*)(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_LARGEST = 2**63 - 1
_MOST_DIGITS = 19  # of a 64-bit integer


def resolve(text: str) -> Scalar:
    """Return the value of an unquoted scalar.

    Only ``true`` and ``false`` (also capitalised) are booleans and only decimal notation is a
    number; ``no``, ``010``, ``0x1F``, ``1_000`` and ``12:30`` are text.

    Raises
    ------
    ValueError
        A number that is infinite, not a number, or a whole number over 64 bits.

    Examples
    --------
    >>> [resolve(text) for text in ("1e-3", "10", "true", "null", "no", "010", "12:30")]
    [0.001, 10, True, None, 'no', '010', '12:30']
    """
    if text in _NULL:
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if _INTEGER.fullmatch(text):
        # Counted first, since reading very many digits takes long.
        if len(text.lstrip("+-")) > _MOST_DIGITS or abs(int(text)) > _LARGEST:
            raise ValueError("the whole number does not fit into 64 bits; put it in quotes if it is text")
        return int(text)
    if _NOT_FINITE.fullmatch(text):
        raise ValueError(f"{text} is not a finite number")
    if _FLOAT.fullmatch(text):
        value = float(text)
        if math.isinf(value):
            raise ValueError("the number is too large")
        return value
    return text


def reads_as_text(text: str) -> bool:
    """Return whether an unquoted scalar stands for its own text.

    Examples
    --------
    >>> reads_as_text("no"), reads_as_text("1e-3")
    (True, False)
    """
    try:
        return isinstance(resolve(text), str)
    except ValueError:
        return False
