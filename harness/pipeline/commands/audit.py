"""Audit the data and the split of an experiment: ``harness data audit``.

A trial shows how far the tie rule alone moves the metrics of a baseline.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.artifacts import DatasetAudit, DataWarning, FittedModel, TieRuleValues, TieTrial, ValueRange
from harness.errors import HarnessError
from harness.pipeline.stages.data_audit import data_findings
from harness.pipeline.stages.measurement import measured
from harness.pipeline.stages.preparation import FIT_PARTS, PreparedData, prepare
from harness.pipeline.stages.side_arrays import side_of
from harness.pipeline.stages.task import task_of

if TYPE_CHECKING:
    from harness.experiment import Experiment

_BY_ID = ("item_ascending", "item_descending")
_REFUSES = DataWarning(
    "ties_refused",
    1,
    "The split refuses ties (ties: error); it is audited here as if they were shuffled, seed 0.",
)


@dataclass(frozen=True)
class TieOptions:
    """Options of the trial of the tie rules.

    Parameters
    ----------
    seeds
        The number of shuffles, seeded 0, 1, …; 0 for no trial.
    baseline
        A registered kind of model. It is fitted with its default parameters for each rule.
    """

    seeds: int = 0
    baseline: str = "popularity"


def audit_dataset(experiment: Experiment, ties: TieOptions | None = None) -> DatasetAudit:
    """Return the audits of an experiment's data, split and candidates, and a trial of the tie rules.

    A split that refuses ties is audited under ``shuffle`` in a trial; a warning says so.

    Parameters
    ----------
    experiment
        From ``load_experiment``.
    ties
        Options of the trial; None for no trial.

    Raises
    ------
    HarnessError
        The split has no tie rule to try, or the baseline is unknown.
    """
    options = TieOptions() if ties is None else ties
    refuses = options.seeds > 0 and experiment.dataset.split.ties == "error"
    if refuses:
        experiment = _shuffling(experiment)
    prepared = prepare(experiment)
    audits = data_findings(experiment, prepared.split, task_of(experiment, prepared.split))
    audit = DatasetAudit(
        name=experiment.name,
        split=experiment.to_dict()["dataset"]["split"],
        warnings=(*prepared.source.warnings, *((_REFUSES,) if refuses else ())),
        audits=audits,
    )
    if options.seeds == 0:
        return audit
    tied = next((finding.count for finding in audits if finding.name == "tied_targets"), None)
    return dataclasses.replace(audit, ties=tie_trial(experiment, prepared, options, decides=tied != 0))


def _shuffling(experiment: Experiment) -> Experiment:
    """Return an experiment whose split shuffles ties rather than refusing them."""
    rule: Any = experiment.dataset.split
    split = dataclasses.replace(rule, ties="shuffle")
    return dataclasses.replace(experiment, dataset=dataclasses.replace(experiment.dataset, split=split))


def tie_trial(experiment: Experiment, prepared: PreparedData, options: TieOptions, *, decides: bool = True) -> TieTrial:
    """Return the metrics of a baseline under several tie rules, with everything else as in the experiment.

    Parameters
    ----------
    experiment, prepared
        The experiment and its data.
    options
        The shuffles and the baseline.
    decides
        Whether the rule decides any held-out interaction; where it does not, the trial has no rows.

    Raises
    ------
    HarnessError
        No order in time decides the parts of the split, or the baseline is unknown.
    """
    split: Any = experiment.dataset.split
    has_rule = {"ties", "seed"} <= {option.name for option in dataclasses.fields(split)}
    if not has_rule or prepared.split.is_by_chance:
        raise HarnessError(
            f"the split {split.kind} does not order interactions by time, so that ties do not change it. "
            "Leave out --ties."
        )
    rows = []
    for rule in _rules(split, options.seeds) if decides else ():
        parts = rule.split(prepared.filtered.interactions)
        values = _measured(experiment, dataclasses.replace(prepared, split=parts), options.baseline)
        rows.append(TieRuleValues(rule.ties, rule.seed if rule.ties == "shuffle" else None, values))
    ranges = {label: _range([row.values[label] for row in rows]) for label in (rows[0].values if rows else ())}
    return TieTrial(options.baseline, experiment.primary, tuple(rows), ranges)


def _rules(split: Any, seeds: int) -> Iterator[Any]:
    for seed in range(seeds):
        yield dataclasses.replace(split, ties="shuffle", seed=seed)
    for rule in _BY_ID:
        yield dataclasses.replace(split, ties=rule)


def _measured(experiment: Experiment, prepared: PreparedData, baseline: str) -> Mapping[str, float]:
    from harness.experiment import component_of
    from harness.runner import Options, predict
    from harness.topk import choose_device

    model = component_of("models", baseline, {})
    if not isinstance(model, FittedModel):
        raise HarnessError(f"the baseline {baseline} is not fitted in closed form. Use popularity, item_knn or ease.")
    split, task = prepared.split, task_of(experiment, prepared.split)
    rows, device = split.interactions, choose_device(experiment.runner.device)
    on = "train_validation" if experiment.evaluation.part == "test" else "train"
    tensors = model.fit(split.history(FIT_PARTS[on]))
    recommender = model.recommender(tensors, users=rows.user_ids, items=rows.item_ids, device=device)
    prediction_task = dataclasses.replace(task, scored=True)
    made = predict(recommender, prediction_task, Options(device=device), quiet=True)
    side = side_of(experiment.metrics, task, split)
    table = measured(experiment, made.topk, task, made.target_ranks, side=side)
    return {value.label: value.value for value in table.values}


def _range(values: Sequence[float]) -> ValueRange:
    low, high = min(values), max(values)
    return ValueRange(low, high, high / low if low > 0 else None)
