"""CSV and parquet as pandas writes them."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.data import read_table


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), min_size=1, max_size=5),
            st.integers(-(2**63), 2**63 - 1),
            st.integers(-(2**62), 2**62),
        ),
        min_size=1,
        max_size=20,
    )
)
def test_every_format_gives_what_was_written(tmp_path: Path, rows: list[tuple[str, int, int]]) -> None:
    # "#" keeps the texts from being integers, and from being empty for pandas.
    frame = pd.DataFrame(
        {
            "user": [f"#{user}" for user, _, _ in rows],
            "item": [item for _, item, _ in rows],
            "timestamp": [time for _, _, time in rows],
        }
    )
    frame.to_csv(tmp_path / "a.csv", index=False, lineterminator="\n")
    frame.to_csv(tmp_path / "a.tsv.gz", index=False, sep="\t", lineterminator="\n")
    frame.to_parquet(tmp_path / "a.parquet")
    for name in ("a.csv", "a.tsv.gz", "a.parquet"):
        assert read_table(tmp_path / name).frame().values.tolist() == frame.values.tolist()
