"""Candidates that files give: lists per user, and lists of allowed items."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from histories import history_of

from harness.artifacts import RecommendationTask, Truth, Vocabulary
from harness.data import allow_list, lists_from
from harness.errors import DataError


def test_a_file_lists_the_candidates_of_each_user(tmp_path):
    truth, history = Truth.from_lists([[1], [2], [3]]), history_of([[0], [0], [0]], 6)
    ids = Vocabulary.of(["u000", "u001", "u002"])
    task = RecommendationTask(np.arange(3), truth, history, ids, Vocabulary.of(np.arange(6)))
    table = pd.DataFrame(
        [("u000", 1), ("u000", 5), ("u000", 5), ("u001", 4), ("u009", 1), ("u001", 99)], columns=["user", "item"]
    )
    for suffix in ("parquet", "csv"):
        path = tmp_path / f"lists.{suffix}"
        if suffix == "parquet":
            table.to_parquet(path)
        else:
            table.to_csv(path, index=False)
        found = lists_from(path, task)
        assert (found.lists.indptr.tolist(), found.lists.items.tolist()) == ([0, 2, 3, 3], [1, 5, 4])
        counts = {finding.name: finding.count for finding in found.findings}
        assert counts == {
            "candidates_without_users": 1,
            "relevant_items_no_candidates": 2,
            "unknown_candidates": 1,
            "candidates_of_unknown_users": 1,
        }
    (tmp_path / "nobody.csv").write_text("user,item\nx,1\n")
    with pytest.raises(DataError, match="no candidate is for a user of the evaluated part"):
        lists_from(tmp_path / "nobody.csv", task)
    (tmp_path / "other.csv").write_text("uid,item\nx,1\n")
    with pytest.raises(DataError, match="there is no column 'user'"):
        lists_from(tmp_path / "other.csv", task)


def test_a_file_lists_the_allowed_items(tmp_path):
    path = tmp_path / "items.txt"
    path.write_text("3\n\n5\r\n3\nx\n")
    found = allow_list(path, Vocabulary.of([3, 4, 5]))
    assert found.items.tolist() == [True, False, True]
    assert (found.findings[0].count, found.findings[0].of) == (1, 3)
    path.write_text("tea \n")
    assert allow_list(path, Vocabulary.of(["coffee", "tea "])).items.tolist() == [False, True]
    path.write_text("a\n")
    with pytest.raises(DataError, match="none of its 1 distinct ids is an item"):
        allow_list(path, Vocabulary.of([3, 4, 5]))
    with pytest.raises(DataError, match="cannot be read"):
        allow_list(tmp_path / "none.txt", Vocabulary.of([3]))
