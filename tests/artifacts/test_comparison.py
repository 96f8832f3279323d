"""The differences of a comparison, as values and as a table."""

import math

import pandas as pd

from harness.artifacts import PAIR_COLUMNS, Comparison, ComparisonProtocol, PairedDifference

SETTINGS = ComparisonProtocol("baseline", "auto", "maxt", "users", 0.95, None, 0)


def test_the_columns_of_pairs_are_fixed():
    assert len(set(PAIR_COLUMNS)) == len(PAIR_COLUMNS)
    assert {
        "metric",
        "candidate",
        "baseline",
        "difference",
        "ci_low",
        "ci_high",
        "ci_simultaneous_low",
        "ci_simultaneous_high",
        "relative",
        "ci_relative_low",
        "ci_relative_high",
        "p_value",
        "p_adjusted",
        "n_nonzero",
        "se_users",
        "verdict",
        "statement",
    } <= set(PAIR_COLUMNS)


def test_pairs_are_a_row_per_difference():
    tested = PairedDifference("ndcg@10", "b", "a", 0.3, 0.2, 0.1, wins=3, ties=1, losses=0, n_users=4, n_nonzero=3)
    untested = PairedDifference("coverage@10", "b", "a", 0.5, 0.5, 0.0)
    pairs = Comparison((tested, untested), pd.DataFrame(), "a", "ndcg@10", SETTINGS).pairs
    assert tuple(pairs.columns) == PAIR_COLUMNS
    assert pairs["wins"].tolist() == [3, pd.NA]
    assert (pairs["difference"][0], pairs["verdict"][1]) == (0.1, "untested")
    assert math.isnan(pairs["p_value"][1])


def test_no_differences_are_a_table_without_rows():
    empty = Comparison((), pd.DataFrame(), "popularity", "ndcg@10", SETTINGS)
    assert tuple(empty.pairs.columns) == PAIR_COLUMNS
    assert (len(empty.pairs), empty.notes, empty.best) == (0, (), ())
