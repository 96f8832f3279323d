"""Read arrays from NumPy files that may be damaged or untrusted."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np


def mapped_array(path: Path) -> Any:
    """Return the array of a ``.npy`` file, memory-mapped. Nothing in the file is executed.

    Raises
    ------
    ValueError
        The file is damaged, shorter than its header says, or holds Python objects.
    OSError
        The file cannot be read.
    """
    try:
        # numpy.load would take archives too, and leave a broken one open.
        return np.lib.format.open_memmap(path, mode="r")
    except (OSError, ValueError):
        raise
    except Exception as error:  # a damaged header may raise anything
        raise ValueError(f"its header is damaged ({type(error).__name__}: {str(error)[:100]})") from error


def holds_objects(error: Exception) -> bool:
    """Return whether NumPy refused to read a file because it holds Python objects."""
    return any(words in str(error) for words in ("pickle", "Object arrays", "Python objects"))


def texts_of(array: np.ndarray) -> list[str]:
    """Return the texts of an array of kind ``U`` ``(rows,)``.

    Raises
    ------
    ValueError
        A value is not text: it holds numbers that are not code points.
    """
    if array.nbytes:
        codes = np.ascontiguousarray(array).view(np.dtype("u4").newbyteorder(array.dtype.byteorder))
        if codes.max() > sys.maxunicode:
            raise ValueError("it holds numbers that are not code points of text")
    texts: list[str] = array.tolist()
    return texts
