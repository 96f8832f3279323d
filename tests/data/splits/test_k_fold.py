"""Hold out one of several folds."""

from __future__ import annotations

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from oracles.splitting import Row
from oracles.tables import interactions_from, rows_of
from strategies import INTERACTION_ROWS

from harness.data import KFold
from harness.errors import DataError

PROPERTY = settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))


def test_k_fold_by_hand() -> None:
    # As above they are dealt in the order of time, but the first fold is the user's own.
    rows = [Row(1, 10, time, 1) for time in range(6)]
    folds = [KFold(folds=3, fold=fold, validation=True).split(interactions_from(rows)) for fold in range(3)]
    tested = [[row.time for row in rows_of(split.part("test"))] for split in folds]
    assert sorted(tested) == [[0, 3], [1, 4], [2, 5]]
    assert [[row.time for row in rows_of(split.part("validation"))] for split in folds] == [*tested[1:], tested[0]]


@PROPERTY
@given(rows=INTERACTION_ROWS, seed=st.integers(0, 3))
def test_every_interaction_is_in_test_in_exactly_one_fold(rows: list[Row], seed: int) -> None:
    tested: list[Row] = []
    for fold in range(3):
        try:
            split = KFold(folds=3, fold=fold, seed=seed).split(interactions_from(rows))
        except DataError as error:
            assert "leaves no interaction in" in str(error)  # noqa: PT017
            assume("in train" not in str(error))
            continue
        tested += rows_of(split.part("test"))
    assert sorted(tested) == sorted(rows)
