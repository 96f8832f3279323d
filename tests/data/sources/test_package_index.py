"""Download wheels from the package index, and check their SHA-256."""

from __future__ import annotations

import logging
import shutil
import threading
import time
import zipfile
from pathlib import Path

import pytest

from harness.data import MovieLens100K, Wheel
from harness.data.sources.package_index import fetch_wheel
from harness.errors import DataError, HarnessError
from harness.storage import sha256_file

NAME = "harness_sample-1.0-py3-none-any.whl"


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is all that pip knows; the cache is another one."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "cache"))
    return folder


def published(index: Path, content: str = "user,item\n1,2\n") -> Wheel:
    """Put a wheel with one data file into the index."""
    path = index / NAME
    with zipfile.ZipFile(path, "w") as files:
        files.writestr("harness_sample/data.csv", content)
        files.writestr(
            "harness_sample-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: harness-sample\nVersion: 1.0\n"
        )
        files.writestr(
            "harness_sample-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        files.writestr("harness_sample-1.0.dist-info/RECORD", "")
    return Wheel("harness-sample", "1.0", NAME, sha256_file(path))


def test_fetched_once_then_cached(index: Path, tmp_path: Path) -> None:
    wheel = published(index)
    path = fetch_wheel([wheel])
    assert path == tmp_path / "cache" / "sources" / wheel.sha256[:12] / NAME
    assert sha256_file(path) == wheel.sha256
    (index / NAME).unlink()
    assert fetch_wheel([wheel]) == path
    assert fetch_wheel([wheel], folder=tmp_path / "cache") == path


def test_a_download_shows_how_much_it_has(index: Path, caplog: pytest.LogCaptureFixture) -> None:
    content = "".join(f"{row},{row * 7919 % 1_000_003}\n" for row in range(30_000))
    wheel = published(index, content)
    with caplog.at_level(logging.INFO, logger="harness"):
        size = fetch_wheel([wheel]).stat().st_size
        fetch_wheel([wheel])
    (line,) = [record.getMessage() for record in caplog.records]
    assert line.startswith(f"downloading {NAME}: {size // 1000} kB in ")


def test_a_damaged_cached_file_is_fetched_again(index: Path) -> None:
    wheel = published(index)
    path = fetch_wheel([wheel])
    path.write_bytes(path.read_bytes()[:-1])
    assert sha256_file(fetch_wheel([wheel])) == wheel.sha256


def test_another_hash_is_refused_and_not_kept(index: Path) -> None:
    wheel = published(index)
    other = Wheel(wheel.package, wheel.version, NAME, "0" * 64)
    with pytest.raises(DataError, match=rf"sha256 {wheel.sha256}, but {'0' * 64} is needed\. The file was not kept"):
        fetch_wheel([other])
    assert not other.path().exists()
    assert [path.name for path in other.path().parent.iterdir()] in ([], [f"{NAME}.lock"])


def test_a_second_place_serves_where_the_first_does_not(index: Path) -> None:
    wheel = published(index)
    first = Wheel("harness-elsewhere", "1.0", "harness_elsewhere-1.0-py3-none-any.whl", "1" * 64)
    assert fetch_wheel([first, wheel]) == wheel.path()


def test_processes_that_fetch_at_once(index: Path) -> None:
    wheel = published(index)
    paths: list[Path] = []
    threads = [threading.Thread(target=lambda: paths.append(fetch_wheel([wheel]))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert paths == [wheel.path()] * 3


def test_no_network_and_no_cache(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.delenv("PIP_FIND_LINKS")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    started = time.monotonic()
    with pytest.raises(
        DataError, match=r"pip cannot download recbole==1\.2\.1: the package index cannot be reached\. Connect"
    ):
        MovieLens100K().read()
    assert time.monotonic() - started < 60


def test_no_network_and_a_damaged_cache(index: Path) -> None:
    wheel = published(index)
    path = fetch_wheel([wheel])
    path.write_bytes(b"damaged")
    (index / NAME).unlink()
    with pytest.raises(DataError, match=rf"The copy at {path} is damaged\. Connect"):
        fetch_wheel([wheel])


def test_a_cache_that_cannot_be_written(index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel = published(index)
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "file"))
    with pytest.raises(HarnessError, match="Choose a folder that can be written"):
        fetch_wheel([wheel])


def test_a_pip_in_the_working_directory_is_not_run(
    index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pip.py").write_text("raise SystemExit('a stranger')")
    monkeypatch.chdir(tmp_path)
    assert fetch_wheel([published(index)]).is_file()


def test_a_source_distribution_is_not_built(index: Path) -> None:
    wheel = published(index)
    (index / NAME).unlink()
    shutil.make_archive(str(index / "harness-sample-1.0"), "zip", index)
    with pytest.raises(DataError, match="pip cannot download"):
        fetch_wheel([wheel])
