"""Own ids as arrays without objects, which files of arrays take."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.artifacts.array_types import IdArray


def pack_ids(ids: IdArray) -> dict[str, NDArray[Any]]:
    """Return ids by parts: ``numbers``; or for text ``text``, UTF-8 one after the other, and ``ends`` in bytes.

    Examples
    --------
    >>> pack_ids(np.array(["ann", "bo"], dtype=object))["ends"]
    array([3, 5])
    """
    if ids.dtype != object:
        return {"numbers": ids}
    encoded = [text.encode() for text in ids]
    ends = np.cumsum([len(text) for text in encoded], dtype=np.int64)
    return {"text": np.frombuffer(b"".join(encoded), dtype=np.uint8), "ends": ends}


def unpack_ids(parts: Mapping[str, NDArray[Any]]) -> IdArray:
    """Return the ids whose parts these are.

    Raises
    ------
    KeyError
        A part is missing.
    """
    if "numbers" in parts:
        return np.array(parts["numbers"])
    content, ends = parts["text"].tobytes(), parts["ends"].tolist()
    ids = np.empty(len(ends), dtype=object)
    ids[:] = [content[begin:end].decode() for begin, end in itertools.pairwise([0, *ends])]
    return ids
