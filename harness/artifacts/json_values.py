"""Frozen values as JSON has them."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from pydantic import JsonValue

from harness.artifacts.finding import Finding

Facts: TypeAlias = Mapping[str, JsonValue]
"""Named numbers and texts for people, nested. They are shown as tables and never computed with."""

# Metadata of fields that are not written as a key with a value.
OPTIONAL = {"json": "optional"}  # the key is left out where the value is None
MERGED = {"json": "merged"}  # the keys of this map are written beside the other keys
HIDDEN = {"json": "hidden"}  # not written


def to_json(value: Any) -> Any:
    """Return frozen values as dictionaries, lists and scalars that JSON can hold.

    A dataclass becomes a dictionary of its fields, a finding what ``as_dict`` returns. NaN and infinite numbers become
    None, since JSON has neither.

    Examples
    --------
    >>> from harness.artifacts import TieRange
    >>> to_json((1, float("nan"), TieRange(worst=0.0, expected=0.5, best=1.0)))
    [1, None, {'worst': 0.0, 'expected': 0.5, 'best': 1.0}]
    """
    if isinstance(value, Mapping):
        return {str(key): to_json(child) for key, child in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_json(child) for child in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if not dataclasses.is_dataclass(value) or isinstance(value, type):
        return value
    if isinstance(value, Finding):
        return value.as_dict()
    plain: dict[str, Any] = {}
    for field in dataclasses.fields(value):
        child, form = getattr(value, field.name), field.metadata.get("json")
        if form == "merged":
            plain |= to_json(child)
        elif form is None or (form == "optional" and child is not None):
            plain[field.name] = to_json(child)
    return plain


def flat_items(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the leaves of nested maps with their dotted keys; lists and empty maps are leaves.

    Examples
    --------
    >>> list(flat_items({"a": {"b": 1, "c": [2]}, "d": {}}))
    [('a.b', 1), ('a.c', [2]), ('d', {})]
    """
    if isinstance(value, dict) and value:
        for key, child in value.items():
            yield from flat_items(child, f"{path}.{key}" if path else key)
    else:
        yield path, value
