"""Own ids to indices and back, and the random order that hangs on ids alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.artifacts import Vocabulary, as_ids, pair_keys
from harness.errors import DataError

IDS = st.one_of(
    st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=30),
    st.lists(st.text(max_size=6), min_size=1, max_size=30),
)


@settings(max_examples=60, deadline=None)
@given(IDS)
def test_ids_go_in_and_come_out(ids):
    vocabulary = Vocabulary.of(ids)
    indices = vocabulary.indices(ids)
    assert vocabulary.ids[indices].tolist() == ids
    assert vocabulary.ids.tolist() == sorted(set(ids))
    assert indices.dtype == np.int32


@settings(max_examples=60, deadline=None)
@given(IDS)
def test_the_order_of_values_decides_nothing(ids):
    assert Vocabulary.of(ids).digest == Vocabulary.of(ids[::-1]).digest


def test_unknown_ids_and_ids_of_the_other_kind_are_minus_one():
    assert Vocabulary.of([1, 2]).indices([2, 3]).tolist() == [1, -1]
    assert Vocabulary.of([1, 2]).indices(["1"]).tolist() == [-1]
    assert Vocabulary.of(["1"]).indices([1]).tolist() == [-1]


def test_digests_keep_apart_what_looks_alike():
    digests = {Vocabulary.of(ids).digest for ids in (["ab", "c"], ["a", "bc"], [1, 2], ["1", "2"], [12], ["12"])}
    assert len(digests) == 6


def test_whole_floats_are_integers():
    assert as_ids(pd.Series([1.0, 2.0])).tolist() == [1, 2]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([1.5, 2.0], "not a whole number"),
        ([1.0, float("nan")], "row 1 is missing"),
        (["a", None], "row 1 is missing"),
        ([True, False], "true/false"),
        (["a", 1], "have the types int, str"),
        ([b"a"], "have the types bytes"),
        (np.array([2**63], dtype=np.uint64), "does not fit"),
        ([1e300], "too large for a float to be exact"),
    ],
)
def test_ids_that_are_none(values, message):
    with pytest.raises(DataError, match=message):
        as_ids(values)


def test_splitmix64_gives_its_published_sequence():
    # The first outputs of SplitMix64 seeded with 0 and with its increment.
    keys = Vocabulary(np.array([0])).keys
    assert keys[0] == 0xE220A8397B1DCDAF
    assert Vocabulary(np.array([0x9E3779B97F4A7C15 - 2**64])).keys[0] == 0x6E789E6AA1B965F4


def test_pair_keys_depend_on_all_three_and_look_uniform():
    users, items = Vocabulary.of(np.arange(50)).keys, Vocabulary.of([f"i{n}" for n in range(70)]).keys
    keys = pair_keys(0, users[:, None], items)
    assert keys.shape == (50, 70)
    assert len(np.unique(keys)) == 3_500
    assert not (keys == pair_keys(1, users[:, None], items)).any()
    shares = keys.astype(np.float64) / 2.0**64
    assert abs(shares.mean() - 0.5) < 0.02
    # One user's order says nothing of another's.
    ranks = shares.argsort(axis=1).argsort(axis=1)
    assert abs(np.corrcoef(ranks[0], ranks[1])[0, 1]) < 0.4
