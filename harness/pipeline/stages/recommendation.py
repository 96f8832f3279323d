"""Where the lists come from: a fitted model that scores, or a file of predictions made elsewhere."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from harness import data, storage
from harness.artifacts import USER_BLOCK, Finding, ForeignModel, Split, TargetRanks, TimingRecord, TopK
from harness.artifacts.array_types import Float32Array
from harness.errors import CheckpointError, DataError, HarnessError
from harness.models import PredictionFile, run_messages
from harness.pipeline.run_folder.run_files import check_file_of_run
from harness.pipeline.stages.fitting import FittedModel, fitted_model
from harness.pipeline.stages.preparation import Task
from harness.pipeline.stages.task import asked_of, depth_of, length_of
from harness.storage.input_files import odd_kind

if TYPE_CHECKING:
    from harness.experiment import Experiment
    from harness.pipeline.workers.shard_jobs import Job

NO_DEVICE = "none"  # lists from a file need none
_ORDER = "score descending, then a hash of (seed, user id, item id)"


@dataclass(frozen=True, eq=False)
class Part:
    """The lists of consecutive users of a task.

    Parameters
    ----------
    start, stop
        The first user, and the one after the last.
    topk
        In the order of the task's users.
    target_ranks
        Of the relevant items; None for lists from a file, or that a model makes itself: they do not hold all
        candidates.
    """

    start: int
    stop: int
    topk: TopK
    target_ranks: TargetRanks | None


@dataclass(frozen=True, eq=False)
class Recommended:
    """Lists for the users of a task, part by part.

    Parameters
    ----------
    parts
        Begins anew at each call; no more than one part is held.
    k
        Length of the lists.
    short_lists
        How many users got fewer items than k.
    facts
        Throughput and memory.
    order
        How equal scores were put into an order.
    findings
        What is odd in the lists.
    job
        The lists as work for other processes; None for lists from a file.
    """

    parts: Callable[[], Iterator[Part]]
    k: int
    short_lists: int
    facts: TimingRecord
    order: str
    findings: tuple[Finding, ...] = ()
    job: Job | None = None


@dataclass(frozen=True)
class How:
    """How lists are made.

    Parameters
    ----------
    key
        The fingerprint of the lists.
    force
        Make anew what the cache holds.
    quiet
        No progress.
    """

    key: str
    force: bool = False
    quiet: bool = False


class Source(Protocol):
    """What recommends, known by the bytes that decide its lists."""

    @property
    def sha256(self) -> str:
        """Of the bytes that it was read from."""
        ...

    @property
    def files(self) -> Mapping[str, str]:
        """SHA-256 by path of files from elsewhere that it was read from."""
        ...

    @property
    def device(self) -> str:
        """Where it scores, or ``none``."""
        ...

    @property
    def was_fitted(self) -> bool:
        """Whether its checkpoint was made just now."""
        ...

    def recommend(
        self, experiment: Experiment, split: Split, task: Task, how: How
    ) -> AbstractContextManager[Recommended]:
        """Give the lists for a task, which can be read until the block ends."""
        ...


def source_of(experiment: Experiment, split: Split, *, quiet: bool = False) -> Source:
    """Return what recommends in an experiment: its model, fitted if it must be, or its file of predictions.

    Parameters
    ----------
    quiet
        No progress of fitting.

    Raises
    ------
    CheckpointError
        The checkpoint cannot be used, or the file is missing.
    """
    run_messages.begin_anew()
    if isinstance(experiment.model.params, PredictionFile):
        assert experiment.model.checkpoint is not None  # noqa: S101  (the kind needs one)
        return FromFile.of(Path(experiment.model.checkpoint))
    return FromModel.of(experiment, split, quiet=quiet)


@dataclass(frozen=True)
class FromFile:
    """Lists from a file of predictions."""

    path: Path
    sha256: str
    files: Mapping[str, str]
    device: str = NO_DEVICE
    was_fitted: bool = False

    @classmethod
    def of(cls, path: Path) -> FromFile:
        """Return the source that a file is."""
        odd = odd_kind(path)
        if not path.exists() or (odd is not None and not path.is_dir()):
            wrong = "do not exist" if odd is None else f"are {odd}, not a regular file"
            raise CheckpointError(f"the predictions {path} {wrong}. Mend model.checkpoint, which names their file.")
        check_file_of_run(path)
        parts = data.parts_of(path).files if path.is_dir() else (path,)
        files = {str(part): storage.sha256_file(part) for part in parts}
        return cls(path, storage.sha256_json(list(files.values())), files)

    @contextlib.contextmanager
    def recommend(self, experiment: Experiment, split: Split, task: Task, how: How) -> Iterator[Recommended]:
        """Give the file's lists, checked against the data."""
        if task.times is not None:
            raise DataError(
                "predictions from a file are one list a user, and rolling history asks for one a moment. "
                "Use dataset.split.history: frozen."
            )
        options = experiment.model.params
        rows = split.interactions
        asked = data.Asked(
            users=task.users,
            user_ids=rows.user_ids,
            item_ids=rows.item_ids,
            history=task.history,
            candidates=task.candidates,
            exclude_seen=experiment.candidates.exclude == "seen",
            lists=task.lists,
            missing_count=experiment.evaluation.rules.without_predictions == "zero",
        )
        found = data.checked_predictions(
            data.read_predictions(
                self.path, form=options.format, columns=options.columns.named, delimiter=options.delimiter
            ),
            asked,
            k=length_of(experiment, split),
            depth=depth_of(experiment),
            seed=experiment.runner.seed,
            by_id=experiment.evaluation.rules.ties == "trec_eval",
            strict=options.strict,
        )
        order = "as the file ranks them, else score descending, then a hash of (seed, user id, item id)"
        yield Recommended(
            lambda: _cut(found.topk),
            found.topk.k,
            _short(found.topk),
            TimingRecord(),
            order=order,
            findings=found.findings,
        )


