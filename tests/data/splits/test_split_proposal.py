"""Proposals of a split, by the timestamps and their ties."""

from __future__ import annotations

import numpy as np
import pytest

from harness.artifacts import Interactions, Vocabulary
from harness.data import GlobalTime, LeaveLastOut, RandomSplit
from harness.data.splits.split_proposal import propose_split
from harness.errors import DataError


def interactions(users, times=None, n_items=30):
    users = np.asarray(users, dtype=np.int32)
    return Interactions(
        users=users,
        items=np.arange(len(users), dtype=np.int32) % n_items,
        timestamps=None if times is None else np.asarray(times, dtype=np.int64),
        user_ids=Vocabulary.of([f"u{index}" for index in range(int(users.max()) + 1)]),
        item_ids=Vocabulary.of(range(n_items)),
    )


USERS = np.repeat(np.arange(20), 10)


def test_without_ties_the_last_interaction_is_held_out():
    proposal = propose_split(interactions(USERS, np.arange(200)))
    assert isinstance(proposal.rule, LeaveLastOut)
    assert "For 0.0% of the users a tie" in proposal.reason


@pytest.mark.parametrize(("tied", "kind"), [(2, LeaveLastOut), (3, GlobalTime)])
def test_ties_at_the_end_of_histories_decide(tied, kind):
    times = np.arange(200)
    times[9 : 10 * tied : 10] -= 1  # the last two interactions of some users tie
    proposal = propose_split(interactions(USERS, times))
    assert isinstance(proposal.rule, kind)
    assert f"For {tied / 20:.1%} of the users" in proposal.reason


def test_ties_elsewhere_do_not():
    times = np.arange(200)
    times[0::10] += 1
    assert isinstance(propose_split(interactions(USERS, times)).rule, LeaveLastOut)


def test_rows_may_be_in_any_order():
    order = np.random.default_rng(0).permutation(200)
    times = np.arange(200)
    times[9:30:10] -= 1
    assert (
        propose_split(interactions(USERS[order], times[order])).reason
        == propose_split(interactions(USERS, times)).reason
    )


def test_without_times_and_with_one_time_it_is_random():
    assert propose_split(interactions(USERS)).rule == RandomSplit(test=0.2, validation=0.1)
    proposal = propose_split(interactions(USERS, np.zeros(200)))
    assert isinstance(proposal.rule, RandomSplit)
    assert "1 distinct values, too few" in proposal.reason


def test_a_proposal_can_be_run():
    for users in (USERS, np.repeat(np.arange(30), 2), np.repeat(np.arange(9), [2, 2, 2, 1, 1, 1, 1, 1, 1])):
        for times in (None, np.arange(len(users)), np.zeros(len(users)), np.arange(len(users)) // 7):
            data = interactions(users, times)
            split = propose_split(data).rule.split(data)
            assert len(split.part("test")) > 0
            assert len(split.part("train")) > 0


def test_users_with_one_interaction_cannot_be_split():
    with pytest.raises(DataError, match=r"no user has two interactions.* 4 rows, 4 users"):
        propose_split(interactions(np.arange(4)))
