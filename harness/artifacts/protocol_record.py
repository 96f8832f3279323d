"""How a run was measured: its protocol, and the experiment that asked for it."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import Field, JsonValue, TypeAdapter

from harness.artifacts.json_values import HIDDEN, MERGED, OPTIONAL, Facts


@dataclass(frozen=True)
class StatisticsRecord:
    """The section ``statistics`` of a resolved experiment."""

    confidence: Annotated[float, Field(gt=0, lt=1)]
    test: str | Facts  # a name, or a map of a name and options
    correction: str
    margin: float | None
    seed: int


@dataclass(frozen=True)
class EvaluationRecord:
    """The section ``evaluation`` of a resolved experiment: the label of its primary metric."""

    primary: str | None


@dataclass(frozen=True)
class RunnerRecord:
    """The section ``runner`` of a resolved experiment: how many users it is limited to."""

    limit_users: int | None


@dataclass(frozen=True)
class ModelRecord:
    """The section ``model`` of a resolved experiment.

    Parameters
    ----------
    kind
        The registered kind.
    checkpoint
        The file, or the address, of the checkpoint.
    params
        The options of the kind.
    trial
        The settings of the model trial; None for a model that has none.
    """

    kind: str | None = None
    checkpoint: str | None = None
    params: Facts = field(default_factory=dict)
    trial: JsonValue = None


@dataclass(frozen=True)
class ReportRecord:
    """The section ``report`` of a resolved experiment.

    Parameters
    ----------
    directory
        Folder of the reports.
    examples
        Number of example users, or their external ids.
    ids
        ``plain`` or ``pseudonym``.
    """

    directory: str = "reports"
    examples: int | tuple[int | str, ...] = 20
    ids: str = "plain"


@dataclass(frozen=True)
class TrackingRecord:
    """The section ``tracking`` of a resolved experiment.

    Parameters
    ----------
    experiment
        Name of the MLflow experiment.
    enabled
        Whether the run is sent to MLflow.
    per_user
        Whether files with ids of users are sent with it.
    """

    experiment: str = "default"
    enabled: bool = True
    per_user: bool = True


@dataclass(frozen=True)
class ExperimentRecord:
    """The resolved experiment of a run.

    Parameters
    ----------
    statistics, evaluation, runner, model, report, tracking
        What later stages read of these sections.
    resolved
        The whole experiment with all defaults, as in ``experiment.yaml``.
    """

    statistics: StatisticsRecord = field(metadata=HIDDEN)
    evaluation: EvaluationRecord = field(metadata=HIDDEN)
    runner: RunnerRecord = field(metadata=HIDDEN)
    model: ModelRecord = field(metadata=HIDDEN)
    report: ReportRecord = field(default_factory=ReportRecord, metadata=HIDDEN)
    tracking: TrackingRecord = field(default_factory=TrackingRecord, metadata=HIDDEN)
    resolved: Facts = field(default_factory=dict, metadata=MERGED)

    @classmethod
    def of(cls, resolved: Facts) -> ExperimentRecord:
        """Return the record of a resolved experiment, given as dictionaries, lists and scalars."""
        sections = {key: resolved[key] for key in ("statistics", "evaluation", "runner", "model")}
        sections |= {"report": resolved.get("report", {}), "tracking": resolved.get("tracking", {})}
        return _adapter().validate_python({**sections, "resolved": resolved})


@functools.cache
def _adapter() -> TypeAdapter[ExperimentRecord]:
    return TypeAdapter(ExperimentRecord)


@dataclass(frozen=True)
class CandidateRecord:
    """Which items could be recommended.

    Parameters
    ----------
    items
        ``all``, or ``train`` for those seen in training.
    exclude
        ``seen`` where the items of a user's history are left out, or ``none``.
    count
        The number of items.
    allow
        Facts of the list of allowed items, if there is one.
    lists
        Facts of the file with each user's candidates, if there is one.
    sampled
        Facts of the sampled negatives, if there are any.
    sha256
        The SHA-256 of the candidates, where files or samples decide them.
    """

    items: str = ""
    exclude: str = ""
    count: int | None = None
    allow: Facts | None = field(default=None, metadata=OPTIONAL)
    lists: Facts | None = field(default=None, metadata=OPTIONAL)
    sampled: Facts | None = field(default=None, metadata=OPTIONAL)
    sha256: str | None = field(default=None, metadata=OPTIONAL)


@dataclass(frozen=True, kw_only=True)
class ProtocolRecord:
    """How a run was measured.

    Parameters
    ----------
    part
        ``test`` or ``validation``.
    fit_on
        What the model was fitted on; None for a model that is not fitted.
    history
        The parts that a user's history is made of.
    rolling
        Whether a user is predicted at each of their moments, rather than once.
    candidates
        Which items could be recommended.
    k
        Length of the lists.
    precision
        The precision of the scores; None for lists from a file.
    tie_order
        The order of equal scores, in words.
    convention
        The library whose definitions hold, if there is one.
    ties, without_predictions
        The rules of the evaluation.
    users, lists, relevant_items, lists_shorter_than_k
        How many there are.
    counts
        What the evaluation counted, such as users without predictions.
    """

    part: str
    fit_on: str | None = None
    history: tuple[str, ...] = ()
    rolling: bool = False
    candidates: CandidateRecord
    k: int | None = None
    precision: str | None = None
    tie_order: str | None = None
    convention: str | None = None
    ties: str | None = None
    without_predictions: str | None = None
    users: int | None = None
    lists: int | None = None
    relevant_items: int | None = None
    lists_shorter_than_k: int | None = None
    counts: Facts = field(default_factory=dict)
