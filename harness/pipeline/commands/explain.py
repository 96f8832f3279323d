"""Draw what in the history of one user leads to the list that a model makes: ``harness explain``."""

from __future__ import annotations

import bisect
import difflib
import hashlib
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from harness import storage
from harness.artifacts import (
    NO_ITEM,
    Attention,
    AttentionExplainer,
    Contributions,
    ExampleItem,
    Interactions,
    RecommendationTask,
    Split,
    Truth,
    Vocabulary,
)
from harness.artifacts.array_types import BoolArray, Float32Array, Int32Array
from harness.errors import HarnessError, did_you_mean
from harness.models import PredictionFile
from harness.pipeline.commands.attention_picture import AttentionExample, PictureOptions, attention_svg, titles_of
from harness.pipeline.commands.contribution_picture import ContributionExample, contribution_svg
from harness.pipeline.commands.validate import check_inputs
from harness.pipeline.stages.history_contributions import history_contributions, strongest_reasons
from harness.pipeline.stages.preparation import prepare
from harness.pipeline.stages.recommendation import ModelPredictions
from harness.pipeline.stages.task import task_of

if TYPE_CHECKING:
    from harness.artifacts import RecommendationTask
    from harness.experiment import Experiment

_NEAR = 10_000  # ids on each side among which a mistyped one is looked for
_PLAIN = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True, eq=False)
class Explanation:
    """The picture of an explanation, with its content.

    Parameters
    ----------
    path
        The SVG file.
    attention
        The attention to the whole history that the model reads; None for a model without attention.
    contributions
        What the last items of the history add to the scores; None for a model with attention.
    items
        int32 ``(k,)``: item indices of the list, best first; shorter where there are fewer candidates.
    scores
        float32 ``(k,)``: scores of ``items``.
    relevant
        bool ``(k,)``: whether each of ``items`` is held out.
    listed
        The list with titles, and with the items of the history that add most to each score where they are known.
    """

    path: Path
    attention: Attention | None
    contributions: Contributions | None
    items: Int32Array
    scores: Float32Array
    relevant: BoolArray
    listed: tuple[ExampleItem, ...] = ()


def explain(
    experiment: Experiment, user: str, picture: PictureOptions | None = None, *, quiet: bool = False
) -> Explanation:
    """Draw what in a user's history leads to the list that an experiment's model makes.

    A model with attention is explained by its attention. Any other model that scores items is explained by what each
    item of the history adds to the scores: exactly where a score is a sum over the history, and else by scoring again
    without the item. The checkpoint is fitted if it is missing. The user need not have a held-out item. With rolling
    history the user is explained at the last held-out moment.

    Parameters
    ----------
    experiment
        From ``load_experiment``.
    user
        The external id, as text.
    picture
        Options of the picture; None for 10 recommended items and the last 30 items of the history.
    quiet
        Show no progress of fitting.

    Raises
    ------
    HarnessError
        There is no such user, the user has no history, the model makes lists without scores or attention, or something
        in the experiment, the data or the checkpoint is wrong.
    """
    picture = PictureOptions() if picture is None else picture
    _refuse_lists(experiment)
    check_inputs(experiment)
    # Any user can be explained, also one that a run leaves out.
    experiment = replace(experiment, runner=replace(experiment.runner, limit_users=None))
    split = prepare(experiment).split
    place = _index_of(user, split.interactions.user_ids)
    task = _task_of_user(experiment, split, task_of(experiment, split), place, picture.k)
    if len(task.batch(0, 1).rows()[1]) == 0:
        raise HarnessError(
            f"user '{_own(split.interactions.user_ids, place)}' has no history before the {experiment.evaluation.part} "
            "part: there is nothing to explain by. Choose another user."
        )
    own = _own(split.interactions.user_ids, place)
    found = _computed(experiment, split, task, picture, quiet=quiet)
    if found.attention is not None and found.attention.outputs_are == "list" and len(found.items) == 0:
        why = "the user has seen all that may be recommended (candidates.exclude: seen)"
        raise HarnessError(
            f"the list of user '{own}' is empty, and the attention of this model is that of a list: "
            f"{why if task.exclude_seen else 'the model found nothing'}. Choose another user"
            f"{', or use candidates.exclude: none' if task.exclude_seen else ''}."
        )
    titles = titles_of(split.interactions)
    if found.attention is not None:
        heading = f"What {experiment.name} attends to for user {own}"
        example = AttentionExample(heading, task, found.attention, found.items, found.scores, found.relevant)
        svg = attention_svg(example, titles, picture)
    else:
        assert found.contributions is not None  # noqa: S101  (one of both is known)
        heading = f"Why {experiment.name} recommends these items to user {own}"
        svg = contribution_svg(
            ContributionExample(heading, task, found.contributions, found.items, found.scores, found.relevant),
            titles,
            most=picture.items,
        )
    path = _path(experiment, own)
    storage.write_text(path, svg)
    return replace(found, path=path, listed=_listed(found, split.interactions))


