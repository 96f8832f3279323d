"""Share a function with several processes: pickle it once, and memory-map its large arrays."""

from __future__ import annotations

import itertools
import mmap
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cloudpickle

_MAPPED = 1 << 20  # arrays of this number of bytes or more get a file of their own
_FUNCTION = "function.pickle"


def write_function(function: Callable[..., Any], folder: Path) -> None:
    """Write a function, including the values of closures, into an empty folder."""
    arrays: list[pickle.PickleBuffer] = []

    def stays_inside(buffer: pickle.PickleBuffer) -> bool:
        if memoryview(buffer).nbytes < _MAPPED:
            return True
        arrays.append(buffer)
        return False

    data = cloudpickle.dumps(function, protocol=5, buffer_callback=stays_inside)
    for number, array in enumerate(arrays):
        with _array(folder, number).open("wb") as file:
            file.write(array.raw())
    (folder / _FUNCTION).write_bytes(data)


def read_function(folder: Path) -> Callable[..., Any]:
    """Return the function of a folder. Its large arrays are read-only."""
    buffers = []
    for number in itertools.count():
        path = _array(folder, number)
        if not path.exists():
            break
        with path.open("rb") as file:
            buffers.append(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    function: Callable[..., Any] = pickle.loads((folder / _FUNCTION).read_bytes(), buffers=buffers)  # noqa: S301 - our own
    return function


def _array(folder: Path, number: int) -> Path:
    return folder / f"{number}.array"