def _cut(topk: TopK) -> Iterator[Part]:
    for start in range(0, topk.n_users, USER_BLOCK):
        rows = slice(start, min(start + USER_BLOCK, topk.n_users))
        users = None if topk.users is None else topk.users[rows]
        yield Part(rows.start, rows.stop, TopK(topk.items[rows], _rows(topk.scores, rows), users), None)


def _rows(scores: Float32Array | None, rows: slice) -> Float32Array | None:
    return None if scores is None else scores[rows]


def _short(topk: TopK) -> int:
    return int((topk.items[:, -1] < 0).sum())


@dataclass(frozen=True, eq=False)
class FromModel:
    """Lists from a fitted model's scores."""

    fitted: FittedModel | None
    sha256: str
    device: str
    files: Mapping[str, str] = field(default_factory=dict)

    @property
    def was_fitted(self) -> bool:
        """Whether its checkpoint was made just now."""
        return self.fitted is not None and not self.fitted.was_there

    @classmethod
    def of(cls, experiment: Experiment, split: Split, *, quiet: bool = False) -> FromModel:
        """Return an experiment's model, fitted if its checkpoint is missing."""
        from harness.topk import choose_device  # needs torch, which predictions from a file do not

        runner = experiment.runner
        try:
            devices = [choose_device(name) for name in runner.device_names or (runner.device,)]
        except HarnessError as error:
            if not runner.device_names:
                raise
            what = str(error).partition(" Use ")[0]
            raise HarnessError(f"runner.devices: {what} Use devices: [cpu, cpu], or leave devices out.") from error
        device = devices[0]  # which stands for all: they are of one kind
        model = experiment.model
        if isinstance(model.params, ForeignModel):
            found = storage.path_digests(model.params.files(model.checkpoint))
            sha256 = storage.sha256_json([[path.name, digest] for path, digest in found])
            # Code is known by its own history.
            files = {str(path): digest for path, digest in found if path.suffix != ".py"}
            return cls(None, sha256, device, files)
        fitted = fitted_model(experiment, split, quiet=quiet)
        return cls(fitted, fitted.sha256, device)

    @contextlib.contextmanager
    def recommend(self, experiment: Experiment, split: Split, task: Task, how: How) -> Iterator[Recommended]:
        """Score all candidates of the task's users, those of shards in the cache apart."""
        from harness.pipeline.model_trial import trial_of
        from harness.pipeline.stages.list_audit import list_findings, model_findings
        from harness.pipeline.workers.shard_cache import made
        from harness.pipeline.workers.shard_jobs import ModelSource

        plain = experiment.to_dict()["model"]
        model = ModelSource(plain["kind"], plain["params"], plain["checkpoint"])
        asked = asked_of(experiment, split, task)
        trial = trial_of(experiment, model, asked, device=self.device, quiet=how.quiet)
        with made(experiment, model, asked, key=how.key, device=self.device, force=how.force, quiet=how.quiet) as found:
            yield Recommended(
                lambda: _parts(found.job),
                asked.k,
                sum(int((lists.items[:, -1] < 0).sum()) for _, lists in found.job.all_found()),
                replace(found.facts, trial_seconds=round(trial.seconds, 4) if trial.findings else None),
                order=_ORDER if asked.scored else "as the model lists them, scores falling",
                findings=(
                    *model_findings(experiment, found.job, self.fitted),
                    *trial.findings,
                    *list_findings(found.job, experiment.model.params),
                    *found.findings,
                ),
                job=found.job,
            )


def _parts(job: Job) -> Iterator[Part]:
    task = job.shards.task
    for rows, found in job.all_found():
        topk = TopK(found.items, found.scores, task.user_ids.ids[task.users[rows]])
        ranks = TargetRanks(found.above, found.tied, found.candidates) if task.scored else None
        yield Part(rows.start, rows.stop, topk, ranks)
