"""A run's predictions as a folder that any process can work on, shard by shard.

The folder holds arrays as ``.npy`` files, which are mapped rather than read, and a description in JSON.
Nothing in it is code: a worker builds the model from its registered kind, its options and the
checkpoint's path.
"""

from __future__ import annotations

import functools
import itertools
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from harness.artifacts import CandidateLists, History, Recommender, Truth, VectorRecommender, Vocabulary
from harness.artifacts.arrays import IdArray
from harness.models.checkpoint import load_checkpoint
from harness.runner import Options, PredictionTask, Shards, found_by
from harness.storage import whole_folder

_DESCRIPTION = "job.json"


@dataclass(frozen=True)
class ModelSource:
    """What a model is built from.

    Parameters
    ----------
    kind
        A name of the group ``models``.
    params
        Its options, plain values.
    checkpoint
        The file with its tensors.
    """

    kind: str
    params: dict[str, Any]
    checkpoint: str

    def recommender(self, task: PredictionTask, device: str) -> Recommender | VectorRecommender:
        """Return the model on a device."""
        from harness.experiment import component_of

        found: Recommender | VectorRecommender = component_of("models", self.kind, self.params).recommender(
            load_checkpoint(Path(self.checkpoint)).tensors, users=task.user_ids, items=task.item_ids, device=device
        )
        return found


def write_job(folder: Path, shards: Shards, model: ModelSource, options: Options) -> None:
    """Write a job: whole, or not at all."""
    task = shards.task
    arrays = {
        "users": task.users,
        "truth_indptr": task.truth.indptr,
        "truth_items": task.truth.items,
        "history_indptr": task.history.indptr,
        "history_items": task.history.items,
        "places": task.places,
        "candidates": task.candidates,
        "lists_indptr": None if task.lists is None else task.lists.indptr,
        "lists_items": None if task.lists is None else task.lists.items,
        **_packed("user", task.user_ids.ids),
        **_packed("item", task.item_ids.ids),
    }
    description = {
        "key": shards.key,
        "shards": str(shards.folder.resolve()),
        "model": asdict(model) | {"checkpoint": str(Path(model.checkpoint).resolve())},
        "options": asdict(options),
        "task": {"k": task.k, "seed": task.seed, "exclude_seen": task.exclude_seen},
        "n_items": task.history.n_items,
    }
    with whole_folder(folder) as temporary:
        for name, array in arrays.items():
            if array is not None:
                np.save(temporary / f"{name}.npy", array, allow_pickle=False)
        (temporary / _DESCRIPTION).write_text(json.dumps(description), encoding="utf-8")


def make_shard(index: int, device: str | None = None, *, job: str) -> int:
    """Make one shard of a job, unless it is there, and return its number.

    Parameters
    ----------
    index
        Which one.
    device
        Where to; None for the one that the job states.
    job
        The folder.
    """
    opened = _Job.of(job)
    if not opened.shards.has(index):
        options = opened.options if device is None else opened.on(device)
        found = found_by(opened.recommender(options.device), opened.shards.part(index), options)
        opened.shards.write(index, found)
    return index


@dataclass(frozen=True, eq=False)
class _Job:
    shards: Shards
    model: ModelSource
    options: Options

    @staticmethod
    @functools.lru_cache(maxsize=1)
    def of(folder: str) -> _Job:
        path = Path(folder)
        description = json.loads((path / _DESCRIPTION).read_text(encoding="utf-8"))
        arrays = {file.stem: np.load(file, mmap_mode="r", allow_pickle=False) for file in path.glob("*.npy")}
        lists = None
        if "lists_indptr" in arrays:
            lists = CandidateLists(arrays["lists_indptr"], arrays["lists_items"])
        task = PredictionTask(
            users=arrays["users"],
            truth=Truth(arrays["truth_indptr"], arrays["truth_items"]),
            history=History(arrays["history_indptr"], arrays["history_items"], description["n_items"]),
            user_ids=Vocabulary(_unpacked("user", arrays)),
            item_ids=Vocabulary(_unpacked("item", arrays)),
            places=arrays.get("places"),
            candidates=arrays.get("candidates"),
            lists=lists,
            **description["task"],
        )
        shards = Shards(Path(description["shards"]), description["key"], task)
        return _Job(shards, ModelSource(**description["model"]), Options(**description["options"]))

    def on(self, device: str) -> Options:
        return Options(**(asdict(self.options) | {"device": device}))

    @functools.lru_cache(maxsize=8)  # noqa: B019  (a job lives as long as its process)
    def recommender(self, device: str) -> Recommender | VectorRecommender:
        return self.model.recommender(self.shards.task, device)


def _packed(name: str, ids: IdArray) -> dict[str, np.ndarray]:
    """Return own ids as arrays without objects: integers, or the bytes of text and where each begins."""
    if ids.dtype != object:
        return {f"{name}_ids": ids}
    encoded = [text.encode() for text in ids]
    offsets = np.cumsum([0, *map(len, encoded)], dtype=np.int64)
    return {f"{name}_bytes": np.frombuffer(b"".join(encoded), dtype=np.uint8), f"{name}_offsets": offsets}


def _unpacked(name: str, arrays: dict[str, np.ndarray]) -> IdArray:
    if f"{name}_ids" in arrays:
        return np.array(arrays[f"{name}_ids"])
    content, offsets = arrays[f"{name}_bytes"].tobytes(), arrays[f"{name}_offsets"].tolist()
    texts = [content[begin:end].decode() for begin, end in itertools.pairwise(offsets)]
    return np.array(texts, dtype=object)
