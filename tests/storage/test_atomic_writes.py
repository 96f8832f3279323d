"""Write files and folders atomically."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from harness import storage
from harness.errors import HarnessError


def left_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_written_file_is_whole(tmp_path: Path) -> None:
    storage.write_text(tmp_path / "a" / "b.txt", "grün")
    assert (tmp_path / "a" / "b.txt").read_bytes() == "grün".encode()
    assert left_in(tmp_path / "a") == ["b.txt"]


def test_an_interrupt_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    with pytest.raises(KeyboardInterrupt), storage.atomic_write(path):
        raise KeyboardInterrupt
    assert left_in(tmp_path) == []


def test_a_process_that_is_killed_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text("old")
    code = (
        "import os, sys, pathlib; from harness.storage import atomic_write\n"
        "with atomic_write(pathlib.Path(sys.argv[1])) as temporary:\n"
        "    temporary.write_text('half'); os.kill(os.getpid(), 9)\n"
    )
    assert subprocess.run([sys.executable, "-c", code, str(path)], check=False).returncode == -9
    assert path.read_text() == "old"


def test_the_suffix_is_kept_for_writers_that_look_at_it(tmp_path: Path) -> None:
    with storage.atomic_write(tmp_path / "x.parquet") as temporary:
        assert temporary.suffix == ".parquet"
        assert temporary.parent == tmp_path


def test_files_are_for_whom_the_umask_allows(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        storage.write_text(tmp_path / "x", "")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "x").stat().st_mode) == 0o640


def test_what_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(HarnessError, match=r"cannot write .*file/x.*Choose a folder"):
        storage.write_text(tmp_path / "file" / "x", "")
    (tmp_path / "folder").mkdir()
    with pytest.raises(HarnessError, match=r"cannot write .*folder.*Nothing half-written"):
        storage.write_text(tmp_path / "folder", "")
    assert left_in(tmp_path) == ["file", "folder"]
