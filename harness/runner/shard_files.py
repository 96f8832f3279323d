"""The lists of a run as files of consecutive users, which are whole or absent."""

from __future__ import annotations

import functools
import hashlib
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import safetensors.numpy

from harness.artifacts import USER_BLOCK, RecommendationTask
from harness.storage import atomic_write, remove
from harness.topk import TopKResult

_DTYPES = {"items": np.int32, "scores": np.float32, "above": np.int32, "tied": np.int32, "candidates": np.int32}
_DTYPES_OF_LISTS = {"items": np.int32, "scores": np.float32, "oddities": np.int32}
_ODDITIES = 4  # columns
_NO_RANKS = np.empty(0, dtype=np.int32)  # lists that a model makes itself have no exact ranks
_KEPT_BYTES = 1 << 25  # of shards that are kept in memory after they were opened

_FileState = tuple[int, int, int]  # inode, size, time of the last change


@dataclass(frozen=True, eq=False)
class Shards:
    """The shards of one run.

    A shard is hashed once: when it is written, or when it is first read. After that it is hashed again only if its file
    changed. The first shards are kept in memory, up to 32 MiB; so a small run reads each file once at most.

    Parameters
    ----------
    folder
        The folder of these shards.
    key
        The hash of everything that decides their content; it is part of each file.
    task
        The task whose lists they hold.
    """

    folder: Path
    key: str
    task: RecommendationTask
    _checked: dict[int, _FileState] = field(init=False, default_factory=dict)  # files whose hash was right
    _kept: dict[int, TopKResult] = field(init=False, default_factory=dict)

    @functools.cached_property
    def bounds(self) -> list[tuple[int, int]]:
        """The first user of each shard and the one after its last."""
        n_users = self.task.n_users
        return [(start, min(start + USER_BLOCK, n_users)) for start in range(0, n_users, USER_BLOCK)]

    @property
    def missing(self) -> list[int]:
        """The shards that are absent or damaged."""
        return [index for index in range(len(self.bounds)) if not self.has(index)]

    def has(self, index: int) -> bool:
        """Return whether a shard is there and whole."""
        return self._read(index) is not None

    def name(self, index: int) -> str:
        """Return the name of a shard in messages."""
        start, stop = self.bounds[index]
        return f"users {start:,} to {stop - 1:,}"

    def part(self, index: int) -> RecommendationTask:
        """Return the task of a shard."""
        return self.task.rows(*self.bounds[index])

    def write(self, index: int, found: TopKResult) -> None:
        """Write the lists of a shard."""
        # Contiguous, as safetensors writes the memory behind a view that is not.
        arrays = {name: np.ascontiguousarray(vars(found)[name], dtype=kind) for name, kind in self._dtypes.items()}
        content = safetensors.numpy.save(arrays, metadata=self._metadata(index, arrays))
        with atomic_write(self._path(index)) as temporary:
            temporary.write_bytes(content)
        self._keep(index, _file_state(self._path(index)), _found(arrays))

    def read(self, index: int) -> TopKResult:
        """Return the lists of a shard.

        Raises
        ------
        FileNotFoundError
            The file is missing or damaged.
        """
        found = self._read(index)
        if found is None:
            raise FileNotFoundError(f"{self._path(index)} is missing or damaged")
        return found

    def __iter__(self) -> Iterator[TopKResult]:
        """Yield the lists of each shard in order."""
        for index in range(len(self.bounds)):
            yield self.read(index)

    def clear(self, *, finished: bool) -> None:
        """Remove what killed processes left half-written, and if ``finished`` the shards too."""
        for pattern in (".*.part.*", *(["shard-*.safetensors"] if finished else [])):
            for path in self.folder.glob(pattern):
                remove(path)
        for pattern in (".*.part", "job-*"):  # folders
            for path in self.folder.glob(pattern):
                shutil.rmtree(path, ignore_errors=True)

    def _metadata(self, index: int, arrays: Mapping[str, np.ndarray]) -> dict[str, str]:
        digest = hashlib.sha256()
        for name in self._dtypes:
            digest.update(np.ascontiguousarray(arrays[name]).data)
        # One entry, since safetensors does not keep the order of several.
        return {"shard": f"{self.key}/{index}/{digest.hexdigest()}"}

    @property
    def _dtypes(self) -> dict[str, Any]:
        return _DTYPES if self.task.scored else _DTYPES_OF_LISTS

    def _path(self, index: int) -> Path:
        return self.folder / f"shard-{index:07d}.safetensors"

    def _read(self, index: int) -> TopKResult | None:
        try:
            state = _file_state(self._path(index))
            is_checked = self._checked.get(index) == state
            if is_checked and index in self._kept:
                return self._kept[index]
            with safetensors.safe_open(self._path(index), framework="numpy") as file:
                arrays = {name: file.get_tensor(name) for name in self._dtypes}
                if not is_checked and file.metadata() != self._metadata(index, arrays):
                    return None
        except (OSError, safetensors.SafetensorError, TypeError):
            return None
        found = _found(arrays)
        if not self._fits(index, found):
            return None
        self._keep(index, state, found)
        return found

    def _keep(self, index: int, state: _FileState, found: TopKResult) -> None:
        self._checked[index] = state
        self._kept.pop(index, None)
        if sum(map(_size, self._kept.values())) + _size(found) <= _KEPT_BYTES:
            self._kept[index] = found

    def _fits(self, index: int, found: TopKResult) -> bool:
        start, stop = self.bounds[index]
        users, indptr = stop - start, self.task.truth.indptr
        targets = int(indptr[stop] - indptr[start])
        shapes = {
            "items": (users, self.task.k),
            "scores": (users, self.task.k),
            "above": (targets,),
            "tied": (targets,),
            "candidates": (users,),
            "oddities": (users, _ODDITIES),
        }
        return all(
            vars(found)[name].shape == shapes[name] and vars(found)[name].dtype == kind
            for name, kind in self._dtypes.items()
        )


def _file_state(path: Path) -> _FileState:
    found = path.stat()
    return found.st_ino, found.st_size, found.st_mtime_ns


def _found(arrays: Mapping[str, np.ndarray]) -> TopKResult:
    return TopKResult(**{**dict.fromkeys(("above", "tied", "candidates"), _NO_RANKS), **arrays})


def _size(found: TopKResult) -> int:
    return sum(array.nbytes for array in vars(found).values() if array is not None)
