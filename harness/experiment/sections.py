"""The sections of an experiment file, each a frozen value that is valid by construction."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, PlainValidator, ValidationInfo
from pydantic.dataclasses import dataclass

from harness import registry
from harness.artifacts import ForeignModel
from harness.errors import did_you_mean
from harness.execution import Parallel
from harness.experiment.components import build, component, component_class, from_map, known_model, option_names
from harness.experiment.conventions import convention_of, rules_of
from harness.experiment.metric_expansion import CUTOFF, check_cutoffs, expanded
from harness.experiment.rules import Rules, Ties, WithoutPredictions
from harness.experiment.slice_settings import SliceField
from harness.experiment.table_settings import Columns, Items, Users, check_delimiter
from harness.experiment.trial_settings import TrialField, TrialSettings
from harness.experiment.validation_errors import FaultError, shown
from harness.experiment.value_types import Seed, Text
from harness.storage.table_format import TableFormat

DEFAULT_METRICS = ("recall", "precision", "ndcg", "hit_rate", "coverage", "diversity")
DEFAULT_CUTOFFS = (1, 5, 10, 20)
DEFAULT_PRIMARY = "ndcg@10"
DEFAULT_TEST = "auto"


def _source(value: Any) -> Any:
    if isinstance(value, str):
        known = registry.names("sources")
        if value not in known:
            raise FaultError((), f"unknown data set {shown(value)}. {did_you_mean(value, known)}")
        return build("sources", value, {})
    return None if value is None else from_map("sources", value)


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class Dataset:
    """Which interactions, and which of them are held out.

    Parameters
    ----------
    split
        A component of the group ``splits``.
    catalog, path
        A component of the group ``sources`` (from a file its name, or a map with its options), or a
        data file; one of the two.
    columns, delimiter
        With ``path`` alone. The delimiter of a text file; None: as its format has it.
    format
        With ``path`` alone: the format of the file; None: as its name says.
    timestamp_unit
        With ``path`` alone: what times that are numbers count; ``auto`` goes by their magnitude.
    duplicates
        What becomes of rows that repeat a user and an item; by timestamp, then order in the file.
    items, users
        Side tables, joined by own ids.
    filters
        Components of the group ``filters``, applied in their order.
    """

    split: Annotated[Any, component("splits")]
    catalog: Annotated[Any, PlainValidator(_source)] = None
    path: Text | None = None
    columns: Columns | None = None
    delimiter: Text | None = None
    format: TableFormat | None = None
    timestamp_unit: Literal["auto", "s", "ms", "us", "ns", "raw"] = "auto"
    duplicates: Literal["first", "last", "sum", "keep"] = "keep"
    items: Items | None = None
    users: Users | None = None
    filters: tuple[Annotated[Any, component("filters")], ...] = ()

    def __post_init__(self) -> None:
        known = registry.names("sources")
        if self.catalog is None and self.path is None:
            raise FaultError(
                (), f"dataset names no data: add 'path', a data file, or 'catalog', one of: {', '.join(known)}"
            )
        if self.catalog is not None and self.path is not None:
            raise FaultError(("path",), "dataset has both 'catalog' and 'path'. Leave one out.")
        if self.catalog is not None and self.columns is not None:
            raise FaultError(("columns",), "dataset.columns belongs to 'path'; a catalogue entry knows its columns")
        for key, default in (("delimiter", None), ("format", None), ("timestamp_unit", "auto")):
            if self.catalog is not None and getattr(self, key) != default:
                raise FaultError((key,), f"dataset.{key} belongs to 'path'; a catalogue entry knows it")
        check_delimiter(self.delimiter, "dataset.delimiter")
        if self.path is not None and self.columns is None:
            object.__setattr__(self, "columns", Columns())


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class Fit:
    """The parts of the split that the model is fitted on."""

    on: Literal["train", "train_validation"]


def _model_params(value: Any, info: ValidationInfo) -> Any:
    kind = info.data.get("kind")
    if kind is None:  # already at fault, and the options mean nothing without it
        return value
    if isinstance(value, dict):
        if "trial" in value and "trial" not in option_names(component_class("models", kind)):
            raise FaultError(("trial",), "model.params has no key 'trial'. Set model.trial: error, warn or off.")
        return build("models", kind, value)
    if type(value) is not component_class("models", kind):
        raise FaultError((), f"model.params is {shown(value)}; a map with the options of '{kind}' is needed")
    return value


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class Model:
    """What recommends.

    Parameters
    ----------
    kind
        A name of the group ``models``.
    checkpoint
        The file with the fitted model, made where it is missing; of kind ``predictions`` the file
        of lists; of a model from elsewhere what its kind says, or None.
    fit
        What it is fitted on; None for a kind that is not fitted.
    params
        The instance of the model's class; from a file its options.
    trial
        What is tried before a run of a model from elsewhere; None for any other kind.
    """

    kind: Annotated[str, AfterValidator(known_model)]
    checkpoint: Text | None = None
    fit: Fit | None = None
    params: Annotated[Any, PlainValidator(_model_params)] = Field(default_factory=dict, validate_default=True)
    trial: TrialField = None

    def __post_init__(self) -> None:
        fitted = getattr(self.params, "fitted", True)
        if self.checkpoint is None and (fitted or getattr(self.params, "needs_checkpoint", True)):
            raise FaultError(("checkpoint",), "missing key 'checkpoint' in model")
        if fitted and self.fit is None:
            raise FaultError(("fit",), "missing key 'fit' in model")
        if not fitted and self.fit is not None:
            message = f"model.fit does not belong to kind '{self.kind}', which is not fitted"
            raise FaultError(("fit",), f"{message}. Leave it out, or write 'fit: null' over that of an extended file.")
        if isinstance(self.params, ForeignModel):
            object.__setattr__(self, "trial", TrialSettings() if self.trial is None else self.trial)
        elif self.trial is not None:
            message = f"model.trial belongs to models from elsewhere; kind '{self.kind}' is not tried"
            raise FaultError(
                ("trial",), f"{message}. Leave it out, or write 'trial: null' over that of an extended file."
            )


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class Evaluation:
    """What is measured.

    Parameters
    ----------
    part
        The part that is predicted; ``validation`` for tuning.
    metrics
        Names, or maps of a kind and options, as given.
    cutoffs
        1 or more each; of accuracy metrics, which are told from exact ranks, also beyond ``runner.k``.
    primary
        The label that decides a comparison; ``ndcg@10`` if it is computed, else the first label. The name and
        cutoff alone will do where one metric has them.
    convention
        The library whose definitions are the defaults of all that is below and of the metrics' options; None: ours.
    ties
        The order among equal scores: ``given`` (as listed), ``expected``, ``worst``, ``best`` or ``trec_eval``.
    without_predictions
        Users with relevant items and no recommendation: ``zero`` counts them, ``drop`` leaves them out.
    slices
        Groups of users and items for which metrics are given apart: names, or maps with ``by`` and options.
    parallel
        How users are spread over cores; it never changes a result.
    """

    part: Literal["test", "validation"] = "test"
    metrics: tuple[str | dict[str, Any], ...] = DEFAULT_METRICS
    cutoffs: tuple[int, ...] = DEFAULT_CUTOFFS
    primary: str | None = None
    convention: str | None = None
    ties: Ties | None = None
    without_predictions: WithoutPredictions | None = None
    slices: tuple[SliceField, ...] = ()
    parallel: Parallel = Parallel()

    def __post_init__(self) -> None:
        cutoffs = _below("cutoffs", lambda: check_cutoffs(self.cutoffs))
        if self.convention is not None:
            _below("convention", lambda: convention_of(self.convention))
        names = [one.name for one in self.slices]
        if twice := [place for place, name in enumerate(names) if name in names[:place]]:
            raise FaultError(("slices", twice[0]), f"the slice '{names[twice[0]]}' stands twice. Leave one out.")
        groups = _below("metrics", lambda: expanded(self.metrics, cutoffs, self.convention))
        metrics = [metric for group in groups for metric in group]
        labels = [metric.label for metric in metrics]
        wanted = DEFAULT_PRIMARY if self.primary is None else self.primary
        named = [metric.label for metric in metrics if wanted == _short_label(metric)]
        if wanted in labels or len(named) == 1:
            object.__setattr__(self, "primary", wanted if wanted in labels else named[0])
        elif self.primary is None:
            object.__setattr__(self, "primary", labels[0])
        else:
            raise not_computed(("primary",), "the primary metric", self.primary, labels)

    @property
    def rules(self) -> Rules:
        """What is settled for all metrics alike."""
        return rules_of(self.convention, ties=self.ties, without_predictions=self.without_predictions)


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class Statistics:
    """What a comparison claims.

    Parameters
    ----------
    confidence
        Level of the intervals, between 0 and 1.
    test
        ``auto``, or a name of the group ``tests``.
    correction
        For several candidates: Holm's, or none.
    margin
        The largest difference that does not matter, in the metric's own unit; None: not declared.
    seed
        Of tests that draw.
    """

    confidence: Annotated[float, Field(gt=0, lt=1)] = 0.95
    test: str = DEFAULT_TEST
    correction: Literal["holm", "none"] = "holm"
    margin: Annotated[float, Field(gt=0)] | None = None
    seed: Seed = 0

    def __post_init__(self) -> None:
        known = [DEFAULT_TEST, *registry.names("tests")]
        if self.test not in known:
            raise FaultError(("test",), f"unknown test {shown(self.test)}. {did_you_mean(self.test, known)}")


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class Tracking:
    """Where runs are logged.

    Parameters
    ----------
    experiment
        Name of the MLflow experiment.
    enabled
        Whether to log at all.
    """

    experiment: Text
    enabled: bool = True


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class Report:
    """Where results go: ``directory/<name>/``."""

    directory: Text = "reports"


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class Expectation:
    """A number that a metric should have, give or take ``tolerance``."""

    value: float
    tolerance: Annotated[float, Field(ge=0)]


def _short_label(metric: Any) -> str:
    """Return name and cutoff alone, whatever the options."""
    return f"{getattr(metric, 'name', '')}@{getattr(metric, CUTOFF, '')}"


def not_computed(path: tuple[str, ...], what: str, label: str, labels: list[str]) -> FaultError:
    """Return the fault of a label that no metric of the experiment has."""
    return FaultError(path, f"{what} {shown(label)} is not computed. {did_you_mean(label, labels)}")


def _below(key: str, check: Any) -> Any:
    try:
        return check()
    except FaultError as fault:
        raise FaultError((key, *fault.path), fault.message) from fault
