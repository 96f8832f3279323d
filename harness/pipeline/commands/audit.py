"""What a split does to numbers: its audits, and how far the rule of ties alone moves a baseline."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.artifacts import FittedModel
from harness.errors import HarnessError
from harness.pipeline.stages.data_audit import data_findings
from harness.pipeline.stages.measurement import measured
from harness.pipeline.stages.preparation import FIT_PARTS, PreparedData, prepare
from harness.pipeline.stages.side_arrays import side_of
from harness.pipeline.stages.task import task_of

if TYPE_CHECKING:
    from harness.experiment import Experiment

_BY_ID = ("item_ascending", "item_descending")
_REFUSES = {
    "name": "ties_refused",
    "count": 1,
    "sentence": "The split refuses ties (ties: error); it is audited here as if they were shuffled, seed 0.",
}


@dataclass(frozen=True)
class TieOptions:
    """How the rule of ties is tried out.

    Parameters
    ----------
    seeds
        So many shuffles, seeded 0, 1, …; 0 for no trial at all.
    baseline
        A registered kind of model, with its usual parameters, fitted anew for each rule.
    """

    seeds: int = 0
    baseline: str = "popularity"


def audit_dataset(experiment: Experiment, ties: TieOptions | None = None) -> dict[str, Any]:
    """Return the audits of an experiment's data, split and candidates, and a trial of its rule of ties.

    Returns
    -------
    dict
        ``name``, ``split`` (its options), ``audits``, ``warnings`` of the reading, and with seeds
        ``ties``: ``baseline``, ``primary``, ``rows`` (a rule each, with the metrics' values; none where
        no tie decides a part) and ``ranges`` (``low``, ``high`` and ``ratio`` of each metric). A split
        that refuses ties is then audited under ``shuffle``, which ``warnings`` says.

    Raises
    ------
    HarnessError
        The split has no rule of ties to try, or the baseline is unknown.
    """
    tried = ties is not None and ties.seeds > 0
    refuses = experiment.dataset.split.ties == "error"
    if tried and refuses:
        experiment = _shuffling(experiment)
    prepared = prepare(experiment)
    task = task_of(experiment, prepared.split)
    audits = data_findings(experiment, prepared.split, task)
    found: dict[str, Any] = {
        "name": experiment.name,
        "split": experiment.to_dict()["dataset"]["split"],
        "warnings": [*prepared.source.facts.get("warnings", []), *([_REFUSES] if tried and refuses else [])],
        "audits": audits,
    }
    if ties is not None and tried:
        decided = next((audit["count"] for audit in audits if audit["name"] == "tied_targets"), None)
        found["ties"] = tie_trial(experiment, prepared, ties, decides=decided != 0)
    return found


def _shuffling(experiment: Experiment) -> Experiment:
    """Return an experiment whose split refuses ties with one that shuffles them."""
    rule: Any = experiment.dataset.split
    split = dataclasses.replace(rule, ties="shuffle")
    return dataclasses.replace(experiment, dataset=dataclasses.replace(experiment.dataset, split=split))


def tie_trial(
    experiment: Experiment, prepared: PreparedData, ties: TieOptions, *, decides: bool = True
) -> dict[str, Any]:
    """Return a baseline's metrics under several rules of ties, all else as the experiment has it.

    Where the rule ``decides`` nothing there are no rows.

    Raises
    ------
    HarnessError
        No order in time decides the split's parts, or the baseline is unknown.
    """
    split: Any = experiment.dataset.split
    has_rule = {"ties", "seed"} <= {option.name for option in dataclasses.fields(split)}
    if not has_rule or prepared.split.facts.get("tied_users", ...) is None:
        raise HarnessError(
            f"the parts of the split {split.kind} are not decided by an order in time: no tie moves them."
        )
    rows: list[dict[str, Any]] = []
    for rule in _rules(split, ties.seeds) if decides else ():
        parts = rule.split(prepared.filtered.interactions)
        values = _measured(experiment, dataclasses.replace(prepared, split=parts), ties.baseline)
        rows.append({"ties": rule.ties, "seed": rule.seed if rule.ties == "shuffle" else None, **values})
    labels = [label for row in rows[:1] for label in row if label not in ("ties", "seed")]
    ranges = {label: _range(rows, label) for label in labels}
    return {"baseline": ties.baseline, "primary": experiment.primary, "rows": rows, "ranges": ranges}


def _rules(split: Any, seeds: int) -> Iterator[Any]:
    for seed in range(seeds):
        yield dataclasses.replace(split, ties="shuffle", seed=seed)
    for rule in _BY_ID:
        yield dataclasses.replace(split, ties=rule)


def _measured(experiment: Experiment, prepared: PreparedData, baseline: str) -> dict[str, float]:
    from harness.experiment import component_of
    from harness.runner import Options, predict
    from harness.topk import choose_device

    model = component_of("models", baseline, {})
    if not isinstance(model, FittedModel):
        raise HarnessError(f"the baseline {baseline} is not fitted at once. Use popularity, item_knn or ease.")
    split, task = prepared.split, task_of(experiment, prepared.split)
    rows, device = split.interactions, choose_device(experiment.runner.device)
    on = "train_validation" if experiment.evaluation.part == "test" else "train"
    tensors = model.fit(split.history(FIT_PARTS[on]))
    recommender = model.recommender(tensors, users=rows.user_ids, items=rows.item_ids, device=device)
    asked = dataclasses.replace(task, scored=True)
    made = predict(recommender, asked, Options(device=device), quiet=True)
    side = side_of(experiment.metrics, task, split)
    table = measured(experiment, made.topk, task, made.target_ranks, side=side)
    return {value.label: value.value for value in table.values}


def _range(rows: Sequence[dict[str, Any]], label: str) -> dict[str, float | None]:
    values = [row[label] for row in rows]
    low, high = min(values), max(values)
    return {"low": low, "high": high, "ratio": high / low if low > 0 else None}
