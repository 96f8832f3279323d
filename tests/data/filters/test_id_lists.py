"""Filter by lists of users and items."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import pytest
from oracles.tables import REPEATED, interactions_from, pairs_of, rows_of

from harness.artifacts import Vocabulary
from harness.data import ItemFilter, UserFilter, apply_filters
from harness.errors import DataError


def test_items_by_hand() -> None:
    assert pairs_of(ItemFilter(allow=(11, 12)).apply(interactions_from(REPEATED))) == [(1, 11), (3, 12)]
    assert pairs_of(ItemFilter(deny=(10,)).apply(interactions_from(REPEATED))) == [(1, 11), (3, 12)]


def test_users_by_hand() -> None:
    assert pairs_of(UserFilter(allow=(2,)).apply(interactions_from(REPEATED))) == [(2, 10)]
    assert pairs_of(UserFilter(deny=(1, 2)).apply(interactions_from(REPEATED))) == [(3, 12)]


def test_lists_from_files_and_ids_that_occur_nowhere(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "items.txt"
    path.write_text("\ufeff10\r\n\n99\n007\n10\n", encoding="utf-8")
    with caplog.at_level(logging.WARNING, logger="harness"):
        result = apply_filters(interactions_from(REPEATED), [ItemFilter(allow_file=str(path))])
    assert [(row.user, row.item) for row in rows_of(result.interactions)] == [(1, 10), (1, 10), (2, 10)]
    assert (result.steps[0]["ids_listed"], result.steps[0]["ids_unknown"]) == (3, 2)
    assert "filter items: 2 of 3 listed ids do not occur" in caplog.text


def test_ids_are_compared_as_the_data_set_writes_them() -> None:
    rows = replace(interactions_from(REPEATED), user_ids=Vocabulary.of(["007", "2", "x"]))
    assert UserFilter(allow=(2, "007")).apply(rows).user_ids.ids.tolist() == ["007", "2"]
    # Text that is an integer in its usual writing is that integer; "010" is another id.
    assert ItemFilter(allow=("10", "011")).apply(rows).item_ids.ids.tolist() == [10]


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "cannot be read: No such file.*one id per line"), (b"\n\n", "is empty"), (b"\xff\xfe", "is not UTF-8")],
)
def test_lists_that_cannot_be_read(tmp_path: Path, content: bytes | None, message: str) -> None:
    path = tmp_path / "list.txt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match=rf"list\.txt: the list of ids {message}"):
        UserFilter(deny_file=str(path)).apply(interactions_from(REPEATED))
