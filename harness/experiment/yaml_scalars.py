"""Resolve unquoted YAML scalars by the core schema of YAML 1.2, restricted to finite decimal numbers."""

from __future__ import annotations

import math
import re

Scalar = str | int | float | bool | None

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
# A number with a leading zero stays text: some readers take 010 for 8, others for 10.
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?((0|[1-9][0-9]*)(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_LARGEST = 2**63 - 1
_MOST_DIGITS = 19  # digits of the largest 64-bit integer


def resolve(text: str) -> Scalar:
    """Return the value of an unquoted scalar.

    Only ``true`` and ``false`` (also capitalised) are booleans, and only decimal numbers are
    numbers: ``no``, ``010``, ``0x1F``, ``1_000`` and ``12:30`` are text.

    Raises
    ------
    ValueError
        The scalar is infinite, NaN, or a whole number of more than 64 bits.

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
        # Count digits first: converting very many digits is slow.
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
    """Return whether an unquoted scalar resolves to its own text.

    Examples
    --------
    >>> reads_as_text("no"), reads_as_text("1e-3")
    (True, False)
    """
    try:
        return isinstance(resolve(text), str)
    except ValueError:
        return False
