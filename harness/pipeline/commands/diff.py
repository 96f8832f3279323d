"""Explain why two results differ: ``harness diff``.

The value of the first run becomes that of the second in steps. Each step exchanges one thing and measures the stored
lists again; the changes of the steps sum to the difference.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from harness import evaluation
from harness.artifacts import (
    NO_ITEM,
    DifferenceStep,
    Rules,
    RunDifference,
    TopK,
    Truth,
    descending_places,
)
from harness.artifacts.array_types import IdArray, Int32Array
from harness.errors import HarnessError, did_you_mean
from harness.experiment import Experiment, expand_metrics, load_experiment
from harness.pipeline.commands.eval import run
from harness.pipeline.commands.fact_changes import fact_changes
from harness.pipeline.commands.user_differences import user_differences
from harness.pipeline.run_folder.run_files import EXPERIMENT, StoredRun
from harness.pipeline.run_folder.run_sources import local_sources, whole_run
from harness.pipeline.run_folder.stored_lists import StoredLists, stored_lists

# Sections that can be exchanged while the model and its data stay.
_OF_LISTS = ("candidates", "runner")


@dataclass(frozen=True)
class DiffOptions:
    """Options of an explanation.

    Parameters
    ----------
    metric
        Label of the metric; None for the primary metric of each run.
    users
        Number of the most different users to show.
    rerun
        Whether to make lists again with the candidates of the other run, where model and split are the same.
    quiet
        Show no progress.
    """

    metric: str | None = None
    users: int = 3
    rerun: bool = True
    quiet: bool = False


def diff(a: str, b: str, options: DiffOptions | None = None) -> RunDifference:
    """Return why the value of one run differs from that of another.

    Parameters
    ----------
    a, b
        Experiment files, folders of finished runs, or ids of runs in MLflow (``mlflow:RUN-ID``).
    options
        None for the defaults.

    Raises
    ------
    HarnessError
        A run cannot be read, or lacks the metric.
    """
    options = options or DiffOptions()
    with local_sources([a, b]) as local:
        ours, theirs = (_measured(source, options) for source in local)
        return _difference(ours, theirs, options)


def _measured(source: str, options: DiffOptions) -> StoredRun:
    if Path(source).is_dir():
        return whole_run(Path(source))
    result = run(load_experiment(source, ["tracking.enabled=false"]), quiet=options.quiet)
    return StoredRun(result.folder, result.record, result.table)


def _difference(ours: StoredRun, theirs: StoredRun, options: DiffOptions) -> RunDifference:
    labels = [_label(one, options.metric) for one in (ours, theirs)]
    values = [one.table[label].value for one, label in zip((ours, theirs), labels, strict=True)]
    series = [_per_user(one, label) for one, label in zip((ours, theirs), labels, strict=True)]
    common = series[0].index.intersection(series[1].index)
    notes: list[str] = []
    lists = _stored(ours, theirs, notes)
    steps = list(_steps(ours, theirs, labels, series, common, lists, options, notes)) if len(common) else []
    if not len(common):
        notes.append("The runs have no user in common, so that the difference cannot be taken apart.")
    return RunDifference(
        a=ours.name,
        b=theirs.name,
        metric_a=labels[0],
        metric_b=labels[1],
        value_a=values[0],
        value_b=values[1],
        facts=tuple(fact_changes(ours.record, theirs.record)),
        common_users=len(common),
        only_a=len(series[0]) - len(common),
        only_b=len(series[1]) - len(common),
        steps=tuple(steps),
        users=() if lists is None else tuple(user_differences(theirs, lists, series, common, options.users)),
        notes=tuple(notes),
    )


def _label(found: StoredRun, metric: str | None) -> str:
    label = metric or found.record.experiment.evaluation.primary
    if label is None or label not in found.table.user_values:
        hint = did_you_mean(str(label), list(found.table.user_values))
        raise HarnessError(f"'{found.name}' has no values per user of {label}. {hint}")
    return label


def _per_user(found: StoredRun, label: str) -> pd.Series[float]:
    return pd.Series(found.table.user_values[label], index=pd.Index(found.table.users))


def _steps(
    ours: StoredRun,
    theirs: StoredRun,
    labels: Sequence[str],
    series: Sequence[pd.Series[float]],
    common: pd.Index[Any],
    lists: tuple[StoredLists, StoredLists] | None,
    options: DiffOptions,
    notes: list[str],
) -> Iterator[DifferenceStep]:
    """Yield the steps from the value of the first run to that of the second."""
    last, target = float(series[0].mean()), float(series[1].reindex(common).mean())

    def step(name: str, meaning: str, value: float, n_users: int) -> DifferenceStep:
        nonlocal last
        change, last = value - last, value
        return DifferenceStep(name, meaning, value, change, n_users)

    n = len(common)
    if len(series[0]) > n:
        meaning = f"only the {n:,} users that {theirs.name} measured, too"
        yield step("users", meaning, float(series[0].reindex(common).mean()), n)
    if lists is not None:
        judges = lists[0] if _same_truth(ours, theirs) else lists[1]
        if judges is not lists[0]:
            judged = _judged(lists[0], judges, labels[0], _rules(ours), common)
            yield step("relevant items", f"the relevant items of {theirs.name}", judged, n)
        if (labels[0], *_definition(ours, labels[0])) != (labels[1], *_definition(theirs, labels[1])):
            judged = _judged(lists[0], judges, labels[1], _rules(theirs), common)
            yield step("metric", f"{labels[1]} as {theirs.name} defines it", judged, n)
    if options.rerun and (again := _with_other_lists(ours, theirs, options, notes)) is not None:
        column = _per_user(again, labels[1]).reindex(common)
        if not column.isna().any():
            yield step("candidates", f"candidates and runner of {theirs.name}, with the same model", column.mean(), n)
    changed = sorted({fact.stage for fact in fact_changes(ours.record, theirs.record)} & {"model", "data", "split"})
    what = f" (differs: {', '.join(changed)})" if changed else ""
    yield step("model", f"the lists of {theirs.name}{what}", target, n)
    if len(series[1]) > n:
        meaning = f"all users of {theirs.name}"
        yield step("users", meaning, float(series[1].mean()), len(series[1]))


def _stored(ours: StoredRun, theirs: StoredRun, notes: list[str]) -> tuple[StoredLists, StoredLists] | None:
    if ours.record.protocol.rolling or theirs.record.protocol.rolling:
        notes.append("Relevant items and definitions are not exchanged, since users have several lists each.")
        return None
    try:
        return stored_lists(ours), stored_lists(theirs)
    except HarnessError as error:
        notes.append(f"Relevant items and definitions are not exchanged: {error}")
        return None


def _same_truth(ours: StoredRun, theirs: StoredRun) -> bool:
    return ours.record.fingerprints.get("split") == theirs.record.fingerprints.get("split")


def _definition(found: StoredRun, label: str) -> tuple[dict[str, Any], Rules]:
    return dict(found.table[label].variant), _rules(found)


def _rules(found: StoredRun) -> Rules:
    protocol = found.record.protocol
    return Rules(ties=protocol.ties, without_predictions=protocol.without_predictions)  # type: ignore[arg-type]


def _judged(lists: StoredLists, judges: StoredLists, label: str, rules: Rules, common: pd.Index[Any]) -> float:
    """Return the mean over common users of one run's lists, judged by the relevant items of another run, or its own.

    The exact ranks of relevant items are known only for a run's own; elsewhere ties stay in the order of the lists.
    """
    (metric,) = expand_metrics([label], [1])
    own = lists is judges
    topk, truth = lists.topk, judges.truth
    if rules.ties == "trec_eval" and topk.scores is not None:
        topk = evaluation.in_trec_order(topk, descending_places(lists.item_ids))
    places = _places(lists.item_ids, judges.item_ids)
    rows = pd.Index(np.asarray(lists.truth.users)).get_indexer(pd.Index(np.asarray(truth.users)))
    listed = np.full((len(rows), topk.k), NO_ITEM, dtype=np.int32)
    listed[rows >= 0] = topk.items[rows[rows >= 0]]
    ranks = lists.ranks if own else None
    table = evaluation.evaluate(
        TopK(listed),
        Truth(truth.indptr, places[truth.items], users=truth.users),
        metrics=[metric],
        target_ranks=ranks,
        ties=rules.ties if ranks is not None and rules.needs_ranks else "given",
    )
    return float(pd.Series(table.user_values[label], index=pd.Index(table.users)).reindex(common).mean())


def _places(known: IdArray, others: IdArray) -> Int32Array:
    """Return the index of each other item among the known ones; items that are not known get indices behind them."""
    places = pd.Index(known).get_indexer(pd.Index(others))
    unknown = np.flatnonzero(places < 0)
    places[unknown] = len(known) + unknown
    return places.astype(np.int32)


def _with_other_lists(ours: StoredRun, theirs: StoredRun, options: DiffOptions, notes: list[str]) -> StoredRun | None:
    """Return the first run with the candidates and the runner of the second, if only these can be exchanged."""
    sections = [one.record.experiment.resolved for one in (ours, theirs)]
    same = [_plain(sections[0], key) == _plain(sections[1], key) for key in _OF_LISTS]
    if all(same) or not _same_truth(ours, theirs):
        return None
    try:
        experiment = load_experiment(ours.folder / EXPERIMENT, ["tracking.enabled=false"])
        other = load_experiment(theirs.folder / EXPERIMENT, ["tracking.enabled=false"])
        with tempfile.TemporaryDirectory(prefix="harness-diff-") as folder:
            mixed = _mixed(experiment, other, Path(folder))
            result = run(mixed, quiet=True)
            return StoredRun(result.folder, result.record, result.table)
    except HarnessError as error:
        notes.append(f"Candidates and model are not taken apart: {error}")
        return None


def _mixed(experiment: Experiment, other: Experiment, folder: Path) -> Experiment:
    return replace(
        experiment,
        name="mixed",
        candidates=other.candidates,
        runner=other.runner,
        evaluation=other.evaluation,
        report=replace(experiment.report, directory=str(folder)),
        expected={},
    )


def _plain(resolved: Mapping[str, Any], key: str) -> Any:
    section = resolved.get(key)
    idle = ("device", "devices", "batch_size", "memory", "parallel")
    return (
        {name: value for name, value in section.items() if name not in idle} if isinstance(section, dict) else section
    )
