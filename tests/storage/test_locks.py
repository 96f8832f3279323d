"""Lock a path against other processes and threads."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from harness import storage
from harness.errors import HarnessError


def left_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_block_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text("old")
    with pytest.raises(TypeError), storage.atomic_write(path) as temporary, temporary.open("w") as stream:
        stream.writelines(["half", None])  # type: ignore[list-item]
    assert path.read_text() == "old"
    assert left_in(tmp_path) == ["x.json"]


def test_one_at_a_time(tmp_path: Path) -> None:
    path, inside_now, most = tmp_path / "x", [], []

    def work(index: int) -> None:
        with storage.lock(path):
            inside_now.append(index)
            most.append(len(inside_now))
            time.sleep(0.01)
            inside_now.remove(index)

    threads = [threading.Thread(target=work, args=(index,)) for index in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] * 8


def test_a_lock_that_is_held_too_long(tmp_path: Path) -> None:
    path = tmp_path / "x"
    code = (
        "import sys, pathlib; from harness.storage import lock\n"
        "with lock(pathlib.Path(sys.argv[1])):\n    print('held', flush=True); sys.stdin.read()\n"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", code, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(HarnessError, match=r"another process has held .*x\.lock"), storage.lock(path, timeout=0.1):
            pass
    with storage.lock(path, timeout=5):
        pass


def test_errors_of_the_guarded_work_are_its_own(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), storage.lock(tmp_path / "x"):
        (tmp_path / "nowhere").read_text()
    with storage.lock(tmp_path / "x", timeout=0.1):  # it was given back
        pass


def test_a_lock_where_nothing_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(HarnessError, match="cannot lock"), storage.lock(tmp_path / "file" / "x"):
        pass


def test_checksum_of_a_file_of_several_blocks(tmp_path: Path) -> None:
    content = os.urandom((1 << 20) * 2 + 7)
    (tmp_path / "x").write_bytes(content)
    assert storage.sha256_file(tmp_path / "x") == hashlib.sha256(content).hexdigest()
