"""What is odd in a model that makes lists itself, or that was trained elsewhere: as audits have it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.artifacts import NO_ITEM, Finding, ForeignModel
from harness.models.foreign.torch_model import TorchModel
from harness.pipeline.checkpoints import Fitted
from harness.pipeline.jobs import ModelSource
from harness.pipeline.shards import options_of
from harness.pipeline.trial.few import cases_of
from harness.runner import PredictionTask, Shards

if TYPE_CHECKING:
    from harness.experiment import Experiment


def model_findings(
    experiment: Experiment, model: ModelSource, task: PredictionTask, fitted: Fitted | None, *, device: str
) -> tuple[dict[str, Any], ...]:
    """Return what is odd in the model itself, before it makes lists for a task.

    Parameters
    ----------
    experiment
        Whose model.
    model, task
        What recommends, and what is asked of it.
    fitted
        Its checkpoint; None of a model that was trained elsewhere, which is tried on a few users.
    device
        Where.

    Raises
    ------
    HarnessError
        A model from elsewhere does not do on a few users what its configuration says.
    """
    params = experiment.model.params
    if isinstance(params, ForeignModel):
        from harness.pipeline.trial import tried

        found = (*_pickles(params), *tried(params, model, task, options_of(experiment, device)))
    else:
        audit = getattr(params, "audit", None)
        found = (*_stopped(experiment, task), *(() if audit is None or fitted is None else audit(fitted.tensors)))
    return tuple(finding.as_dict() for finding in found)


def _pickles(params: ForeignModel) -> Iterator[Finding]:
    """Yield that a checkpoint could run code."""
    if getattr(params, "allow_pickle", False):
        sentence = "model.params.allow_pickle is set: reading the checkpoint could run any code that stands in it."
        yield Finding("allow_pickle", 1, 1, sentence)


def _stopped(experiment: Experiment, task: PredictionTask) -> Iterator[Finding]:
    """Yield that a model is measured on what its training was stopped by."""
    patience = getattr(getattr(experiment.model.params, "recipe", None), "patience", None)
    if experiment.evaluation.part == "validation" and patience is not None:
        yield Finding.counted(
            "stopped_on_validation",
            task.n_users,
            task.n_users,
            "lists",
            "they are measured on the part on which the training kept its best epoch, which flatters the model.",
        )


def _longer(params: Any) -> str:
    """Return which options make lists longer, as a sentence; empty where none is known."""
    if not isinstance(params, TorchModel):
        return ""
    output = params.output
    if not output.count_arguments:
        return (
            " The module is not told how many are asked for: name the argument that takes the number, such as a number "
            "of beams, in model.params.output.k, and raise output.k_factor where seen items are among what it gives."
        )
    return (
        f" The module is asked for {output.k_factor} times as many ({', '.join(output.count_arguments)}): raise "
        "model.params.output.k_factor."
    )


def list_findings(shards: Shards, params: Any) -> Iterator[dict[str, Any]]:
    """Yield what was odd in the lists of a model that makes them itself, before they were cleaned.

    Parameters
    ----------
    shards
        The lists.
    params
        The model's configuration, whose options the advice names.
    """
    if shards.task.scored:
        return
    oddities = np.zeros((shards.task.n_users, 4), dtype=np.int64)
    lengths = np.zeros(shards.task.n_users, dtype=np.int64)
    for (start, stop), found in zip(shards.bounds, shards, strict=True):
        assert found.oddities is not None  # noqa: S101  (of lists that a model made)
        oddities[start:stop] = found.oddities
        lengths[start:stop] = (found.items != NO_ITEM).sum(axis=1)
    given, invalid, repeated, barred = oddities.T
    total = int(given.sum())
    for name, counts, what in (
        ("invalid_ids", invalid, "no item of the catalogue"),
        ("repeated_items", repeated, "in the list already, such as duplicate beams"),
        ("barred_items", barred, "not to be recommended to the user, such as seen ones"),
    ):
        count = int(counts.sum())
        sentence = f"{count:,} of {total:,} items that the model gave were {what}; they were left out."
        yield Finding(name, count, total, sentence, cases=cases_of(shards.task, np.flatnonzero(counts))).as_dict()
    k = shards.task.k
    short = np.flatnonzero(lengths < np.minimum(k, shards.task.n_candidates()))
    empty = int((lengths[short] == 0).sum())
    nothing = f", {empty:,} of them none" if empty else ""
    sentence = (
        f"{len(short):,} of {len(lengths):,} lists hold fewer than the {k} items asked for (runner.k), though "
        f"there are candidates left{nothing}; what is lacking is a miss.{_longer(params) if len(short) else ''}"
    )
    yield Finding("short_beams", len(short), len(lengths), sentence, cases=cases_of(shards.task, short)).as_dict()
