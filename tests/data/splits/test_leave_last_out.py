"""Hold out each user's last interactions."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from oracles import splitting
from oracles.splitting import Row, random_key
from oracles.tables import FIVE_AND_ONE, interactions_from, items_of_parts, parts_of, rows_of
from pydantic import TypeAdapter, ValidationError
from strategies import INTERACTION_ROWS

from harness import registry
from harness.artifacts import Split
from harness.data import (
    GlobalTime,
    KCore,
    LeaveLastOut,
    MinRating,
    SourceData,
    apply_filters,
)
from harness.errors import DataError


def test_leave_last_out_by_hand() -> None:
    split = LeaveLastOut(n=2).split(interactions_from(FIVE_AND_ONE))
    assert items_of_parts(split) == [[10, 10], [11, 12], [13, 14], []]
    assert split.facts["users_too_short_to_test"] == split.facts["users_too_short_to_validate"] == 1


def test_leave_last_out_of_three_users_by_hand() -> None:
    rows = [
        *(Row(1, 10, 30, 1), Row(1, 11, 10, 1), Row(1, 12, 20, 1), Row(1, 13, 5, 1)),
        *(Row(2, 10, 7, 1), Row(2, 11, 8, 1)),
        Row(3, 12, 9, 1),
    ]
    split = LeaveLastOut().split(interactions_from(rows))
    told = {part: [(row.user, row.item) for row in chosen] for part, chosen in parts_of(split).items()}
    assert told == {
        "train": [(1, 13), (1, 11), (2, 10), (3, 12)],
        "validation": [(1, 12)],
        "test": [(1, 10), (2, 11)],
    }
    assert split.facts["users_too_short_to_test"] == 1
    assert split.facts["users_too_short_to_validate"] == 2
    assert split.facts["test"] == {"interactions": 2, "users": 2, "items": 2, "share": 2 / 7}
    assert split.facts["tied_users"] == {"count": 0, "of": 2, "share": 0.0}
    # Item 10 of user 1 is in train through user 2; item 11 of user 2 through user 1.
    assert split.facts["test_unseen_in_history"] == {"interactions": 0, "items": 0}


def test_items_unseen_in_train_alone_are_distinguished() -> None:
    rows = [Row(1, 10, 1, 1), Row(1, 11, 2, 1), Row(1, 10, 3, 1), Row(2, 10, 1, 1), Row(2, 11, 3, 1)]
    facts = LeaveLastOut().split(interactions_from(rows)).facts
    assert facts["test_unseen_in_history"] == {"interactions": 0, "items": 0}
    assert facts["test_unseen_in_train"] == {"interactions": 1, "items": 1}


def test_without_validation_the_one_before_stays_in_train() -> None:
    rows = [Row(1, 10 + n, n, 1) for n in range(4)]
    split = LeaveLastOut(validation=False).split(interactions_from(rows))
    assert np.bincount(split.labels, minlength=3).tolist() == [3, 0, 1]
    assert "users_too_short_to_validate" not in split.facts


@settings(max_examples=60, deadline=None)
@given(INTERACTION_ROWS, st.booleans(), st.integers(0, 3))
def test_leave_last_out_equals_the_oracle(rows: list[Row], validation: bool, seed: int) -> None:
    expected = splitting.leave_last_out(rows, random_key(seed), validation=validation)
    assume(expected["test"])
    split = LeaveLastOut(validation=validation, seed=seed).split(interactions_from(rows))
    assert parts_of(split) == expected
    assert split.facts["tied_users"]["count"] == len(splitting.tied_users(expected, "test"))


@settings(max_examples=40, deadline=None)
@given(INTERACTION_ROWS, st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(rows: list[Row], rng: random.Random) -> None:
    assume(max(sum(other.user == row.user for other in rows) for row in rows) > 1)
    shuffled = list(rows)
    rng.shuffle(shuffled)
    first, second = (LeaveLastOut(seed=3).split(interactions_from(order)) for order in (rows, shuffled))
    assert first.digest == second.digest
    assert first.facts == second.facts


@settings(max_examples=40, deadline=None)
@given(INTERACTION_ROWS)
def test_every_row_is_in_one_part_and_users_keep_a_history(rows: list[Row]) -> None:
    assume(max(sum(other.user == row.user for other in rows) for row in rows) > 1)
    split = LeaveLastOut().split(interactions_from(rows))
    assert sorted(row for part in parts_of(split).values() for row in part) == sorted(rows)
    assert set(split.part("train").users) == set(split.interactions.users)
    assert (np.bincount(split.part("test").users) <= 1).all()


def test_another_seed_breaks_ties_otherwise() -> None:
    rows = [Row(user, item, 0, 1) for user in range(20) for item in range(10)]
    held_out = [rows_of(LeaveLastOut(seed=seed).split(interactions_from(rows)).part("test")) for seed in (0, 0, 1)]
    assert held_out[0] == held_out[1]
    assert held_out[0] != held_out[2]
    # Users do not share one order of items.
    assert len({row.item for row in held_out[0]}) > 3


def test_ties_are_decided_evenly() -> None:
    rows = [Row(user, item, 0, 1) for user in range(3_000) for item in range(3)]
    items = LeaveLastOut().split(interactions_from(rows)).part("test").items
    # Binomial with p = 1/3: a standard deviation is 26.
    assert np.abs(np.bincount(items, minlength=3) - 1_000).max() < 5 * 26


def test_ml_100k(ml_100k: SourceData) -> None:
    facts = LeaveLastOut().split(ml_100k.interactions).facts
    assert facts["train"]["interactions"] == 100_000 - 2 * 943
    assert facts["tied_users"]["count"] == 415
    assert facts["tied_users"]["share"] == pytest.approx(0.44, abs=0.005)


def test_ml_100k_order_of_rows(ml_100k: SourceData) -> None:
    filters = [MinRating(value=4), KCore(users=5, items=5)]
    shuffled = ml_100k.interactions.rows(np.random.default_rng(0).permutation(100_000))
    digests = [
        LeaveLastOut().split(apply_filters(interactions, filters).interactions).digest
        for interactions in (ml_100k.interactions, shuffled)
    ]
    assert digests[0] == digests[1]


def test_nobody_to_test() -> None:
    with pytest.raises(DataError, match="no user to test: none of 2 users has 2 interactions"):
        LeaveLastOut().split(interactions_from([Row(1, 10, 0, 1), Row(2, 10, 0, 1)]))


@pytest.mark.parametrize("split", [LeaveLastOut(), GlobalTime()])
def test_no_timestamps(split: LeaveLastOut | GlobalTime) -> None:
    rows = replace(interactions_from([Row(1, 10, 0, 1), Row(1, 11, 0, 1)]), timestamps=None)
    with pytest.raises(DataError, match=rf"split {split.kind} needs timestamps.*dataset\.columns\.timestamp"):
        split.split(rows)


@pytest.mark.parametrize(
    ("split", "rows", "told"),
    [
        (GlobalTime(), [Row(1, n, 7, 1) for n in range(10)], "in train: 10 interactions have 1 distinct timestamps"),
        (GlobalTime(test=0.01), [Row(1, n, n, 1) for n in range(10)], r"0\.01 of 10 is none"),
        (
            GlobalTime(test=0.3, validation=0.3),
            [Row(1, n, n >= 3, 1) for n in range(10)],
            "no interaction in validation.*test begins at",
        ),
    ],
)
def test_empty_parts(split: GlobalTime, rows: list[Row], told: str) -> None:
    with pytest.raises(DataError, match=told):
        split.split(interactions_from(rows))


@pytest.mark.parametrize(
    ("kind", "options", "told"),
    [
        ("leave_last_out", '{"ties": "file"}', "shuffle"),
        ("leave_last_out", '{"seed": -1}', "seed is -1; use 0 or more"),
        ("leave_last_out", '{"seed": true}', "valid integer"),
        ("leave_last_out", '{"validation": 1}', "valid boolean"),
        ("leave_last_out", '{"test": 0.2}', "test"),
        ("global_time", '{"test": 0}', r"test is 0\.0; use a share between 0 and 1"),
        ("global_time", '{"test": 1}', r"test is 1\.0"),
        ("global_time", '{"test": NaN}', "test is nan"),
        ("global_time", '{"validation": -0.1}', r"validation is -0\.1"),
        ("global_time", '{"test": 0.5, "validation": 0.5}', "leave nothing to train on"),
        ("global_time", '{"validation": true}', "valid number"),
    ],
)
def test_bad_options(kind: str, options: str, told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        TypeAdapter(registry.load("splits", kind)).validate_json(options)


def items_of(split: Split) -> list[int]:
    return [row.item for row in rows_of(split.part("test"))]


def test_item_orders_go_by_the_size_of_integers() -> None:
    rows = interactions_from([Row(1, item, 0, 1) for item in (9, 10, 100)])
    last = {ties: items_of(LeaveLastOut(ties=ties).split(rows)) for ties in ("item_ascending", "item_descending")}
    assert last == {"item_ascending": [100], "item_descending": [9]}


def test_stable_follows_the_file() -> None:
    rows = [Row(1, item, 0, 1) for item in (10, 12, 11)]
    assert items_of(LeaveLastOut(ties="stable").split(interactions_from(rows))) == [11]
    assert items_of(LeaveLastOut(ties="stable").split(interactions_from(rows[::-1]))) == [10]
