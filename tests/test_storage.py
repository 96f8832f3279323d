import hashlib
import json
import os
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness import storage
from harness.errors import HarnessError


def left_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_written_file_is_whole(tmp_path: Path) -> None:
    storage.write_text(tmp_path / "a" / "b.txt", "grün")
    assert (tmp_path / "a" / "b.txt").read_bytes() == "grün".encode()
    assert left_in(tmp_path / "a") == ["b.txt"]


def test_a_block_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text("old")
    with pytest.raises(TypeError), storage.atomic_write(path) as temporary, temporary.open("w") as stream:
        stream.writelines(["half", None])  # type: ignore[list-item]
    assert path.read_text() == "old"
    assert left_in(tmp_path) == ["x.json"]


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


@settings(deadline=None, max_examples=30)
@given(st.binary(max_size=3000))
def test_checksum_of_a_file(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.mktemp("sum") / "x"
    path.write_bytes(content)
    assert storage.sha256_file(path) == hashlib.sha256(content).hexdigest()


def test_checksum_of_a_file_of_several_blocks(tmp_path: Path) -> None:
    content = os.urandom((1 << 20) * 2 + 7)
    (tmp_path / "x").write_bytes(content)
    assert storage.sha256_file(tmp_path / "x") == hashlib.sha256(content).hexdigest()


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=3), below, max_size=3),
    max_leaves=8,
)


@settings(deadline=None, max_examples=50)
@given(plain, plain)
def test_checksums_of_values_are_equal_where_the_values_are(one: Any, other: Any) -> None:
    same = json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
    assert (storage.sha256_json(one) == storage.sha256_json(other)) == same


def test_no_checksum_of_what_is_not_a_number() -> None:
    with pytest.raises(ValueError, match="JSON"):
        storage.sha256_json(float("nan"))


@pytest.mark.parametrize("name", ["a", "a/b", "ml-100k/ease", "ü/日本", "a b", "..a", "a..", "..."])
def test_names_that_stay_inside(tmp_path: Path, name: str) -> None:
    assert storage.inside(tmp_path, name) == tmp_path / name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "/",
        "/etc",
        "..",
        "a/..",
        "../a",
        "a/../../b",
        "a//b",
        "a/",
        "./a",
        "a\\..\\b",
        "C:x",
        "a\0b",
        "a\nb",
        "a\x1b[2J",
        "a\u202eb",
        "a/./b",
    ],
)
def test_names_that_lead_out(tmp_path: Path, name: str) -> None:
    with pytest.raises(HarnessError, match="would leave the folder"):
        storage.inside(tmp_path, name)


@pytest.mark.parametrize("leads_to", ["/", "reports", "nowhere"])
@pytest.mark.parametrize("name", ["link", "link/x", "below/link", "below/link/x"])
def test_no_link_below_the_folder(tmp_path: Path, leads_to: str, name: str) -> None:
    (tmp_path / "reports" / "below").mkdir(parents=True)
    for place in ("link", "below/link"):
        (tmp_path / "reports" / place).symlink_to(tmp_path / leads_to)
    with pytest.raises(HarnessError, match=r"link is a link, and nothing is written through links"):
        storage.inside(tmp_path / "reports", name)


def test_the_folder_itself_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "reports").symlink_to(tmp_path / "disk")
    storage.write_text(storage.inside(tmp_path / "reports", "a/b.txt"), "x")
    assert (tmp_path / "disk/a/b.txt").read_text() == "x"


@pytest.mark.parametrize("leads_to", ["file", "folder", "nowhere"])
def test_no_writer_takes_a_link(tmp_path: Path, leads_to: str) -> None:
    (tmp_path / "file").write_text("precious")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/precious").touch()
    link = tmp_path / "link"
    link.symlink_to(tmp_path / leads_to)
    (tmp_path / "x.lock").symlink_to(tmp_path / leads_to)
    for write in (
        lambda: storage.write_text(link, "new"),
        lambda: storage.atomic_write(link).__enter__(),
        lambda: storage.whole_folder(link).__enter__(),
        lambda: storage.lock(tmp_path / "x").__enter__(),
    ):
        with pytest.raises(HarnessError, match="is a link, and nothing is written through links"):
            write()
    assert link.is_symlink()
    assert (tmp_path / "file").read_text() == "precious"
    assert left_in(tmp_path / "folder") == ["precious"]
    assert left_in(tmp_path) == ["file", "folder", "link", "x.lock"]


def test_the_cache_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "cache"))
    assert storage.cache_folder() == tmp_path / "cache"
    monkeypatch.setenv("HARNESS_CACHE", "~/cache")
    assert storage.cache_folder() == Path.home() / "cache"
    monkeypatch.delenv("HARNESS_CACHE")
    assert storage.cache_folder().name == "harness"
