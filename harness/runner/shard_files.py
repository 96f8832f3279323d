"""Files that hold the lists and ranks of a run, one file per shard of users."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
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
_NONE = np.empty(0, dtype=np.int32)  # a model that makes lists gives no ranks


@dataclass(frozen=True, eq=False)
class Shards:
    """The shard files of one run; each file is complete or missing.

    Parameters
    ----------
    folder
        Folder of these shards only.
    key
        Hash of everything that decides their content; each file holds it.
    task
        The task of all shards together.
    """

    folder: Path
    key: str
    task: RecommendationTask

    @property
    def bounds(self) -> list[tuple[int, int]]:
        """The first user of each shard and the one after its last."""
        n_users = self.task.n_users
        return [(start, min(start + USER_BLOCK, n_users)) for start in range(0, n_users, USER_BLOCK)]

    @property
    def missing(self) -> list[int]:
        """The shards that still have to be computed."""
        return [index for index in range(len(self.bounds)) if not self.has(index)]

    def has(self, index: int) -> bool:
        """Return whether the file of a shard exists and is complete."""
        return self._read(index) is not None

    def name(self, index: int) -> str:
        """Return the name of a shard, for messages."""
        start, stop = self.bounds[index]
        return f"users {start:,} to {stop - 1:,}"

    def part(self, index: int) -> RecommendationTask:
        """Return the task of one shard."""
        return self.task.rows(*self.bounds[index])

    def write(self, index: int, found: TopKResult) -> None:
        """Write the result of a shard."""
        # Contiguous, as safetensors writes the memory behind a view that is not.
        arrays = {name: np.ascontiguousarray(vars(found)[name], dtype=kind) for name, kind in self._dtypes.items()}
        content = safetensors.numpy.save(arrays, metadata=self._metadata(index, arrays))
        with atomic_write(self._path(index)) as temporary:
            temporary.write_bytes(content)

    def read(self, index: int) -> TopKResult:
        """Return the result of a shard.

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
        """Yield the result of each shard in order, one in memory at a time."""
        for index in range(len(self.bounds)):
            yield self.read(index)

    def clear(self, *, finished: bool) -> None:
        """Remove unfinished files of processes that died, and the finished shards if ``finished``."""
        for pattern in (".*.part.safetensors", *(["shard-*.safetensors"] if finished else [])):
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
            with safetensors.safe_open(self._path(index), framework="numpy") as file:
                arrays = {name: file.get_tensor(name) for name in self._dtypes}
                if file.metadata() != self._metadata(index, arrays):
                    return None
                found = TopKResult(**(dict.fromkeys(("above", "tied", "candidates"), _NONE) | arrays))
        except (OSError, safetensors.SafetensorError, TypeError):
            return None
        return found if self._fits(index, found) else None

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
