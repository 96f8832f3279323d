"""Where the lists come from: a fitted model that scores, or a file of predictions made elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from harness import data, storage
from harness.artifacts import Recommender, Split, TargetRanks, TopK
from harness.errors import CheckpointError, DataError
from harness.models import PredictionFile
from harness.pipeline.checkpoints import Fitted, obtain_checkpoint
from harness.pipeline.preparation import Task

if TYPE_CHECKING:
    from harness.experiment import Experiment
    from harness.runner import Predictions

NO_DEVICE = "none"  # lists from a file need none


@dataclass(frozen=True, eq=False)
class Recommended:
    """Lists for the users of a task.

    Parameters
    ----------
    topk
        In the order of the task's users.
    target_ranks
        Of the relevant items; None for lists from a file, which do not hold all candidates.
    facts
        How it went: throughput and batch size.
    order
        How equal scores were put into an order.
    findings
        What is odd in the lists, as audits have it.
    """

    topk: TopK
    target_ranks: TargetRanks | None
    facts: dict[str, Any]
    order: str
    findings: tuple[dict[str, Any], ...] = ()

    @property
    def short_lists(self) -> int:
        """How many users got fewer items than k."""
        return int((self.topk.items[:, -1] < 0).sum())


class Source(Protocol):
    """What recommends, known by the bytes that decide its lists."""

    @property
    def sha256(self) -> str:
        """Of the bytes that it was read from."""
        ...

    @property
    def device(self) -> str:
        """Where it scores, or ``none``."""
        ...

    def recommend(self, experiment: Experiment, split: Split, task: Task, *, quiet: bool) -> Recommended:
        """Return the lists for a task."""
        ...


def source_of(experiment: Experiment, split: Split) -> Source:
    """Return what recommends in an experiment: its model, fitted if it must be, or its file of predictions.

    Raises
    ------
    CheckpointError
        The checkpoint cannot be used, or the file is missing.
    """
    if isinstance(experiment.model.params, PredictionFile):
        return FromFile.of(Path(experiment.model.checkpoint))
    return FromModel.of(experiment, split)


@dataclass(frozen=True)
class FromFile:
    """Lists from a file of predictions."""

    path: Path
    sha256: str
    device: str = NO_DEVICE

    @classmethod
    def of(cls, path: Path) -> FromFile:
        """Return the source that a file is."""
        if not path.exists():
            raise CheckpointError(
                f"the predictions {path} do not exist. Mend model.checkpoint, which names their file."
            )
        files = sorted(path.glob("*.parquet")) if path.is_dir() else [path]
        return cls(path, storage.sha256_json([storage.sha256_file(file) for file in files]))

    def recommend(self, experiment: Experiment, split: Split, task: Task, *, quiet: bool) -> Recommended:
        """Return the file's lists, checked against the data."""
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
        )
        found = data.checked_predictions(
            data.read_predictions(self.path, form=options.format, columns=options.columns.named),
            asked,
            k=_length(experiment, split),
            depth=_depth(experiment),
            seed=experiment.runner.seed,
            strict=options.strict,
        )
        order = "as the file ranks them, else score descending, then a hash of (seed, user id, item id)"
        return Recommended(found.topk, None, {}, order, found.findings)


@dataclass(frozen=True, eq=False)
class FromModel:
    """Lists from a fitted model's scores."""

    fitted: Fitted
    sha256: str
    device: str

    @classmethod
    def of(cls, experiment: Experiment, split: Split) -> FromModel:
        """Return an experiment's model, fitted if its checkpoint is missing."""
        from harness.topk import choose_device  # needs torch, which predictions from a file do not

        device = choose_device(experiment.runner.device)
        fitted = obtain_checkpoint(experiment, split)
        return cls(fitted, fitted.sha256, device)

    def recommend(self, experiment: Experiment, split: Split, task: Task, *, quiet: bool) -> Recommended:
        """Score all candidates of the task's users."""
        params, rows = experiment.model.params, split.interactions
        recommender = params.recommender(
            self.fitted.tensors, users=rows.user_ids, items=rows.item_ids, device=self.device
        )
        made = predictions_of(recommender, experiment, split, task, device=self.device, quiet=quiet)
        facts = {"users_per_second": round(made.users_per_second, 1), "batch_size": made.batch_size}
        return Recommended(
            made.topk, made.target_ranks, facts, "score descending, then a hash of (seed, user id, item id)"
        )


def predictions_of(
    recommender: Recommender, experiment: Experiment, split: Split, task: Task, *, device: str, quiet: bool = False
) -> Predictions:
    """Return a model's lists for a task, with the candidates, the order and the batches of an experiment."""
    from harness.runner import predict

    rows = split.interactions
    return predict(
        recommender,
        history=task.history,
        users=task.users,
        truth=task.truth,
        places=task.places,
        user_ids=rows.user_ids,
        item_ids=rows.item_ids,
        candidates=task.candidates,
        lists=task.lists,
        exclude_seen=experiment.candidates.exclude == "seen",
        k=_length(experiment, split),
        seed=experiment.runner.seed,
        batch_size=experiment.runner.batch_size,
        device=device,
        quiet=quiet,
    )


def _depth(experiment: Experiment) -> int:
    """Return how many places of a list the metrics look at."""
    return max(metric.cutoff or 1 for metric in experiment.metrics)


def _length(experiment: Experiment, split: Split) -> int:
    """Return the length of lists: ``runner.k``, but no places that neither an item nor a metric can use."""
    return min(experiment.runner.k, max(len(split.interactions.item_ids), _depth(experiment)))
