"""Options of splits that are refused, and data that they cannot split."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from oracles.splitting import Row
from oracles.tables import FIVE_AND_ONE, interactions_from

from harness import registry
from harness.data import GlobalTime, KFold, LeaveLastOut, RandomSplit, UserHoldout, UserTime
from harness.errors import DataError


def lines() -> Iterator[tuple[str, dict[str, Any], str]]:
    yield "leave_last_out", {"n": 0}, "n is 0; use 1 or more"
    yield "leave_last_out", {"ties": "stable", "seed": 1}, "ties: stable does not use it; leave seed out"
    yield "user_time", {"test": 1.5}, r"test is 1\.5; use a share"
    yield "global_time", {"test": 0.2, "test_from": 5}, "both say where test begins"
    yield "global_time", {"validation": 0.2, "test_from": 5}, "give validation_from instead"
    yield "global_time", {"validation_from": 5}, "validation_from needs test_from"
    yield "global_time", {"test_from": "soon"}, "test_from is 'soon'; use a date such as"
    yield "global_time", {"ties": "error"}, "ties"
    yield "random", {"test": 0.0}, r"test is 0\.0"
    yield "random", {"ties": "error"}, "ties"
    yield "k_fold", {"folds": 1, "fold": 0}, "folds is 1; use 2 or more"
    yield "k_fold", {"folds": 2, "fold": 0, "validation": True}, "folds is 2; use 3 or more"
    yield "k_fold", {"folds": 5, "fold": 5}, "fold is 5; use one from 0 to 4"
    yield "k_fold", {}, "fold"
    yield "user_holdout", {"fold_in": 1.0}, r"fold_in is 1\.0; use a share between 0 and 1"
    yield "user_holdout", {"fold_in": 0}, "fold_in is 0"
    yield "user_holdout", {"test": 0.6, "validation": 0.4}, "leave nothing to train on"
    yield "fixed", {"train": "a.csv", "test": ""}, "test"
    yield "fixed", {"train": "a.csv", "test": "b.csv", "seed": -1}, "seed is -1"


@pytest.mark.parametrize(("kind", "options", "message"), list(lines()))
def test_bad_options(kind: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        registry.load("splits", kind)(**options)


@pytest.mark.parametrize(
    ("split", "message"),
    [
        (UserTime(test=0.1), "split user_time leaves no interaction in test, of 3 .*Choose larger shares"),
        (RandomSplit(test=0.1), "split random leaves no interaction in test"),
        (KFold(folds=5, fold=0), "split k_fold leaves no interaction in test.*Use fewer folds"),
        (UserHoldout(test=0.1), "split user_holdout leaves no interaction in train|in test"),
        (UserHoldout(test=0.9, fold_in=5), "needs 1 of 1 users, but only 0 have enough interactions"),
        (GlobalTime(test_from=100), "no interaction in test.*test begins at 100"),
        (GlobalTime(test_from=2, validation_from=1.5), "no interaction in validation"),
    ],
)
def test_nothing_left_is_reported(split: Any, message: str) -> None:
    rows = [Row(1, 10, 1, 1), Row(1, 10, 2, 1), Row(1, 10, 3, 1)]
    begins = [KFold(folds=5, fold=fold) for fold in range(5)]
    if split == begins[0]:  # three rows of one user leave two of five folds empty
        split = next(one for one in begins if not np.isin(2, _labels(one, rows)))
    with pytest.raises(DataError, match=message):
        split.split(interactions_from(rows))


def _labels(split: KFold, rows: list[Row]) -> list[int]:
    try:
        return list(split.split(interactions_from(rows)).labels)
    except DataError:
        return []


@pytest.mark.parametrize("split", [UserTime(), UserHoldout(ties="error"), LeaveLastOut(ties="stable")])
def test_timestamps_that_are_needed(split: Any) -> None:
    rows = replace(interactions_from(FIVE_AND_ONE), timestamps=None)
    with pytest.raises(DataError, match=rf"split {split.kind} .*needs timestamps.*dataset\.columns\.timestamp"):
        split.split(rows)
