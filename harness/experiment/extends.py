"""Load experiment files and merge them over the files that they extend."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path

from harness.experiment.yaml_nodes import Node, YamlLocation, parse
from harness.storage.input_files import special_file_kind

LARGEST_FILE = 1 << 20  # bytes
_LONGEST_CHAIN = 32
_KEY = "extends"


def load_tree(path: str | Path, *, named_at: YamlLocation | None = None) -> Node:
    """Load the map of a YAML file, merged over the files that it extends.

    Parameters
    ----------
    path
        The file, as errors show it.
    named_at
        Location of the reference to this file in another file, for the error if the file is missing.

    Raises
    ------
    ExperimentError
        A file is missing, unreadable, not UTF-8 or not a map, or it extends itself.
    """
    return _load(Path(path), chain=(), named_at=named_at)


def merge(base: Node, over: Node) -> Node:
    """Merge two trees: maps merge deeply, and other values of ``over`` replace those of ``base``."""
    if not (isinstance(base.value, Mapping) and isinstance(over.value, Mapping)):
        return over
    merged = dict(base.value)
    for key, node in over.value.items():
        merged[key] = merge(merged[key], node) if key in merged else node
    return Node(merged, over.location)


def _load(path: Path, *, chain: tuple[Path, ...], named_at: YamlLocation | None) -> Node:
    here = named_at or YamlLocation(str(path))
    if len(chain) > _LONGEST_CHAIN:
        raise here.error(f"more than {_LONGEST_CHAIN} files extend one another. Merge some of them.")
    text = _read(path, here)
    if any(path.resolve() == other.resolve() for other in chain):
        links = " -> ".join(str(link) for link in (*chain, path))
        raise here.error(f"a cycle of extends: {links}. Remove one 'extends'.")
    root = parse(text, lambda line: YamlLocation(str(path), line))
    if root is None:
        raise YamlLocation(str(path)).error("the file is empty. An experiment needs name, dataset and model.")
    if not isinstance(root.value, Mapping):
        raise root.location.error("not a map of keys to values. An experiment begins like 'name: ml-100k/ease'.")
    parent = root.value.get(_KEY)
    if parent is None:
        return root
    if not isinstance(parent.value, str) or not parent.value or not parent.value.isprintable():
        raise parent.location.error("extends needs the path of one file, such as 'extends: protocol.yaml'")
    base = _load(path.parent / parent.value, chain=(*chain, path), named_at=parent.location)
    own = {key: node for key, node in root.value.items() if key != _KEY}
    return merge(base, Node(own, root.location))


def _read(path: Path, here: YamlLocation) -> str:
    odd = special_file_kind(path)
    if odd is not None and not path.is_dir():
        raise here.error(f"{path} is {odd}; a regular file is needed. {_nearby(path)}".rstrip())
    try:
        with path.open("rb") as stream:
            raw = stream.read(LARGEST_FILE + 1)
    except FileNotFoundError as error:
        raise here.error(f"no such file: {path}. {_nearby(path)}".rstrip()) from error
    except IsADirectoryError as error:
        raise here.error(f"{path} is a folder. {_nearby(path / 'x.yaml')}".rstrip()) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise here.error(f"cannot read {path}: {reason}.") from error
    if len(raw) > LARGEST_FILE:
        limit = f"{LARGEST_FILE >> 20} MiB"
        raise here.error(f"{path} is larger than {limit}; experiment files are small. Is it another file?")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise YamlLocation(str(path), line).error(
            "not UTF-8 text. Save the file as UTF-8, or name another file."
        ) from error


def _nearby(path: Path) -> str:
    try:
        names = sorted(entry.name for entry in path.parent.iterdir() if entry.suffix in (".yaml", ".yml"))
    except OSError:
        return ""
    close = difflib.get_close_matches(path.name, names, n=1, cutoff=0.6)
    if close:
        return f"Did you mean '{path.parent / close[0]}'?"
    return f"There are: {', '.join(names[:10])}." if names else ""
