"""Find the files that a factory's arguments name, as they decide what the model recommends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from harness.models.external.pickles import PICKLES, refuse_pickle

_LONGEST = 4_096
_PATHS = ("ids", "path", "python_path", "table")  # options that name a file or a folder
_ARGUMENTS = ("arguments", "init")  # whose texts only the external code understands


def named_files(*arguments: Any) -> list[Path]:
    """Return the existing files and folders that texts within arguments name, at any depth.

    Examples
    --------
    >>> named_files({"layers": 2, "vocabularies": ["/dev/null", "no such file"]})
    [PosixPath('/dev/null')]
    """
    return [path for text in _texts(arguments) if (path := _existing(text)) is not None]


def from_anywhere(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return a model's options with absolute paths of files, for a process in another folder.

    A factory's arguments stay as they are, since only the factory knows which of them are paths.

    Examples
    --------
    >>> from_anywhere({"python_path": "/dev/../dev", "init": {"path": "."}, "items": {"ids": "sorted"}})
    {'python_path': '/dev', 'init': {'path': '.'}, 'items': {'ids': 'sorted'}}
    """
    found = dict(options)
    for name, value in options.items():
        if isinstance(value, Mapping) and name not in _ARGUMENTS:
            found[name] = from_anywhere(value)
        elif name in _PATHS and isinstance(value, str) and (path := _existing(value)) is not None:
            found[name] = str(path.resolve())
    return found


def refuse_pickles(*arguments: Any) -> None:
    """Raise if an argument names a pickle, by its suffix.

    Raises
    ------
    CheckpointError
        An argument names a pickle; the message offers safe remedies.
    """
    for text in _texts(arguments):
        path = Path(text) if len(text) < _LONGEST else Path()
        if any(suffix.lower() in PICKLES for suffix in path.suffixes):
            refuse_pickle(path)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, (list, tuple)):
        for one in value:
            yield from _texts(one)


def _existing(text: str) -> Path | None:
    try:
        found = 0 < len(text) < _LONGEST and Path(text).exists()
    except (OSError, ValueError):  # no name that a file could have
        return None
    return Path(text) if found else None
