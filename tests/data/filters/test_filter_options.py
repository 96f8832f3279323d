"""Options of filters that are refused."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from harness import registry


@pytest.mark.parametrize(
    ("kind", "options", "message"),
    [
        ("min_rating", '{"value": "4"}', "valid number"),
        ("min_rating", '{"value": true}', "valid number"),
        ("min_rating", '{"value": NaN}', "finite rating"),
        ("min_rating", "{}", "value"),
        ("k_core", '{"users": 0, "items": 5}', "users is 0; use 1 or more"),
        ("k_core", '{"users": 5, "items": -1}', "items is -1"),
        ("k_core", '{"users": 5.5, "items": 5}', "valid integer"),
        ("k_core", '{"users": 5, "items": 5, "k": 5}', "k"),
    ],
)
def test_bad_options(kind: str, options: str, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        TypeAdapter(registry.load("filters", kind)).validate_json(options)
