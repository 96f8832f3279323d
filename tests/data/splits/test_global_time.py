"""Split at one point in time, the same for all users."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from oracles import splitting
from oracles.splitting import Row, random_key
from oracles.tables import FIVE_AND_ONE, interactions_from, items_of_parts, parts_of
from strategies import INTERACTION_ROWS

from harness.data import (
    GlobalTime,
    SourceData,
)
from harness.errors import DataError


def test_global_time_by_hand() -> None:
    split = GlobalTime(test_from="1970-01-01T00:00:04", validation_from=2.5).split(interactions_from(FIVE_AND_ONE))
    assert items_of_parts(split) == [[10, 11, 10], [12], [13, 14], []]
    assert split.facts["moments"] == {"test": 4, "validation": 2.5}


@settings(max_examples=60, deadline=None)
@given(INTERACTION_ROWS, st.sampled_from([(0.2, 0.0), (0.5, 0.0), (0.3, 0.3), (0.1, 0.2)]), st.integers(0, 3))
def test_global_time_equals_the_oracle(rows: list[Row], shares: tuple[float, float], seed: int) -> None:
    test, validation = shares
    assume(round(test * len(rows)) > 0)
    expected = splitting.global_time(rows, random_key(seed), test=test, validation=validation)
    chosen = GlobalTime(test=test, validation=validation, seed=seed)
    if expected["train"] and expected["test"] and (expected["validation"] or not validation):
        split = chosen.split(interactions_from(rows))
        assert parts_of(split) == expected
        assert sum(split.facts[part]["share"] for part in ("train", "validation", "test")) == pytest.approx(1)
        assert split.facts["tied_users"]["count"] == 0
    else:
        with pytest.raises(DataError, match="leaves no interaction"):
            chosen.split(interactions_from(rows))


def test_global_time_cuts_no_moment_in_two() -> None:
    rows = [Row(1, 10, 1, 1), Row(1, 11, 2, 1), Row(2, 10, 2, 1), Row(2, 11, 2, 1), Row(2, 12, 3, 1)]
    split = GlobalTime(test=0.4).split(interactions_from(rows))
    assert split.facts["moments"] == {"test": 2}
    assert split.facts["test"]["share"] == 0.8
    assert split.facts["train"]["interactions"] == 1


def test_ml_100k_global_time_leaves_few_users_with_history(ml_100k: SourceData) -> None:
    split = GlobalTime(test=0.2).split(ml_100k.interactions)
    train, test = split.part("train"), split.part("test")
    assert split.facts["moments"] == {"test": 889_237_269}
    assert len(test) == 20_001
    assert len(set(test.users) & set(train.users)) == 109
    # Two of them have nothing in test but items that nobody had before.
    seen = np.isin(test.items, train.items)
    assert len(set(test.users[seen]) & set(train.users)) == 107


@pytest.mark.parametrize(("unit", "factor"), [("milliseconds", 10**3), ("microseconds", 10**6), ("nanoseconds", 10**9)])
def test_dates_where_times_are_finer_than_seconds(unit: str, factor: int) -> None:
    rows = interactions_from(FIVE_AND_ONE)
    rows = replace(rows, timestamps=(rows.timestamps + 1_600_000_000) * factor)
    with pytest.raises(DataError, match=rf"look like {unit} .* Give the number {1_577_836_800 * factor}\."):
        GlobalTime(test_from="2020-01-01").split(rows)