def _listed(found: Explanation, rows: Interactions) -> tuple[ExampleItem, ...]:
    """Return the list with titles and reasons."""
    ids, titles = rows.item_ids.ids, rows.titles(found.items)
    listed = [
        ExampleItem(str(ids[item]), title, bool(relevant))
        for item, title, relevant in zip(found.items, titles, found.relevant, strict=True)
    ]
    shown = found.contributions
    if shown is None:
        return tuple(listed)
    named = [(str(ids[item]), title) for item, title in zip(shown.history, rows.titles(shown.history), strict=True)]
    return tuple(
        replace(one, reasons=strongest_reasons(weights, named))
        for one, weights in zip(listed, shown.weights, strict=True)
    )


def _refuse_lists(experiment: Experiment) -> None:
    """Raise an error for lists from a file, before anything is read."""
    if isinstance(experiment.model.params, PredictionFile):
        raise HarnessError(
            "the lists come from a file, which holds no model to explain. Use the experiment of the model itself."
        )


def _index_of(user: str, vocabulary: Vocabulary) -> int:
    place = int(vocabulary.lookup([user])[0])
    if place < 0:
        ids = vocabulary.ids
        near = bisect.bisect_left(ids, user) if vocabulary.is_text else 0
        options = list(map(str, ids[max(near - _NEAR, 0) : near + _NEAR].tolist()))
        close = difflib.get_close_matches(user, options, n=1)
        examples = ", ".join(f"'{own}'" for own in ids[:3].tolist())
        hint = did_you_mean(user, close) if close else f"It has {len(ids):,}, such as {examples}."
        raise HarnessError(f"there is no user '{user}' in the data set after its filters. {hint}")
    return place


def _task_of_user(
    experiment: Experiment, split: Split, task: RecommendationTask, user: int, k: int
) -> RecommendationTask:
    """Return the task of one user, in or outside the evaluated part."""
    whole = task
    if whole.scored:  # of all candidates: a longer list begins like that of a run, which a beam search does not promise
        whole = replace(whole, k=max(whole.k, min(k, whole.n_items)))
    rows = np.flatnonzero(task.users == user)
    if len(rows):
        last = rows[-1] if task.times is None else rows[np.argmax(task.times[rows])]
        return whole.of_users(np.array([last]))
    return replace(
        whole,
        users=np.array([user], dtype=np.int64),
        truth=Truth.from_lists([[]]),
        history=split.history(task.history_parts) if split.rolling else task.history,
        places=None,
        lists=None,
        times=None,
    )


def _computed(
    experiment: Experiment, split: Split, task: RecommendationTask, picture: PictureOptions, *, quiet: bool
) -> Explanation:
    """Return the list of one user with attention or contributions, without a picture."""
    import torch

    from harness.pipeline.workers.prediction_cache import options_of
    from harness.pipeline.workers.shard_jobs import ModelSource
    from harness.runner import compute_topk

    source = ModelPredictions.of(experiment, split, quiet=quiet)
    plain = experiment.to_dict()["model"]
    model = ModelSource(plain["kind"], plain["params"], plain["checkpoint"])
    recommender = model.recommender(task, source.device)
    task.check()
    found = compute_topk(recommender, task, options_of(experiment, source.device))
    items = found.items[0][: picture.k]
    items = items[items != NO_ITEM]
    attention, contributions = None, None
    with torch.inference_mode():
        if isinstance(recommender, AttentionExplainer):
            attention = recommender.attention(task.batch(0, 1), items, titles_of(split.interactions))
            _check(attention, len(items))
        else:
            if picture.by_head:
                raise HarnessError(f"a model of kind '{model.kind}' has no attention heads. Leave out --by-head.")
            contributions = history_contributions(recommender, task, items, most=picture.items)
            if contributions is None:
                raise HarnessError(
                    f"a model of kind '{model.kind}' makes lists itself and states neither scores of single items nor "
                    "attention, so that there is nothing to explain them by."
                )
    scores = found.scores[0][: len(items)]
    return Explanation(Path(), attention, contributions, items, scores, np.isin(items, task.truth.items))


def _check(attention: Attention, n_items: int) -> None:
    """Check the shapes of the attention, which may come from the model of a plug-in."""
    weights, outputs, inputs = attention.weights, len(attention.outputs), len(attention.inputs)
    own = {"inputs": inputs, "list": n_items}.get(attention.outputs_are, outputs)
    if outputs != own:
        what = "items of the list" if attention.outputs_are == "list" else "items of its history"
        raise HarnessError(
            f"the model gave attention of {outputs} outputs, which it says are the {own} {what}; it needs one output "
            "for each."
        )
    nothing = attention.outputs_are == "list" and n_items == 0
    if weights.ndim != 3 or weights.shape[1:] != (outputs, inputs) or (0 in weights.shape and not nothing):
        raise HarnessError(
            f"the model gave attention of shape {weights.shape} from {outputs} outputs to {inputs} items; "
            "(heads, outputs, inputs) is needed, 1 or more each."
        )


def _path(experiment: Experiment, own: str) -> Path:
    # An id may be any text, such as a path.
    name = own if _PLAIN.fullmatch(own) else f"user-{hashlib.sha256(own.encode()).hexdigest()[:16]}"
    folder = storage.inside(Path(experiment.report.directory), experiment.name)
    return storage.inside(folder, f"explain/{name}.svg")


def _own(users: Vocabulary, place: int) -> str:
    return str(users.ids[place])
