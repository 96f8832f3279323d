"""Recommenders by external modules that return logits or vectors."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
import torch

from harness.artifacts import UserBatch
from harness.errors import HarnessError
from harness.models.external.id_map import OWN, SORTED
from harness.models.torch_module.torch_answers import at_last, check_finite, settled, table_of
from harness.models.torch_module.torch_calls import ModuleAnswer, ModuleCaller, first_of
from harness.models.torch_module.torch_variants import ModuleRecommender
from harness.models.vectors.vectors_network import LAST

_MOST_EXTRA = 4  # rows or columns of no item or user that may be padding


@dataclass(frozen=True, eq=False)
class ScoreColumns:
    """Columns or rows of a module for the items of the data set.

    Parameters
    ----------
    columns
        int64 ``(items,)``: an arbitrary column for items that the model does not know.
    unknown
        bool ``(items,)``: items that the model does not know; None if it knows all.
    """

    columns: torch.Tensor
    unknown: torch.Tensor | None

    @classmethod
    def of(cls, caller: ModuleCaller, size: int, what: str, *, shift: int = 0) -> ScoreColumns:
        """Return the columns of the items among ``size`` columns.

        Raises
        ------
        HarnessError
            The number of columns differs from that of the items and the declared further columns.
        """
        items, output = caller.items, caller.options.output
        first = first_of(caller)
        n_model = len(items.catalogue_index)
        if first + n_model + output.trailing != size:
            raise HarnessError(_misfit(caller, size, what, first, n_model))
        known = items.model_index >= 0
        columns = np.clip(np.where(known, items.model_index, 0) + first + shift, 0, size - 1)
        unknown = None if known.all() else torch.from_numpy(~known).to(caller.device)
        return cls(torch.from_numpy(columns).to(caller.device), unknown)


def _misfit(caller: ModuleCaller, size: int, what: str, first: int, n_model: int) -> str:
    output = caller.options.output
    ids = caller.options.items.ids
    items = f"external ids up to {n_model - 1:,}" if ids == OWN else f"{n_model:,} items"
    text = (
        f"the module has {size:,} {what}, and {items} with {first} {what} before them (output.first) and "
        f"{output.trailing} behind (output.trailing) make {first + n_model + output.trailing:,}.{caller.items.note}"
    )
    extra = size - n_model
    if caller.padding_twice and extra in range(first):
        return f"{text}{caller.padding_twice}"
    remedy = f"is '{ids}' the file of its items?"
    if ids == SORTED:
        remedy = "name the file of their ids in model.params.items.ids"
    if extra < 0:
        return (
            f"{text} It was trained on fewer items: {remedy}; unknown items can be ranked after all others "
            "(unknown_items: last)."
        )
    if extra == 0:
        return f"{text} Set output.first: 0 and output.trailing: 0: there is no {what[:-1]} of padding."
    if extra <= _MOST_EXTRA:
        choices = " or ".join(
            f"first: {before} and trailing: {extra - before}" for before in range(min(extra, 2), -1, -1)
        )
        return f"{text} What fits: {choices} (model.params.output); a {what[:-1]} of padding mostly is the first."
    if extra >= first and (ids == OWN or ids.lower().endswith(".json")):
        return (
            f"{text} Declare what is beside them: trailing: {extra - first:,} if the last {what} are of items that the "
            "data set does not have (model.params.output)."
        )
    return f"{text} It was trained on other items: {remedy}."


def _check_users(caller: ModuleCaller, rows: int) -> None:
    """Check that a table has exactly the declared rows for the model's users."""
    assert caller.users is not None  # noqa: S101  (the table of users needs them)
    call, n_model = caller.options.call, len(caller.users.catalogue_index)
    declared = call.user_offset + n_model
    if call.unknown_user == declared:  # its row may be the one after those of users
        declared += 1
    if rows == declared and (call.unknown_user is None or call.unknown_user < rows):
        return
    ids = caller.options.users.ids
    users = f"external ids up to {n_model - 1:,}" if ids == OWN else f"{n_model:,} users"
    text = (
        f"the module has {rows:,} rows of users, and {users} with {call.user_offset} rows before them "
        f"(call.user_offset) make {call.user_offset + n_model:,}.{caller.users.note}"
    )
    extra = rows - n_model
    if rows == declared:
        raise HarnessError(
            f"{text} call.unknown_user is {call.unknown_user:,}: set it to a row, the last is {rows - 1}."
        )
    if extra < 0:
        raise HarnessError(
            f"{text} It was trained on fewer users: name the file of their ids in model.params.users.ids; those that "
            "it does not know may have one row (call.unknown_user)."
        )
    if extra <= _MOST_EXTRA:
        last = f", or unknown_user: {n_model} for the last row; a row of padding mostly is the first"
        text += f" What fits: user_offset: {extra} (model.params.call){last if extra == 1 else ''}."
    raise HarnessError(
        f"{text} Otherwise name the file of their ids in model.params.users.ids, with a row, if need be an empty one, "
        "for each row of the table."
    )


