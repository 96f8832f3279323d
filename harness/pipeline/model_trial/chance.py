"""Whether a model from elsewhere ranks better than chance: if not, its ids are mixed up, or its scores upside down."""

from __future__ import annotations

from harness.artifacts import Finding
from harness.artifacts.array_types import BoolArray
from harness.pipeline.model_trial.item_ranks import Standing

_ENOUGH = 32  # users, fewer of whom show nothing


def against_chance(last: Standing, left_out: BoolArray, relevant: Standing, *, reads_history: bool) -> Finding | None:
    """Return whether a model ranks better than chance, as far as that can be told; None with too few users.

    The last items alone do not tell. A model may leave out what it was trained on, or have learnt of each user what
    comes next, which is not what came last. So it is blamed only where the relevant items of the run stand no better.

    Parameters
    ----------
    last
        Where the last items of histories stand.
    left_out
        bool ``(users,)``: from whom of these the model leaves out the whole history.
    relevant
        Where the relevant items stand.
    reads_history
        Whether the model goes by the history, so that the last item is to it what a relevant one is.
    """
    n = max(len(last), len(relevant))
    if n < _ENOUGH:
        return None
    where = (
        f"The last item of a history, left out of it, stands at {_place(last)} of the ranking on average (0 is the "
        f"top, 0.5 chance; {len(last):,} users), and a relevant one at {_place(relevant)} ({len(relevant):,} users)"
    )
    told = last.of(~left_out)
    if told.is_at_bottom and relevant.is_surely_at_bottom:
        sentence = (
            f"{where}: the model ranks far worse than chance. Is lower better, as with distances or losses? Then "
            "negate the scores."
        )
        return Finding("worse_than_chance", n, n, sentence)
    shown = relevant.is_chance or (reads_history and told.is_chance)
    if shown and not relevant.beats_chance and not told.beats_chance:
        sentence = (
            f"{where}: the model is no better than chance. Are the ids of its items and users those of the data set, "
            "in their order (model.params), and is higher better?"
        )
        return Finding("no_better_than_chance", n, n, sentence)
    if len(last) > 0 and told.is_at_bottom:
        does = "leaves out what it was trained on" if left_out.mean() > 0.5 else "puts the last item at the bottom"
        lower = "" if relevant.beats_chance else ", or lower is better"
        where = f"{where}. The model {does}{lower}; nothing is said of ids that are off by one"
    if not relevant.beats_chance and not told.beats_chance:
        where = f"{where}. That does not tell the model from chance{_how_few(told, relevant)}"
    return Finding("no_better_than_chance", 0, n, f"{where}.")


def _how_few(*standings: Standing) -> str:
    """Return how few of the items are in a list, or nothing where all are ranked."""
    listed, n = max((one.listed, len(one)) for one in standings)
    return "" if listed == n else f": lists no longer than runner.k hold {listed:,} of {n:,} such items"


def _place(standing: Standing) -> str:
    return f"{standing.mean:.2f}" if len(standing) else "no known place"
