"""Choose the folder of the cache."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness import storage


def test_the_cache_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "cache"))
    assert storage.cache_folder() == tmp_path / "cache"
    monkeypatch.setenv("HARNESS_CACHE", "~/cache")
    assert storage.cache_folder() == Path.home() / "cache"
    monkeypatch.delenv("HARNESS_CACHE")
    assert storage.cache_folder().name == "harness"
