"""List and fetch the data sets of the catalogue."""

from __future__ import annotations

import pytest

from harness import data
from harness.data import list_sources
from harness.errors import HarnessError
from harness.storage import sha256_file


def test_fetch_by_name(ml_100k: data.SourceData) -> None:
    path = data.fetch("ml-100k")
    assert sha256_file(path) == ml_100k.sha256
    with pytest.raises(HarnessError, match="Did you mean 'ml-100k'"):
        data.fetch("ml-100")


def test_the_catalogue_tells_the_truth(ml_100k: data.SourceData) -> None:
    entry = next(entry for entry in list_sources() if entry.name == "ml-100k")
    rows = ml_100k.interactions
    assert (entry.interactions, entry.users, entry.items) == (len(rows), len(rows.user_ids), len(rows.item_ids))
    assert entry.size == data.fetch("ml-100k").stat().st_size
    assert "no redistribution" in entry.licence
