"""Full disks, folders that can only be read, and lists that vanish: one message, or what is there is used."""

from __future__ import annotations

import json
import stat
import sys
from pathlib import Path

import pytest
from limited_process import run_limited

import harness
from harness import storage

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits and capabilities of Linux")


@pytest.fixture
def read_only():
    """Give a function that takes the leave to write from a folder and all below it; it is given back in the end."""
    changed: list[tuple[Path, int]] = []

    def take(folder: Path) -> None:
        for path in [folder, *folder.rglob("*")]:
            if not path.is_symlink():
                mode = stat.S_IMODE(path.stat().st_mode)
                changed.append((path, mode))
                path.chmod(mode & ~0o222)

    yield take
    for path, mode in changed:
        if path.exists():
            path.chmod(mode)


def values(folder):
    return json.loads((folder / "results.json").read_text())["metrics"]


def test_a_finished_run_that_can_only_be_read_is_read(small, tmp_path, read_only):
    first = harness.run(harness.load_experiment(small), quiet=True)
    for without_lock in (False, True):
        if without_lock:
            (first.folder / ".run.lock").unlink()
        read_only(tmp_path / "reports")
        ended = run_limited(["eval", small, "--quiet"])
        assert (ended.code, ended.err) == (0, "")
        assert "finished before" in ended.out
        for folder in (tmp_path / "reports", *(tmp_path / "reports").rglob("*")):
            folder.chmod(0o755)
    read_only(tmp_path / "reports")
    ended = run_limited(["eval", small, "--quiet", "--set", "statistics.margin=0.1"])
    assert (ended.code, "can only be read: its report and results.json stay" in ended.err) == (0, True)
    assert run_limited(["export", first.folder, "--out", tmp_path / "trec"]).code == 0
    for command in (["eval", small, "--force"], ["predict", small, "--force"], ["report", first.folder]):
        ended = run_limited([*command, "--quiet"])
        assert ended.code == 2
        assert ended.err.startswith(f"harness: cannot lock {first.folder / '.run.lock'}")
        assert ended.err.count("\n") == 1
    assert values(first.folder) == first.results["metrics"]


def test_a_cache_that_holds_all_and_can_only_be_read_is_read(small, tmp_path, read_only):
    first = harness.run(harness.load_experiment(small), quiet=True)
    read_only(storage.cache_folder() / "predictions")
    ended = run_limited(["eval", small, "--quiet", "--out", tmp_path / "again"])
    assert (ended.code, ended.err) == (0, "")
    again = tmp_path / "again/small/ease"
    assert values(again) == first.results["metrics"]
    assert json.loads((again / "results.json").read_text())["timings"]["users_from_cache"] == 60
    ended = run_limited(["eval", small, "--quiet", "--out", tmp_path / "third", "--force"])
    assert (ended.code, "cannot lock" in ended.err) == (2, True)


@pytest.mark.parametrize("kind", ["reports", "elsewhere"])
def test_a_folder_that_cannot_be_read_is_one_message(small, tmp_path, read_only, kind):
    closed = tmp_path / "closed"
    closed.mkdir()
    closed.chmod(0)
    try:
        command = ["eval", small, "--out", closed] if kind == "reports" else ["report", closed / "run"]
        ended = run_limited([*command, "--quiet"])
    finally:
        closed.chmod(0o755)
    assert ended.code == 2
    assert ended.err.startswith("harness: ")
    assert "Traceback" not in ended.err


@pytest.mark.parametrize("command", ["fit", "eval", "predict"])
def test_a_full_disk_is_one_message_wherever_it_is_met(small, tmp_path, command):
    codes = []
    for largest in (0, 100, 1_000, 4_000, 9_000, 20_000, 50_000, 200_000):
        ended = run_limited([command, small, "--quiet"], largest_file=largest)
        codes.append(ended.code)
        if ended.code:
            assert ended.code == 2, ended
            assert ended.err.splitlines()[-1].startswith("harness: "), ended
            assert "Traceback" not in ended.err
        assert not list(tmp_path.rglob(".*.part*"))
    assert codes[0] == 2
    assert codes[-1] == 0
    assert harness.run(harness.load_experiment(small), quiet=True).results["metrics"]


@pytest.mark.parametrize("how", ["gone", "damaged", "whole folder gone"])
def test_lists_that_vanish_while_they_are_read_are_made_again(small, monkeypatch, caplog, how):
    from harness.pipeline.commands import eval as run

    first = harness.run(harness.load_experiment(small), quiet=True)
    real = run.measured_parts

    def measured_parts(*arguments, **options):
        for shard in (storage.cache_folder() / "predictions").glob("*/shard-*"):
            if how == "damaged":
                shard.write_bytes(shard.read_bytes()[:-9] + bytes(9 * [255]))
            else:
                shard.unlink()
            if how == "whole folder gone":
                (shard.parent / "entry.json").unlink()
                shard.parent.rmdir()
        return real(*arguments, **options)

    monkeypatch.setattr(run, "measured_parts", measured_parts)
    again = harness.run(harness.load_experiment(small), quiet=True, force=True)
    assert caplog.text.count("it is made again") == 1
    assert again.results["metrics"] == first.results["metrics"]
    assert again.results["files"]["predictions.parquet"] == first.results["files"]["predictions.parquet"]


def test_a_folder_without_leave_to_write_is_one_message(small, tmp_path):
    (tmp_path / "closed").mkdir(mode=0o555)
    ended = run_limited(["data", "split", small, "--out", tmp_path / "closed"])
    assert (ended.code, ended.err.partition(":")[0]) == (2, "harness")
    assert "Permission denied" in ended.err
    assert not any((tmp_path / "closed").iterdir())
