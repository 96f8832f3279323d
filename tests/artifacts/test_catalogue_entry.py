"""Entries of the catalogue of data sets."""

from __future__ import annotations

import dataclasses

import pytest

from harness import registry
from harness.data import CatalogueEntry, list_sources


def test_every_registered_data_set_has_an_entry_of_its_own_name():
    entries = list_sources()
    assert [entry.name for entry in entries] == registry.names("sources")
    for entry in entries:
        assert entry.description
        assert entry.licence
        assert min(entry.users, entry.items, entry.interactions) > 0
        assert entry.size >= 0


def test_an_entry_does_not_change():
    entry = list_sources()[0]
    assert isinstance(entry, CatalogueEntry)
    with pytest.raises(dataclasses.FrozenInstanceError):
        entry.name = "other"
