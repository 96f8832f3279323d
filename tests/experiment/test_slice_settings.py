from typing import Any

import pytest

from harness.experiment import SliceSettings, load_experiment


def test_a_slice_is_a_name_or_a_map(write: Any) -> None:
    text = "[activity, {by: user_column, column: age}, {by: item_popularity, shares: [0.3, 0.6]}]"
    slices = load_experiment(write(), [f"evaluation.slices={text}"]).evaluation.slices
    assert slices[0] == SliceSettings("activity")
    assert slices[2].shares == (0.3, 0.6)
    assert [one.name for one in slices] == ["activity", "user_column age", "item_popularity"]


@pytest.mark.parametrize(
    ("slices", "words"),
    [
        ("[activty]", "unknown slice 'activty'. Did you mean 'activity'?"),
        ("[3]", "a slice is 3; a name or a map with 'by' is needed"),
        ("[{by: user_column}]", "a slice by user_column needs the key 'column'"),
        ("[{by: activity, column: age}]", "column applies only to slices by user_column and item_column"),
        ("[{by: activity, quantiles: 1}]", "quantiles is 1; 2 or more is needed"),
        ("[repeat, repeat]", "the slice 'repeat' is repeated"),
    ],
)
def test_invalid_slices_name_their_line(write: Any, message: Any, slices: str, words: str) -> None:
    found = message(write(more=f"evaluation: {{slices: {slices}}}\n"))
    assert found.startswith("ease.yaml:10: ")
    assert words in found
