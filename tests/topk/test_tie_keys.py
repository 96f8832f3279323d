"""The torch hash of pairs is the numpy one, bit for bit."""

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.artifacts import pair_keys, stream
from harness.topk import TieOrder, pair_bits, signed_keys

words = st.integers(0, 2**64 - 1)
key_lists = st.lists(words, min_size=1, max_size=6)


@settings(max_examples=60, deadline=None)
@given(st.integers(-(2**70), 2**70), key_lists, key_lists)
def test_bits_equal_numpys(seed, users, items):
    user_keys, item_keys = np.array(users, dtype=np.uint64), np.array(items, dtype=np.uint64)
    expected = pair_keys(seed, user_keys[:, None], item_keys)

    bits = pair_bits(seed, signed_keys(user_keys)[:, None], signed_keys(item_keys))

    assert (bits.numpy().view(np.uint64) == expected).all()


def test_by_hand_of_splitmix():
    # The first two outputs of SplitMix64 from state 0 are mix(0) and mix(golden ratio).
    golden = 0x9E3779B97F4A7C15
    from harness.topk.tie_keys import _mix

    states = signed_keys(np.array([0, golden], dtype=np.uint64))
    assert _mix(states).numpy().view(np.uint64).tolist() == [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4]


def test_inputs_stay_as_they_were():
    users, items = torch.tensor([[1], [2]]), torch.tensor([3, 4])
    pair_bits(0, users, items)
    assert users.tolist() == [[1], [2]]
    assert items.tolist() == [3, 4]


def test_tie_keys_order_as_unsigned_numbers():
    users = np.arange(50, dtype=np.uint64)
    items = np.arange(40, dtype=np.uint64)
    hashes = pair_keys(stream(9, "ties"), users[:, None], items)
    order = TieOrder(9, signed_keys(users), signed_keys(items))

    keys = order.keys(torch.arange(50)[:, None], torch.arange(40)[None, :]).numpy()

    assert (hashes >= 2**63).any()
    assert (hashes < 2**63).any()
    assert (np.argsort(keys, axis=None) == np.argsort(hashes, axis=None)).all()


def test_streams_of_one_seed_are_unrelated():
    assert len({stream(seed, purpose) for seed in range(-3, 20) for purpose in ("ties", "random scores")}) == 46
