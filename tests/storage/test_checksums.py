"""SHA-256 of files and values."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness import storage


@settings(deadline=None, max_examples=30)
@given(st.binary(max_size=3000))
def test_checksum_of_a_file(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.mktemp("sum") / "x"
    path.write_bytes(content)
    assert storage.sha256_file(path) == hashlib.sha256(content).hexdigest()


def test_checksum_of_a_file_of_several_blocks(tmp_path: Path) -> None:
    content = os.urandom((1 << 20) * 2 + 7)
    (tmp_path / "x").write_bytes(content)
    assert storage.sha256_file(tmp_path / "x") == hashlib.sha256(content).hexdigest()


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=3), below, max_size=3),
    max_leaves=8,
)


@settings(deadline=None, max_examples=50)
@given(plain, plain)
def test_checksums_of_values_are_equal_where_the_values_are(one: Any, other: Any) -> None:
    same = json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
    assert (storage.sha256_json(one) == storage.sha256_json(other)) == same


def test_no_checksum_of_what_is_not_a_number() -> None:
    with pytest.raises(ValueError, match="JSON"):
        storage.sha256_json(float("nan"))
