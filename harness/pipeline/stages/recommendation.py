"""Get the lists of a run from its model, or from a file of predictions."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from harness import data, storage
from harness.artifacts import (
    USER_BLOCK,
    ContributionExplainer,
    ExternalModel,
    Finding,
    FittedModel,
    RecommendationTask,
    Split,
    TargetRanks,
    TimingRecord,
    TopK,
)
from harness.errors import CheckpointError, DataError, HarnessError
from harness.models import PredictionFile, run_messages
from harness.pipeline.run_folder.run_files import check_file_of_run
from harness.pipeline.stages.fitting import ModelCheckpoint, fitted_model
from harness.pipeline.stages.prediction_options import PredictionOptions
from harness.pipeline.stages.task import depth_of
from harness.storage.input_files import special_file_kind

if TYPE_CHECKING:
    from harness.experiment import Experiment
    from harness.pipeline.workers.shard_jobs import Job

NO_DEVICE = "none"  # of lists from a file
_ORDER = "score descending, then a hash of (seed, user id, item id)"


@dataclass(frozen=True, eq=False)
class PredictionBlock:
    """The lists of consecutive users of a task.

    Parameters
    ----------
    start, stop
        The first user, and the one after the last.
    topk
        The lists in the order of the task's users.
    target_ranks
        The ranks of the relevant items; None for lists from a file or lists that a model makes itself, which do not
        rank all candidates.
    """

    start: int
    stop: int
    topk: TopK
    target_ranks: TargetRanks | None


@dataclass(frozen=True, eq=False)
class RunPredictions:
    """The lists of a run.

    Parameters
    ----------
    parts
        Returns the lists block by block, from the first block at each call.
    k
        Length of the lists.
    short_lists
        Number of users with fewer items than k.
    facts
        Throughput and memory.
    order
        How equal scores are ordered, in words.
    findings
        What is odd in the lists and in the model.
    job
        The lists as work for other processes; None for lists from a file.
    """

    parts: Callable[[], Iterator[PredictionBlock]]
    k: int
    short_lists: int
    facts: TimingRecord
    order: str
    findings: tuple[Finding, ...] = ()
    job: Job | None = None


def source_of(experiment: Experiment, split: Split, *, quiet: bool = False) -> PredictionSource:
    """Return the model of an experiment, fitted if its checkpoint is missing, or its file of predictions.

    Parameters
    ----------
    experiment, split
        The experiment and its data.
    quiet
        Whether to hide the progress of fitting.

    Raises
    ------
    CheckpointError
        The checkpoint cannot be used, or the file is missing.
    """
    run_messages.forget_messages()
    if isinstance(experiment.model.params, PredictionFile):
        assert experiment.model.checkpoint is not None  # noqa: S101  (the kind needs one)
        return FilePredictions.of(Path(experiment.model.checkpoint))
    return ModelPredictions.of(experiment, split, quiet=quiet)


@dataclass(frozen=True)
class FilePredictions:
    """Lists from a file of predictions.

    Parameters
    ----------
    path
        The file, or a folder of parts.
    sha256
        The SHA-256 of the bytes that decide the lists.
    files
        The SHA-256 of each file that it reads, by path.
    device
        The device that makes the lists, or ``none``.
    was_fitted
        Whether its checkpoint was fitted just now.
    """

    path: Path
    sha256: str
    files: Mapping[str, str]
    device: str = NO_DEVICE
    was_fitted: bool = False

    @classmethod
    def of(cls, path: Path) -> FilePredictions:
        """Return the predictions of a file or a folder of parts."""
        odd = special_file_kind(path)
        if not path.exists() or (odd is not None and not path.is_dir()):
            wrong = "do not exist" if odd is None else f"are {odd}, not a regular file"
            raise CheckpointError(f"the predictions {path} {wrong}. Correct model.checkpoint, which names the file.")
        check_file_of_run(path)
        parts = data.parts_of(path).files if path.is_dir() else (path,)
        files = {str(part): storage.sha256_file(part) for part in parts}
        return cls(path, storage.sha256_json(list(files.values())), files)

    def explainer(self, experiment: Experiment, task: RecommendationTask) -> ContributionExplainer | None:
        """Return None: a file holds no model."""
        return None

    @contextlib.contextmanager
    def recommend(
        self, experiment: Experiment, split: Split, task: RecommendationTask, options: PredictionOptions
    ) -> Iterator[RunPredictions]:
        """Yield the lists of the file, checked against the data."""
        if task.times is not None:
            raise DataError(
                "predictions from a file have one list per user, and rolling history needs one per moment. "
                "Use dataset.split.history: frozen."
            )
        reading = experiment.model.params
        assert isinstance(reading, PredictionFile)  # noqa: S101  (as source_of chooses)
        found = data.checked_predictions(
            data.read_predictions(
                self.path, form=reading.format, columns=reading.columns.named, delimiter=reading.delimiter
            ),
            task,
            depth=depth_of(experiment),
            by_id=experiment.evaluation.rules.ties == "trec_eval",
            strict=reading.strict,
            missing_count=experiment.evaluation.rules.without_predictions == "zero",
        )
        order = "as the file ranks them, else score descending, then a hash of (seed, user id, item id)"
        yield RunPredictions(
            lambda: _cut(found.topk),
            found.topk.k,
            _short(found.topk),
            TimingRecord(),
            order=order,
            findings=found.findings,
        )


def _cut(topk: TopK) -> Iterator[PredictionBlock]:
    for start in range(0, topk.n_users, USER_BLOCK):
        rows = slice(start, min(start + USER_BLOCK, topk.n_users))
        scores = None if topk.scores is None else topk.scores[rows]
        users = None if topk.users is None else topk.users[rows]
        yield PredictionBlock(rows.start, rows.stop, TopK(topk.items[rows], scores, users), None)


def _short(topk: TopK) -> int:
    return int((topk.items[:, -1] < 0).sum())


@dataclass(frozen=True, eq=False)
class ModelPredictions:
    """Lists from a model."""

    fitted: ModelCheckpoint | None
    sha256: str
    device: str
    files: Mapping[str, str] = field(default_factory=dict)

    @property
    def was_fitted(self) -> bool:
        """Whether its checkpoint was fitted just now."""
        return self.fitted is not None and not self.fitted.was_there

    @classmethod
    def of(cls, experiment: Experiment, split: Split, *, quiet: bool = False) -> ModelPredictions:
        """Return the model of an experiment, fitted if its checkpoint is missing."""
        from harness.topk import choose_device  # needs torch, which predictions from a file do not

        runner = experiment.runner
        try:
            devices = [choose_device(name) for name in runner.device_names or (runner.device,)]
        except HarnessError as error:
            if not runner.device_names:
                raise
            what = str(error).partition(" Use ")[0]
            raise HarnessError(f"runner.devices: {what} Use devices: [cpu, cpu], or leave devices out.") from error
        device = devices[0]  # all are of one kind
        model = experiment.model
        if isinstance(model.params, ExternalModel):
            found = storage.path_digests(model.params.files(model.checkpoint))
            sha256 = storage.sha256_json([[path.name, digest] for path, digest in found])
            # Code is in version control, not in the record of files.
            files = {str(path): digest for path, digest in found if path.suffix != ".py"}
            return cls(None, sha256, device, files)
        fitted = fitted_model(experiment, split, quiet=quiet)
        return cls(fitted, fitted.sha256, device)

    def explainer(self, experiment: Experiment, task: RecommendationTask) -> ContributionExplainer | None:
        """Return the model, if its scores are sums over the history; None for all others."""
        params = experiment.model.params
        if self.fitted is None or not (isinstance(params, FittedModel) and params.explains_history):
            return None
        known = {"users": task.user_ids, "items": task.item_ids}
        found = params.recommender(self.fitted.tensors, device="cpu", **known)
        assert isinstance(found, ContributionExplainer)  # noqa: S101  (as the configuration states)
        return found

    @contextlib.contextmanager
    def recommend(
        self, experiment: Experiment, split: Split, task: RecommendationTask, options: PredictionOptions
    ) -> Iterator[RunPredictions]:
        """Yield the lists of the model; those that the cache does not hold are made."""
        from harness.pipeline.stages.list_audit import list_findings, model_findings
        from harness.pipeline.workers.prediction_cache import cached_lists
        from harness.pipeline.workers.shard_jobs import ModelSource

        plain = experiment.to_dict()["model"]
        model = ModelSource(plain["kind"], plain["params"], plain["checkpoint"])
        with cached_lists(experiment, model, task, options, device=self.device) as cached:
            yield RunPredictions(
                lambda: _blocks(cached.job),
                task.k,
                sum(int((lists.items[:, -1] < 0).sum()) for _, lists in cached.job.all_found()),
                cached.facts,
                order=_ORDER if task.scored else "as the model lists them, scores falling",
                findings=(
                    *model_findings(experiment, task, self.fitted),
                    *cached.model_findings,
                    *list_findings(cached.job, experiment.model.params),
                    *cached.precision_findings,
                ),
                job=cached.job,
            )


PredictionSource: TypeAlias = FilePredictions | ModelPredictions


def _blocks(job: Job) -> Iterator[PredictionBlock]:
    task = job.shards.task
    for rows, found in job.all_found():
        lists = found.lists(task.user_ids.ids[task.users[rows]])
        yield PredictionBlock(rows.start, rows.stop, lists, found.target_ranks)
