"""The sections of an experiment file as frozen dataclasses that validate their values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, Field, PlainValidator, ValidationInfo
from pydantic.dataclasses import dataclass

from harness import registry
from harness.artifacts import ExternalModel, ModelConfig, Rules, SplitRule, Ties, WithoutPredictions
from harness.errors import did_you_mean
from harness.execution import Parallel
from harness.experiment.components import build, component, component_class, from_map, known_model, option_names
from harness.experiment.conventions import convention_of, rules_of
from harness.experiment.metric_expansion import check_cutoffs, expand_specs
from harness.experiment.slice_settings import SliceField, SliceSettings
from harness.experiment.table_settings import ColumnNames, ItemsSettings, UsersSettings, check_delimiter
from harness.experiment.trial_settings import TrialField, TrialSettings
from harness.experiment.validation_errors import FaultError, shown
from harness.experiment.value_types import Seed, Text
from harness.storage.table_formats import TableFormat

if TYPE_CHECKING:
    from harness.metrics import Metric

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


def _test(value: Any) -> Any:
    """Return ``auto``, the name of a test, or a test with options."""
    if not isinstance(value, str):
        return from_map("tests", value)
    known = [DEFAULT_TEST, *registry.names("tests")]
    if value not in known:
        raise FaultError((), f"unknown test {shown(value)}. {did_you_mean(value, known)}")
    return value


@dataclass(frozen=True, kw_only=True, config={"extra": "forbid", "strict": True})
class DatasetSettings:
    """The section ``dataset``: interactions, side tables, filters and split.

    Parameters
    ----------
    catalog, path
        Exactly one of the two: a component of the group ``sources`` (in YAML its name, or a map with
        options), or a data file.
    columns
        Only with ``path``: names of the columns.
    delimiter
        Only with ``path``: delimiter of a text file. None: the default of the format.
    format
        Only with ``path``: format of the file. None: the file name decides.
    timestamp_unit
        Only with ``path``: unit of numeric times. ``auto`` infers the unit from their magnitude.
    duplicates
        Which of several rows of one user and item to keep, by timestamp, then by order in the file.
    items, users
        Side tables, joined by external ids.
    filters
        Components of the group ``filters``, applied in order.
    split
        A component of the group ``splits``.
    """

    catalog: Annotated[Any, PlainValidator(_source)] = None
    path: Text | None = None
    columns: ColumnNames | None = None
    delimiter: Text | None = None
    format: TableFormat | None = None
    timestamp_unit: Literal["auto", "s", "ms", "us", "ns", "raw"] = "auto"
    duplicates: Literal["first", "last", "sum", "keep"] = "keep"
    items: ItemsSettings | None = None
    users: UsersSettings | None = None
    filters: tuple[Annotated[Any, component("filters")], ...] = ()
    split: Annotated[SplitRule, component("splits")]

    def __post_init__(self) -> None:
        known = registry.names("sources")
        if self.catalog is None and self.path is None:
            raise FaultError(
                (), f"dataset names no data: add 'path', a data file, or 'catalog', one of: {', '.join(known)}"
            )
        if self.catalog is not None and self.path is not None:
            raise FaultError(("path",), "dataset has both 'catalog' and 'path'. Remove one of them.")
        if self.catalog is not None and self.columns is not None:
            raise FaultError(
                ("columns",),
                "dataset.columns applies only with 'path'; a catalogue entry defines its columns",
            )
        for key, default in (("delimiter", None), ("format", None), ("timestamp_unit", "auto")):
            if self.catalog is not None and getattr(self, key) != default:
                raise FaultError((key,), f"dataset.{key} applies only with 'path'; a catalogue entry defines it")
        check_delimiter(self.delimiter, "dataset.delimiter")
        if self.path is not None and self.columns is None:
            object.__setattr__(self, "columns", ColumnNames())


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class FitSettings:
    """The parts of the split that the model is fitted on."""

    on: Literal["train", "train_validation"]


def _no_options() -> Any:
    """Return the options of a model that states none, which validation turns into an instance."""
    return {}


def _model_params(value: Any, info: ValidationInfo) -> Any:
    kind = info.data.get("kind")
    if kind is None:  # the kind is invalid and reported; its options cannot be checked
        return value
    if isinstance(value, dict):
        if "trial" in value and "trial" not in option_names(component_class("models", kind)):
            raise FaultError(("trial",), "model.params has no key 'trial'. Set model.trial: error, warn or off.")
        return build("models", kind, value)
    if type(value) is not component_class("models", kind):
        raise FaultError((), f"model.params is {shown(value)}; a map with the options of '{kind}' is needed")
    return value


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class ModelSettings:
    """The section ``model``: the recommender, its checkpoint and options.

    Parameters
    ----------
    kind
        A name of the group ``models``.
    checkpoint
        File of the fitted model, which a run creates if it is missing. Kind ``predictions``: the file of
        predictions. External models: the checkpoint that their kind reads, or None.
    params
        Instance of the model's configuration class; in YAML a map of its options.
    fit
        Parts that the model is fitted on; None for kinds that are not fitted.
    trial
        Settings of the trial of an external model; None for other kinds.
    """

    kind: Annotated[str, AfterValidator(known_model)]
    checkpoint: Text | None = None
    params: Annotated[ModelConfig, PlainValidator(_model_params)] = Field(
        default_factory=_no_options, validate_default=True
    )
    fit: FitSettings | None = None
    trial: TrialField = None

    def __post_init__(self) -> None:
        fitted = self.params.fitted
        if self.checkpoint is None and (fitted or self.params.needs_checkpoint):
            raise FaultError(("checkpoint",), "missing key 'checkpoint' in model")
        if fitted and self.fit is None:
            raise FaultError(("fit",), "missing key 'fit' in model")
        if not fitted and self.fit is not None:
            message = f"model.fit does not apply to kind '{self.kind}', which is not fitted"
            raise FaultError(("fit",), f"{message}. Remove it, or write 'fit: null' if an extended file sets it.")
        if isinstance(self.params, ExternalModel):
            object.__setattr__(self, "trial", TrialSettings() if self.trial is None else self.trial)
        elif self.trial is not None:
            message = f"model.trial applies to external models only; kind '{self.kind}' has no trial"
            raise FaultError(("trial",), f"{message}. Remove it, or write 'trial: null' if an extended file sets it.")


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class EvaluationSettings:
    """The section ``evaluation``: the evaluated part, metrics and their conventions.

    Parameters
    ----------
    part
        The part to predict; ``validation`` for tuning.
    metrics
        Names, labels, or maps of a kind and options, as written in the file.
    cutoffs
        Whole numbers of 1 or more. Accuracy metrics, which use exact ranks, may have cutoffs above ``runner.k``.
    primary
        Label of the primary metric. None: ``ndcg@10`` if it is computed, else the first label. A name and
        cutoff without options suffice if only one metric has them.
    convention
        Library whose definitions are the defaults of ``ties``, ``without_predictions`` and the metrics' options.
        None: the defaults of this package.
    ties
        Order of equal scores: ``given`` (as listed), ``expected``, ``worst``, ``best`` or ``trec_eval``.
    without_predictions
        Users with relevant items but no recommendations: ``zero`` counts them, ``drop`` leaves them out.
    slices
        Groups of users or items to report separately: names, or maps with ``by`` and options.
    parallel
        Workers that compute metrics. It never changes a result.
    """

    part: Literal["test", "validation"] = "test"
    metrics: tuple[str | dict[str, Any], ...] = DEFAULT_METRICS
    cutoffs: tuple[int, ...] = DEFAULT_CUTOFFS
    primary: str | None = None
    convention: str | None = None
    ties: Ties | None = None
    without_predictions: WithoutPredictions | None = None
    slices: tuple[SliceField, ...] = (SliceSettings("activity"), SliceSettings("item_popularity"))
    parallel: Parallel = Parallel()

    def __post_init__(self) -> None:
        cutoffs = _check_key("cutoffs", lambda: check_cutoffs(self.cutoffs))
        if self.convention is not None:
            _check_key("convention", lambda: convention_of(self.convention))
        names = [one.name for one in self.slices]
        if twice := [index for index, name in enumerate(names) if name in names[:index]]:
            raise FaultError(("slices", twice[0]), f"the slice '{names[twice[0]]}' is repeated. Remove one.")
        groups = _check_key("metrics", lambda: expand_specs(self.metrics, cutoffs, self.convention))
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
        """The rules that apply to all metrics."""
        return rules_of(self.convention, ties=self.ties, without_predictions=self.without_predictions)


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class StatisticsSettings:
    """The section ``statistics``: how a comparison tests differences.

    Parameters
    ----------
    confidence
        Confidence level of the intervals, between 0 and 1.
    test
        ``auto``, a name of the group ``tests``, or a map of a name and options, such as
        ``{kind: permutation, flips: 20000}``.
    correction
        Correction for the size of the family: ``maxt``, ``holm``, ``bonferroni``, ``bh`` or ``none``.
    margin
        Largest difference that does not matter, in units of the metric. None: no verdict of equivalence.
    unit
        What verdicts generalise to. ``users``: other users, and these items. ``users_items``: other users and items.
    seeds
        Method for models with several training seeds: variance ``components``, or the crossed ``bootstrap``.
    pairs
        ``baseline``: each run with the baseline. ``all``: all pairs of runs.
    seed
        Random seed of tests that have none of their own.
    """

    confidence: Annotated[float, Field(gt=0, lt=1)] = 0.95
    test: Annotated[Any, PlainValidator(_test)] = DEFAULT_TEST
    correction: Literal["maxt", "holm", "bonferroni", "bh", "none"] = "maxt"
    margin: Annotated[float, Field(gt=0)] | None = None
    unit: Literal["users", "users_items"] = "users"
    seeds: Literal["components", "bootstrap"] = "components"
    pairs: Literal["baseline", "all"] = "baseline"
    seed: Seed = 0


def _short_label(metric: Metric) -> str:
    """Return name and cutoff without the options."""
    return f"{metric.name}@{'' if metric.cutoff is None else metric.cutoff}"


def not_computed(path: tuple[str, ...], what: str, label: str, labels: list[str]) -> FaultError:
    """Return the error for a label that no metric of the experiment has."""
    return FaultError(path, f"{what} {shown(label)} is not computed. {did_you_mean(label, labels)}")


def _check_key(key: str, check: Any) -> Any:
    try:
        return check()
    except FaultError as fault:
        raise FaultError((key, *fault.path), fault.message) from fault