@dataclass(frozen=True, eq=False)
class LogitsScorer(ModuleRecommender):
    """Recommender by a module that returns a score for each of its items.

    Parameters
    ----------
    caller
        The module.
    shift
        Number that is added to the columns, to detect whether they are off by one.
    """

    caller: ModuleCaller
    shift: int = 0
    _places: dict[int, ScoreColumns] = dataclasses.field(init=False, default_factory=dict, repr=False)

    def score(self, batch: UserBatch) -> torch.Tensor:
        """Return float32 ``(batch, items)``."""
        parts = [self._scores(answer) for answer in self.caller.answers(batch)]
        return parts[0] if len(parts) == 1 else torch.cat(parts)

    def variant(self, caller: ModuleCaller, shift: int) -> LogitsScorer:
        """Return a variant with another caller and shift."""
        return LogitsScorer(caller, shift)

    def _scores(self, answer: ModuleAnswer) -> torch.Tensor:
        logits = at_last(self.caller, answer, what="logits")  # (users, columns)
        size = logits.shape[1]
        if size not in self._places:
            self._places[size] = ScoreColumns.of(self.caller, size, "columns", shift=self.shift)
        places = self._places[size]
        scores = settled(self.caller, answer, logits.index_select(1, places.columns), "logits")
        return scores if places.unknown is None else scores.masked_fill(places.unknown, LAST)


class VectorsScorer(ModuleRecommender):
    """Recommender by a module whose scores are products of user and item vectors.

    Parameters
    ----------
    caller
        The module.
    shift
        Number that is added to the rows of items, to detect whether they are off by one.
    """

    def __init__(self, caller: ModuleCaller, *, shift: int = 0) -> None:
        self.caller, self.shift = caller, shift
        output = caller.options.output
        assert output.items is not None  # noqa: S101  (checked by the options)
        table = table_of(caller, output.items, "items")
        places = ScoreColumns.of(caller, len(table), "rows", shift=shift)
        vectors = table.index_select(0, places.columns).float()
        check_finite(caller, vectors, "item vectors")
        # One more dimension, 1 for each user, puts unknown items after all others.
        self._extra = places.unknown is not None
        if places.unknown is not None:
            vectors = vectors.masked_fill(places.unknown[:, None], 0.0)
            vectors = torch.cat([vectors, (places.unknown * LAST)[:, None].float()], dim=1)
        self._items = vectors.contiguous()
        self._users = None if output.users is None else table_of(caller, output.users, "users").float()
        if self._users is not None:
            _check_users(caller, len(self._users))

    def user_vectors(self, batch: UserBatch) -> torch.Tensor:
        """Return float32 ``(batch, dimension)``."""
        if self._users is not None:
            indices = self.caller.user_indices(batch.users)
            found = self._users[torch.from_numpy(indices).to(self._users.device)]
            check_finite(self.caller, found, "user vectors")
        else:
            found = torch.cat([self._vectors(answer) for answer in self.caller.answers(batch)])
        width = self._items.shape[1] - self._extra
        if found.shape[1] != width:
            raise HarnessError(
                f"the module gives users {found.shape[1]} dimensions, and the items of "
                f"{self.caller.options.output.items} have {width}; they must be equal."
            )
        return torch.cat([found, torch.ones_like(found[:, :1])], dim=1) if self._extra else found

    def item_vectors(self) -> torch.Tensor:
        """Return float32 ``(items, dimension)``."""
        return self._items

    def variant(self, caller: ModuleCaller, shift: int) -> VectorsScorer:
        """Return a variant with another caller and shift."""
        return VectorsScorer(caller, shift=shift)

    def _vectors(self, answer: ModuleAnswer) -> torch.Tensor:
        return settled(self.caller, answer, at_last(self.caller, answer, what="user vectors"), "user vectors")
