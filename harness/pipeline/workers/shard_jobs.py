"""Make and score the shards of a run in other processes.

The folder of a job holds arrays as ``.npy`` files, which workers map into memory, and a description in JSON. It holds
no code: a worker builds the model from its registered kind, its options and the path of its checkpoint.
"""

from __future__ import annotations

import contextlib
import functools
import json
import logging
import shutil
import uuid
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy

from harness.artifacts import (
    AnyRecommender,
    CandidateLists,
    ExternalModel,
    History,
    RecommendationTask,
    SideInformation,
    Truth,
    Vocabulary,
    descending_places,
)
from harness.artifacts.id_packing import pack_ids, unpack_ids
from harness.errors import HarnessError
from harness.evaluation import ShardArrays, ShardScores, in_trec_order, score_shard
from harness.execution import Parallel
from harness.models.checkpoints.checkpoint import load_checkpoint
from harness.models.external.named_files import from_anywhere
from harness.pipeline.stages.fingerprints import EVALUATION_CODE, PREDICTION_CODE, code_version, home_of
from harness.pipeline.stages.side_arrays import side_arrays, side_facts, side_from
from harness.runner import Options, Shards, compute_topk
from harness.storage import atomic_write, sha256_json, sha256_paths, whole_folder
from harness.topk import TopKResult

logger = logging.getLogger("harness")

_DESCRIPTION = "job.json"
_USER_IDS, _ITEM_IDS = "user_ids_", "item_ids_"  # prefixes of the file names


@dataclass(frozen=True)
class ModelSource:
    """Everything that a model is built from.

    Parameters
    ----------
    kind
        The name of the model in the group ``models``.
    params
        Its options as plain values.
    checkpoint
        The file with its tensors. An external model may take something else, or None.
    """

    kind: str
    params: dict[str, Any]
    checkpoint: str | None

    def recommender(self, task: RecommendationTask, device: str) -> AnyRecommender:
        """Load the model onto a device."""
        from harness.experiment import component_of

        model, known = component_of("models", self.kind, self.params), {"users": task.user_ids, "items": task.item_ids}
        if isinstance(model, ExternalModel):
            return model.load(self.checkpoint, device=device, **known)
        assert self.checkpoint is not None  # noqa: S101  (it was fitted)
        found: AnyRecommender = model.recommender(
            load_checkpoint(Path(self.checkpoint)).tensors, device=device, **known
        )
        return found


@dataclass(frozen=True, eq=False)
class Job:
    """The shards of a run, and everything that makes and scores them.

    Parameters
    ----------
    shards
        The shards, with their task.
    model
        The model.
    options
        How lists are made.
    side
        Side information for metrics. Its history is the history of the task.
    """

    shards: Shards
    model: ModelSource
    options: Options
    side: SideInformation | None = None
    _models: dict[str, AnyRecommender] = field(init=False, default_factory=dict)  # by device

    @contextlib.contextmanager
    def written(self) -> Iterator[str]:
        """Write the job for other processes, yield its folder, and remove it afterwards."""
        # A unique name: workers keep what they read, by the name of the folder.
        folder = self.shards.folder / f"job-{uuid.uuid4().hex}"
        arrays, description = self._parts()
        with whole_folder(folder) as temporary:
            for name, array in arrays.items():
                if array is not None:
                    np.save(temporary / f"{name}.npy", array, allow_pickle=False)
            (temporary / _DESCRIPTION).write_text(json.dumps(description), encoding="utf-8")
        try:
            yield str(folder.resolve())
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    @staticmethod
    @functools.lru_cache(maxsize=1)
    def read(folder: str) -> Job:
        """Return the job of a folder, with its arrays mapped into memory."""
        path = Path(folder)
        description = json.loads((path / _DESCRIPTION).read_text(encoding="utf-8"))
        if description["code"] != _code(description["model"]["kind"], description["model"]["params"]):
            raise HarnessError(
                "a worker runs other code than the process that started the run, so its lists or scores would be those "
                "of another version. Restart the workers with the same packages."
            )
        arrays = {file.stem: np.load(file, mmap_mode="r", allow_pickle=False) for file in path.glob("*.npy")}
        lists = None
        if "lists_indptr" in arrays:
            lists = CandidateLists(arrays["lists_indptr"], arrays["lists_items"])
        task = RecommendationTask(
            users=arrays["users"],
            truth=Truth(arrays["truth_indptr"], arrays["truth_items"], arrays.get("truth_gains")),
            history=History(arrays["history_indptr"], arrays["history_items"], description["n_items"]),
            user_ids=Vocabulary(unpack_ids(_parts_of(arrays, _USER_IDS))),
            item_ids=Vocabulary(unpack_ids(_parts_of(arrays, _ITEM_IDS))),
            places=arrays.get("places"),
            candidates=arrays.get("candidates"),
            lists=lists,
            **description["task"],
        )
        shards = Shards(Path(description["shards"]), description["key"], task)
        side = side_from(arrays, description["side"], task.history)
        return Job(shards, ModelSource(**description["model"]), Options(**description["options"]), side)

    def found(self, index: int) -> TopKResult:
        """Return the lists of a shard. A shard that was removed or damaged during the run is made again."""
        try:
            return self.shards.read(index)
        except FileNotFoundError as error:
            logger.warning("%s; it is made again", error)
        found = compute_topk(self.recommender(self.options.device), self.shards.part(index), self.options)
        self.shards.write(index, found)
        return found

    def all_found(self) -> Iterator[tuple[slice, TopKResult]]:
        """Yield the rows of each shard and their lists, in order."""
        for index, (start, stop) in enumerate(self.shards.bounds):
            yield slice(start, stop), self.found(index)

    def recommender(self, device: str) -> AnyRecommender:
        """Return the model on a device, which is loaded once."""
        if device not in self._models:
            self._models[device] = self.model.recommender(self.shards.task, device)
        return self._models[device]

    def unload(self) -> None:
        """Free the memory of the model. It is loaded again when it is needed."""
        self._models.clear()

    def _parts(self) -> tuple[dict[str, np.ndarray | None], dict[str, Any]]:
        shards, task = self.shards, self.shards.task
        arrays = {
            "users": task.users,
            "truth_indptr": task.truth.indptr,
            "truth_items": task.truth.items,
            "truth_gains": task.truth.gains,
            "history_indptr": task.history.indptr,
            "history_items": task.history.items,
            "places": task.places,
            "candidates": task.candidates,
            "lists_indptr": None if task.lists is None else task.lists.indptr,
            "lists_items": None if task.lists is None else task.lists.items,
            **side_arrays(self.side),
            **{f"{_USER_IDS}{part}": array for part, array in pack_ids(task.user_ids.ids).items()},
            **{f"{_ITEM_IDS}{part}": array for part, array in pack_ids(task.item_ids.ids).items()},
        }
        description = {
            "key": shards.key,
            "code": _code(self.model.kind, self.model.params),
            "shards": str(shards.folder.resolve()),
            "model": {
                "kind": self.model.kind,
                "params": from_anywhere(self.model.params),
                "checkpoint": _absolute(self.model.checkpoint),
            },
            "options": asdict(self.options),
            "task": {"k": task.k, "seed": task.seed, "exclude_seen": task.exclude_seen, "scored": task.scored},
            "n_items": task.history.n_items,
            "side": side_facts(self.side),
        }
        return arrays, description


