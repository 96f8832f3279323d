"""The cache: one folder a key, described for people, and pruned without touching what is in use."""

from __future__ import annotations

import datetime
import os
from pathlib import Path

import pytest

from harness import storage
from harness.errors import HarnessError

KEYS = [f"{number:064x}" for number in range(3)]


def described(key: str, description: dict[str, str]) -> Path:
    """The folder of a key, described and marked as used now."""
    folder = storage.entry_folder("predictions", key)
    storage.describe_entry(folder, description)
    return folder


@pytest.fixture
def filled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three entries of 1,000 bytes or so, the last used 3, 2 and 1 days ago."""
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path))
    now = datetime.datetime.now(datetime.UTC).timestamp()
    for days, key in zip((3, 2, 1), KEYS, strict=True):
        folder = described(key, {"name": f"run-{days}"})
        (folder / "shard").write_bytes(b"x" * 1000)
        os.utime(folder / "entry.json", (now - 86_400 * days, now - 86_400 * days))
    return tmp_path


def names() -> list[str]:
    return [entry.name for entry in storage.cache_entries()]


def test_entries_are_listed_the_longest_unused_first(filled: Path) -> None:
    (filled / "predictions" / "something else").mkdir()
    entries = storage.cache_entries()
    assert [entry.name for entry in entries] == ["run-3", "run-2", "run-1"]
    assert [entry.key for entry in entries] == KEYS
    assert all(1000 < entry.size < 1100 for entry in entries)
    described(KEYS[0], {"name": "another name"})
    assert names() == ["run-2", "run-1", "run-3"]  # opened: used now; and described once


def test_an_empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "none"))
    assert storage.cache_entries() == []
    assert storage.prune_cache() == []


def test_a_file_in_the_place_of_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "file"))
    with pytest.raises(HarnessError, match=r"is not a folder\. Set HARNESS_CACHE to a folder"):
        storage.cache_entries()


@pytest.mark.parametrize("place", ["file/sub", "link", "~nobody-of-that-name/x", "a" * 300, "good"])
def test_places_where_no_cache_can_be(place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    (tmp_path / "good").mkdir()
    (tmp_path / "good" / "predictions").write_text("")
    monkeypatch.setenv("HARNESS_CACHE", place if place.startswith("~") else str(tmp_path / place))
    with pytest.raises(HarnessError, match="HARNESS_CACHE"):
        storage.cache_entries()


def test_a_damaged_description_is_written_again(filled: Path) -> None:
    (filled / "predictions" / KEYS[1] / "entry.json").write_text("{")
    assert "?" in names()
    described(KEYS[1], {"name": "mended"})
    assert "mended" in names()


def test_an_entry_that_another_process_removed_is_created_again(filled: Path) -> None:
    folder = storage.entry_folder("predictions", "f" * 64)
    with storage.lock(folder):
        folder.rmdir()  # as a process does that held the lock before
        storage.describe_entry(folder, {"name": "again"})
        assert "again" in names()


def test_an_entry_without_lists_is_dropped_and_no_other(filled: Path) -> None:
    for key in KEYS:
        storage.drop_if_empty(filled / "predictions" / key)
    assert len(names()) == 3
    folder = described("e" * 64, {"name": "refused"})
    storage.drop_if_empty(folder)
    assert "refused" not in names()


def test_what_is_old_goes(filled: Path) -> None:
    would = storage.prune_cache(older_than=datetime.timedelta(hours=36), dry_run=True)
    assert len(names()) == 3
    removed = storage.prune_cache(older_than=datetime.timedelta(hours=36))
    assert [entry.name for entry in removed] == [entry.name for entry in would] == ["run-3", "run-2"]
    assert names() == ["run-1"]
    assert sorted(path.name for path in (filled / "predictions").iterdir() if path.is_dir()) == [KEYS[2]]


def test_the_longest_unused_go_until_it_is_small_enough(filled: Path) -> None:
    assert [entry.name for entry in storage.prune_cache(keep=2500)] == ["run-3"]
    assert storage.prune_cache(keep=2500) == []
    assert len(storage.prune_cache()) == 2


def test_what_is_in_use_stays(filled: Path) -> None:
    with storage.lock(filled / "predictions" / KEYS[0]):
        assert [entry.in_use for entry in storage.cache_entries()] == [True, False, False]
        assert [entry.name for entry in storage.prune_cache()] == ["run-2", "run-1"]
    assert names() == ["run-3"]


def test_no_other_places(filled: Path) -> None:
    for kind, key in (("predictions", "../../etc"), ("predictions", "abc"), ("sources", KEYS[0])):
        with pytest.raises(ValueError, match="is not a folder of the cache"):
            storage.entry_folder(kind, key)


def test_a_link_is_not_an_entry(filled: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "precious").touch()
    (filled / "predictions" / f"{9:064x}").symlink_to(elsewhere, target_is_directory=True)
    assert len(storage.prune_cache()) == 3
    assert (elsewhere / "precious").exists()


def test_a_folder_that_cannot_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "file"))
    with pytest.raises(HarnessError, match="Set HARNESS_CACHE to a folder that can be written"):
        storage.entry_folder("predictions", KEYS[0])


def test_a_folder_takes_the_place_of_what_was_there(tmp_path: Path) -> None:
    target = tmp_path / "parts"
    for old in ("file", "folder", "none"):
        if old == "file":
            target.write_text("old")
        elif old == "folder":
            (target / "more").mkdir(parents=True, exist_ok=True)
        with storage.whole_folder(target) as temporary:
            (temporary / "part").write_text(old)
        assert [path.name for path in target.iterdir()] == ["part"]
    with pytest.raises(TypeError), storage.whole_folder(target):
        raise TypeError
    assert (target / "part").read_text() == "none"
    assert [path.name for path in tmp_path.iterdir()] == ["parts"]
