"""The columns of a comparison."""

import pandas as pd

from harness.artifacts import PAIR_COLUMNS, Comparison


def test_the_columns_of_pairs_are_fixed():
    assert len(set(PAIR_COLUMNS)) == len(PAIR_COLUMNS)
    assert {"metric", "candidate", "baseline", "difference", "ci_low", "ci_high", "p_value", "verdict"} <= set(
        PAIR_COLUMNS
    )


def test_a_comparison_has_no_notes_unless_given():
    pairs = pd.DataFrame(columns=list(PAIR_COLUMNS))
    assert Comparison(pairs, pd.DataFrame(), "popularity", None, {}).notes == ()
