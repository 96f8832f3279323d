"""The checks of where the last items of histories stand in what a model gives, and the relevant items of the run."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from harness.artifacts import AnyRecommender, Finding
from harness.artifacts.array_types import BoolArray, Int64Array
from harness.pipeline.model_trial.chance import against_chance
from harness.pipeline.model_trial.input_shifts import Move, moves_of, off_by_one, padded_wrongly, repadded
from harness.pipeline.model_trial.item_ranks import Standing
from harness.pipeline.model_trial.last_items import LastItems, relevant_standing
from harness.pipeline.model_trial.trial_users import Few, by_hash

_TIMES = 8  # as many users as have their lists compared
_CELLS = 1 << 24  # scores that are made at once
_ENOUGH = 32  # users, fewer of whom show nothing


@dataclass(frozen=True, eq=False)
class Ranking:
    """The checks of places in rankings.

    Parameters
    ----------
    few
        What asks.
    rows, with_truth
        int64 ``(users,)``: rows of the task with two items in their history or more, and with relevant items, in an
        order that goes by the users' external ids.
    moves
        The model with its items or users moved.
    other_side
        The model with its histories padded on the other side; None where it pads none.
    reads_history
        Whether the model goes by the history.
    """

    few: Few
    rows: Int64Array
    with_truth: Int64Array
    moves: tuple[Move, ...]
    other_side: tuple[str, AnyRecommender] | None
    reads_history: bool

    @classmethod
    def of(cls, few: Few, lengths: Int64Array, *, users: int, reads_history: bool) -> Ranking:
        """Return the checks of a model, for up to eight times as many users as have their lists compared."""
        task, recommender = few.task, few.recommender
        most = min(_TIMES * users, max(users, _CELLS // max(1, task.n_items)))
        return cls(
            few,
            by_hash(task, np.flatnonzero(lengths >= 2))[:most],
            by_hash(task, np.flatnonzero(np.diff(task.truth.indptr) > 0))[:most],
            tuple(moves_of(recommender)),
            repadded(recommender),
            reads_history,
        )

    @property
    def lists(self) -> int:
        """How many lists the checks ask for at most."""
        return len(self.rows) * (self._calls - 1) + len(self.with_truth)

    def checks(self) -> Iterator[tuple[str, Callable[[], Iterator[Finding]]]]:
        """Yield each check with the name of what it finds."""
        if self.few.task.n_items < 3:
            return
        yield "no_better_than_chance", self._chance
        if len(self.rows) == 0:
            return
        for what in dict.fromkeys(move.what for move in self.moves):
            moves = [move for move in self.moves if move.what == what]
            yield f"{what}_off_by_one", functools.partial(self._off_by_one, moves)
        if self.other_side is not None:
            yield "padding_side", self._padding

    @property
    def _calls(self) -> int:
        """How many times the last items, or the relevant ones, are looked for."""
        return 2 + len(self.moves) + (self.other_side is not None)

    @functools.cached_property
    def _users(self) -> int:
        """How many users there is time for in all of the checks and in two more; as many as show something at least."""
        return self.few.whole_batches(max(_ENOUGH, self.few.budget.users_for(self._calls + 2)))

    @functools.cached_property
    def _as_it_is(self) -> tuple[LastItems, Standing, BoolArray]:
        """What is looked for, where it stands, and who is given nothing of the whole history."""
        last = LastItems.of(self.few, self.rows[: self._users])
        return last, *last.as_it_is()

    def _chance(self) -> Iterator[Finding]:
        standing, left_out = Standing(np.empty(0), np.empty(0)), np.zeros(0, dtype=bool)
        if len(self.rows):
            _, standing, left_out = self._as_it_is
        relevant = relevant_standing(self.few, self.with_truth[: self._users])
        found = against_chance(standing, left_out, relevant, reads_history=self.reads_history)
        if found is not None:
            yield found

    def _shown(self) -> tuple[LastItems, Standing] | None:
        """Return the users whose last items can show a move, and the ranks of these items.

        None if the model ranks last items at the bottom: then any other item ranks higher, moved or not.
        """
        last, standing, left_out = self._as_it_is
        shows = standing.of(~left_out)
        return None if shows.is_at_bottom else (last.of_users(~left_out), shows)

    def _off_by_one(self, moves: list[Move]) -> Iterator[Finding]:
        if (shown := self._shown()) is not None:
            yield off_by_one(moves, *shown)

    def _padding(self) -> Iterator[Finding]:
        if self.other_side is not None and (shown := self._shown()) is not None:
            yield from padded_wrongly(*self.other_side, *shown)
