"""Arrays in files of NumPy, which may be damaged or a stranger's."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np


def mapped_array(path: Path) -> Any:
    """Return the array of a ``.npy`` file, mapped rather than read. Nothing in the file is run.

    Raises
    ------
    ValueError
        The file is damaged, holds Python objects, or its header speaks of more than there is.
    OSError
        It cannot be read.
    """
    try:
        # numpy.load would take archives too, and leave a broken one open.
        return np.lib.format.open_memmap(path, mode="r")
    except (OSError, ValueError):
        raise
    except Exception as error:  # a damaged header may raise anything
        raise ValueError(f"its header is damaged ({type(error).__name__}: {str(error)[:100]})") from error


def texts_of(array: np.ndarray) -> list[str]:
    """Return the texts of an array of kind ``U`` ``(rows,)``.

    Raises
    ------
    ValueError
        It holds numbers that are no code points, of which Python makes no text.
    """
    if array.nbytes:
        codes = np.ascontiguousarray(array).view(np.dtype("u4").newbyteorder(array.dtype.byteorder))
        if codes.max() > sys.maxunicode:
            raise ValueError("it holds numbers that are no code points of text")
    texts: list[str] = array.tolist()
    return texts
