"""Refuse paths that lead out of a folder or through links."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness import storage
from harness.errors import HarnessError


def left_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


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
