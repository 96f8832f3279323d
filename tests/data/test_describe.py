from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import splitting
from oracles.splitting import Row
from oracles.tables import interactions_from
from strategies import INTERACTION_ROWS

from harness.data import SourceData, describe
from harness.data.describe import gini


def test_by_hand() -> None:
    rows = [Row(1, 10, 5, 4), Row(1, 11, 5, 2), Row(1, 10, 7, 3), Row(2, 10, 9, 4)]
    facts = describe(interactions_from(rows))
    assert facts == {
        "interactions": 4,
        "users": 2,
        "items": 2,
        "density": 0.75,
        "per_user": {"min": 1, "median": 2.0, "mean": 2.0, "max": 3},
        "per_item": {"min": 1, "median": 2.0, "mean": 2.0, "max": 3},
        "gini": 0.25,
        "repeated": 1,
        "timestamps": {"first": 5, "last": 9, "distinct": 3, "tied": 0.5},
        "ratings": {"min": 2.0, "mean": 3.25, "max": 4.0, "distinct": 3},
        "distinct_titles": None,
    }


def test_what_is_not_there_is_none() -> None:
    rows = interactions_from([Row(1, 10, 5, 4)])
    facts = describe(replace(rows, timestamps=None, values=None))
    assert facts["timestamps"] is None
    assert facts["ratings"] is None
    empty = describe(rows.rows(np.zeros(1, dtype=np.bool_)))
    assert empty["interactions"] == 0
    assert empty["density"] is None
    assert empty["per_user"] is None


@settings(max_examples=40, deadline=None)
@given(INTERACTION_ROWS)
def test_equals_counting_in_plain_python(rows: list[Row]) -> None:
    facts = describe(interactions_from(rows))
    moments = [(row.user, row.time) for row in rows]
    pairs = {(row.user, row.item) for row in rows}
    assert facts["timestamps"]["tied"] == pytest.approx(
        sum(moments.count(moment) > 1 for moment in moments) / len(rows)
    )
    assert facts["timestamps"]["distinct"] == len({row.time for row in rows})
    assert facts["repeated"] == len(rows) - len(pairs)
    assert facts["density"] == pytest.approx(
        len(pairs) / len({row.user for row in rows}) / len({row.item for row in rows})
    )
    assert json.loads(json.dumps(facts, allow_nan=False)) == facts


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 100), min_size=1, max_size=20))
def test_gini_is_half_the_relative_mean_difference(counts: list[int]) -> None:
    assert gini(np.array(counts)) == pytest.approx(splitting.gini(counts), abs=1e-12)


def test_ml_100k(ml_100k: SourceData) -> None:
    facts = describe(ml_100k.interactions)
    assert (facts["interactions"], facts["users"], facts["items"]) == (100_000, 943, 1_682)
    assert facts["timestamps"]["tied"] == pytest.approx(0.75772)
    assert facts["distinct_titles"] == 1_659
    assert facts["repeated"] == 0
    assert facts["per_user"] == {"min": 20, "median": 65.0, "mean": pytest.approx(100_000 / 943), "max": 737}
