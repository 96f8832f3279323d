"""External ids as numeric arrays, there and back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.artifacts import Vocabulary
from harness.artifacts.id_packing import pack_ids, unpack_ids


@given(ids=st.lists(st.integers(-(2**63), 2**63 - 1)) | st.lists(st.text(st.characters(codec="utf-8"))))
def test_ids_come_back_as_they_were(ids):
    vocabulary = Vocabulary.of(ids).ids
    parts = pack_ids(vocabulary)
    assert all(array.dtype != object for array in parts.values())
    back = unpack_ids(parts)
    assert back.dtype == vocabulary.dtype
    assert back.tolist() == vocabulary.tolist()


def test_a_missing_part_is_an_error():
    with pytest.raises(KeyError):
        unpack_ids({"text": np.zeros(3, dtype=np.uint8)})
