"""Top-K lists of products of vectors, in more than one block of users."""

import numpy as np
import pytest

import harness
from harness.errors import HarnessError


def test_a_vector_that_is_not_finite_is_named_in_a_later_block_too():
    users = np.ones((1_100, 2))
    users[600, 1] = np.nan
    with pytest.raises(HarnessError, match="the vector of user 600 holds nan"):
        harness.top_k(users, np.ones((5, 2)), k=2)


def test_a_negative_zero_is_written_as_zero():
    # In single precision -1e-60 underflows to -0.0.
    scores = harness.top_k(np.array([[-1e-30]]), np.array([[1e-30], [1e30]]), k=2).scores
    assert scores is not None
    assert scores.tolist() == [[0.0, -1.0]]
    assert not np.signbit(scores[0, 0])
