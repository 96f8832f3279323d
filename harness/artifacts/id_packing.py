"""Pack external ids into numeric arrays for storage."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.artifacts.array_types import IdArray


def pack_ids(ids: IdArray) -> dict[str, NDArray[Any]]:
    """Return ids as numeric arrays.

    Integers are ``numbers``. Text is ``text``, the joined UTF-8, and ``ends``, where each id ends in bytes.

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
    """Return the ids that ``pack_ids`` packed.

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