def make_shard(index: int, device: str | None = None, *, job: str) -> int:
    """Make a shard of a job, unless it is there, and return its number.

    Parameters
    ----------
    index
        Number of the shard.
    device
        Device of the model; None for the device of the job.
    job
        Folder of the job.
    """
    opened = Job.read(job)
    if not opened.shards.has(index):
        options = opened.options if device is None else replace(opened.options, device=device)
        found = compute_topk(opened.recommender(options.device), opened.shards.part(index), options)
        opened.shards.write(index, found)
    return index


def score_stored(index: int, *, job: str, metrics: str, rules: str, by_item: bool) -> str:
    """Compute the metrics of a shard, write them to a file, and return its path.

    Parameters
    ----------
    index
        Number of the shard.
    job
        Folder of the job.
    metrics
        A list of metrics with all their options, as JSON.
    rules
        The rules that hold for all metrics, as JSON.
    by_item
        Whether to compute the contributions of relevant items, too.
    """
    from harness.artifacts import Rules
    from harness.experiment import component_of

    opened = Job.read(job)
    shards, side = opened.shards, opened.side
    start, stop = shards.bounds[index]
    users = shards.task.user_ids.ids[shards.task.users[start:stop]]
    truth = shards.task.truth.rows(np.arange(start, stop))
    found, settled = opened.found(index), Rules(**json.loads(rules))
    lists = found.lists(users)
    if settled.ties == "trec_eval":
        lists = in_trec_order(lists, descending_places(shards.task.item_ids.ids))
    scores = score_shard(
        lists,
        Truth(truth.indptr, truth.items, truth.gains, users),
        metrics=[component_of("metrics", each.pop("kind"), each) for each in json.loads(metrics)],
        n_items=shards.task.n_items,
        target_ranks=found.target_ranks,
        side=None if side is None else side.rows(shards.task.history_rows[start:stop]),
        rules=settled,
        by_item=by_item,
        parallel=Parallel(n_jobs=1),
    )
    stored, path = scores.to_arrays(), Path(job) / f"scores-{index:07d}.safetensors"
    arrays = {name: np.ascontiguousarray(array) for name, array in stored.arrays.items()}
    with atomic_write(path) as temporary:
        temporary.write_bytes(safetensors.numpy.save(arrays, metadata={"facts": json.dumps(stored.facts)}))
    return str(path)


def read_scores(path: str) -> ShardScores:
    """Return the metrics that ``score_stored`` wrote."""
    with safetensors.safe_open(path, framework="numpy") as file:
        names = list(file.keys())
        arrays = {name: file.get_tensor(name) for name in names}
        return ShardScores.from_arrays(ShardArrays(arrays, json.loads(file.metadata()["facts"])))


def _code(kind: str, params: dict[str, Any]) -> str:
    """Return the version of the code with which this process makes lists and scores."""
    from harness.experiment import component_of

    model = component_of("models", kind, params)
    ours = code_version(*PREDICTION_CODE, *EVALUATION_CODE, home_of(model))
    return sha256_json([ours, sha256_paths(model.sources())])


def _absolute(checkpoint: str | None) -> str | None:
    """Return the absolute path of a file, and anything else, such as a URI, as it is."""
    return checkpoint if checkpoint is None or not Path(checkpoint).exists() else str(Path(checkpoint).resolve())


def _parts_of(arrays: dict[str, np.ndarray], prefix: str) -> dict[str, np.ndarray]:
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
