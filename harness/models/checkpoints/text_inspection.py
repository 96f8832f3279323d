"""Identify files that are not checkpoints: text, and other containers."""

from __future__ import annotations

from pathlib import Path

_READ = 1 << 12
_MOST_COLUMNS, _LONGEST_NAME = 8, 40
_CONTROL = frozenset(range(32)) - set(b"\t\n\r\f")
_CONTAINERS = {
    b"\x89HDF\r\n": "HDF5 (such as weights of Keras)",
    b"\x1f\x8b": "compressed by gzip: unpack it first",
    b"GGUF": "GGUF",
}


def other_kind(path: Path) -> str | None:
    """Return a description of a file, as the end of a sentence that begins with its name; None if unknown.

    Only the first bytes are read.
    """
    with path.open("rb") as stream:
        head = stream.read(_READ)
    for magic, kind in _CONTAINERS.items():
        if head.startswith(magic):
            return f"is {kind}, which the harness does not read as a checkpoint."
    text = _text(head)
    if text is None:
        return None
    if text.startswith(("{", "[")):
        return (
            "is JSON, which holds no tensors. A file of ids is named in model.params.items.ids or users.ids; one that "
            "a factory reads, in model.checkpoint of kind python."
        )
    delimiter = "\t" if "\t" in text.partition("\n")[0] else ","
    names = [name.strip().strip('"') for name in text.partition("\n")[0].split(delimiter)]
    if len(names) > 1:
        shown = ", ".join(name[:_LONGEST_NAME] for name in names[:_MOST_COLUMNS])
        more = ", …" if len(names) > _MOST_COLUMNS else ""
        return (
            f"is a table in text, with the first row {shown}{more}, and holds no tensors. Interactions are shown by "
            "`harness data describe`, lists are scored by `harness score`, and ids are named in model.params.items.ids."
        )
    return "is text, which holds no tensors. A file of ids is named in model.params.items.ids or users.ids."


def _text(head: bytes) -> str | None:
    """Return the beginning of a text without leading white space; None if it is not text or has no letter."""
    if _CONTROL & set(head):
        return None
    for cut in range(4):  # the last character may be cut
        try:
            text = head[: len(head) - cut].decode("utf-8-sig").lstrip()
        except UnicodeDecodeError:
            continue
        return text or None
    return None
