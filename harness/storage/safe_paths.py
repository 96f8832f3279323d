"""Refuse paths that lead out of a folder or through links."""

from __future__ import annotations

import os
from pathlib import Path

from harness.errors import HarnessError


def inside(folder: Path, name: str) -> Path:
    """Return ``folder / name`` for a relative name that stays inside the folder.

    The folder itself may be a link, because the user chose it. Nothing below it may be one.

    Raises
    ------
    HarnessError
        The name is absolute or empty, or leads out of the folder, or a part of it is a link.

    Examples
    --------
    >>> inside(Path("reports"), "ml-100k/ease").as_posix()
    'reports/ml-100k/ease'
    """
    parts = name.replace("\\", "/").split("/")
    odd = any(part in ("", ".", "..") or ":" in part or not part.isprintable() for part in parts)
    if odd or Path(name).is_absolute():
        raise HarnessError(
            f"the name {name!r} would leave the folder {folder}. "
            "Use words separated by single slashes, without '..' and a leading slash, such as 'ml-100k/ease'."
        )
    target = folder
    for part in parts:
        target /= part
        refuse_link(target)
    return target


def refuse_link(path: Path) -> None:
    """Check that a path about to be written is not a link.

    Raises
    ------
    HarnessError
        The path is a link.
    """
    # pathlib would raise for a name that is too long for the system, which is not a link.
    if os.path.islink(path):  # noqa: PTH114
        raise HarnessError(
            f"{path} is a link, and nothing is written through links. "
            "Remove it, or name the folder or file that it points to."
        )
