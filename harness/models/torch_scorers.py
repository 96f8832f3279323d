"""Foreign modules that score: logits over their items, or vectors of users and items."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
import torch

from harness.artifacts import UserBatch
from harness.errors import HarnessError
from harness.models.id_map import OWN, SORTED
from harness.models.torch_answers import UNKNOWN_SCORE, at_last, check_finite, settled, table_of
from harness.models.torch_calls import Answer, Caller, first_of
from harness.models.torch_trials import OfModule


@dataclass(frozen=True, eq=False)
class Places:
    """Where the items of the data set stand among a module's columns or rows.

    Parameters
    ----------
    columns
        int64 ``(items,)``: any, of an item that the model does not know.
    unknown
        bool ``(items,)``, or None where the model knows all of them.
    """

    columns: torch.Tensor
    unknown: torch.Tensor | None

    @classmethod
    def of(cls, caller: Caller, size: int, what: str, *, shift: int = 0) -> Places:
        """Return the places among ``size`` columns.

        Raises
        ------
        HarnessError
            There are more or fewer than the items and what is declared beside them.
        """
        items, output = caller.items, caller.model.output
        first = first_of(caller)
        n_model = len(items.own_index)
        # Own ids that are indices say how many there are at least, not how many.
        fits = (
            first + n_model + output.trailing <= size if is_open(caller) else first + n_model + output.trailing == size
        )
        if not fits:
            raise HarnessError(_misfit(caller, size, what, first, n_model))
        known = items.model_index >= 0
        columns = np.clip(np.where(known, items.model_index, 0) + first + shift, 0, size - 1)
        unknown = None if known.all() else torch.from_numpy(~known).to(caller.device)
        return cls(torch.from_numpy(columns).to(caller.device), unknown)


def is_open(caller: Caller) -> bool:
    """Return whether the ids of items do not say how many indices the model has."""
    ids = caller.model.items.ids
    return ids == OWN or ids.lower().endswith(".json")


def _misfit(caller: Caller, size: int, what: str, first: int, n_model: int) -> str:
    output = caller.model.output
    told = (
        f"the module has {size:,} {what}, and {n_model:,} items with {first} {what} before them (output.first) and "
        f"{output.trailing} behind (output.trailing) make {first + n_model + output.trailing:,}."
    )
    extra = size - n_model
    ids = caller.model.items.ids
    mend = f"is '{ids}' the file of its items?"
    if ids == SORTED:
        mend = "name the file of their ids in model.params.items.ids"
    if extra < 0:
        return (
            f"{told} It was trained on fewer items: {mend}; what it does not know may stand behind all others "
            "(unknown_items: last)."
        )
    if extra == 0:
        return f"{told} Set output.first: 0 and output.trailing: 0: there is no {what[:-1]} of padding."
    if extra <= 4:
        choices = " or ".join(
            f"first: {before} and trailing: {extra - before}" for before in range(min(extra, 2), -1, -1)
        )
        return f"{told} What fits: {choices} (model.params.output); a {what[:-1]} of padding mostly is the first."
    return f"{told} It was trained on other items: {mend}."


@dataclass(frozen=True, eq=False)
class LogitsScorer(OfModule):
    """A module that gives a score for each of its items.

    Parameters
    ----------
    caller
        The module.
    shift
        By how much the columns are moved, to try whether they are off by one.
    """

    caller: Caller
    shift: int = 0
    _places: dict[int, Places] = dataclasses.field(init=False, default_factory=dict, repr=False)

    def score(self, batch: UserBatch) -> torch.Tensor:
        """Return float32 ``(batch, items)``."""
        parts = [self._scores(answer) for answer in self.caller.answers(batch)]
        return parts[0] if len(parts) == 1 else torch.cat(parts)

    def otherwise(self, caller: Caller, shift: int) -> LogitsScorer:
        """Return the same with another caller and shift."""
        return LogitsScorer(caller, shift)

    def _scores(self, answer: Answer) -> torch.Tensor:
        logits = at_last(self.caller, answer, what="logits")  # (users, columns)
        size = logits.shape[1]
        if size not in self._places:
            self._places[size] = Places.of(self.caller, size, "columns", shift=self.shift)
        places = self._places[size]
        scores = settled(self.caller, answer, logits.index_select(1, places.columns), "logits")
        return scores if places.unknown is None else scores.masked_fill(places.unknown, UNKNOWN_SCORE)


class VectorsScorer(OfModule):
    """A module whose scores are products of vectors of users and items.

    Parameters
    ----------
    caller
        The module.
    shift
        By how much the rows of items are moved, to try whether they are off by one.
    """

    def __init__(self, caller: Caller, *, shift: int = 0) -> None:
        self.caller, self.shift = caller, shift
        output = caller.model.output
        assert output.items is not None  # noqa: S101  (the configuration has it)
        table = table_of(caller, output.items, "items")
        places = Places.of(caller, len(table), "rows", shift=shift)
        vectors = table.index_select(0, places.columns).float()
        check_finite(caller, vectors, "item vectors")
        # A further dimension, 1 for each user, puts what the model does not know behind all else.
        self._extra = places.unknown is not None
        if places.unknown is not None:
            vectors = vectors.masked_fill(places.unknown[:, None], 0.0)
            vectors = torch.cat([vectors, (places.unknown * UNKNOWN_SCORE)[:, None].float()], dim=1)
        self._items = vectors.contiguous()
        self._users = None if output.users is None else table_of(caller, output.users, "users").float()

    def user_vectors(self, batch: UserBatch) -> torch.Tensor:
        """Return float32 ``(batch, dimension)``."""
        if self._users is not None:
            indices = self.caller.user_indices(batch.users)
            if len(indices) and int(indices.max()) >= len(self._users):
                raise HarnessError(
                    f"the module has {len(self._users):,} rows of users, and one is to have row {int(indices.max()):,} "
                    "(call.user_offset included). Name the file of the model's user ids in model.params.users.ids."
                )
            found = self._users[torch.from_numpy(indices).to(self._users.device)]
            check_finite(self.caller, found, "user vectors")
        else:
            found = torch.cat([self._vectors(answer) for answer in self.caller.answers(batch)])
        width = self._items.shape[1] - self._extra
        if found.shape[1] != width:
            raise HarnessError(
                f"the module gives users {found.shape[1]} dimensions, and the items of "
                f"{self.caller.model.output.items} have {width}; they must be alike."
            )
        return torch.cat([found, torch.ones_like(found[:, :1])], dim=1) if self._extra else found

    def item_vectors(self) -> torch.Tensor:
        """Return float32 ``(items, dimension)``."""
        return self._items

    def otherwise(self, caller: Caller, shift: int) -> VectorsScorer:
        """Return the same with another caller and shift."""
        return VectorsScorer(caller, shift=shift)

    def _vectors(self, answer: Answer) -> torch.Tensor:
        return settled(self.caller, answer, at_last(self.caller, answer, what="user vectors"), "user vectors")
