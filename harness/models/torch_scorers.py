"""Foreign modules that score: logits over their items, or vectors of users and items."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from harness.artifacts import UserBatch
from harness.errors import HarnessError, did_you_mean
from harness.models.id_map import OWN
from harness.models.torch_calls import Answer, Caller, first_of, shift_remedy, tensor_in

UNKNOWN_SCORE = -1e30  # of items that the model cannot score: behind all others, and finite


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
    if extra < 0:
        return (
            f"{told} It was trained on fewer items: name the file of their ids in model.params.items.ids, and set "
            "unknown_items: last."
        )
    if extra == 0:
        return f"{told} Set output.first: 0 and output.trailing: 0: there is no {what[:-1]} of padding."
    if extra <= 4:
        choices = " or ".join(
            f"first: {before} and trailing: {extra - before}" for before in range(min(extra, 2), -1, -1)
        )
        return f"{told} What fits: {choices} (model.params.output); a {what[:-1]} of padding mostly is the first."
    return f"{told} It was trained on other items: name the file of their ids in model.params.items.ids."


@dataclass(frozen=True, eq=False)
class LogitsScorer:
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

    def shifted(self, by: int) -> LogitsScorer:
        """Return the same with all items moved, in the history and in the columns."""
        return LogitsScorer(dataclasses.replace(self.caller, shift=self.caller.shift + by), self.shift + by)

    def shifted_output(self, by: int) -> LogitsScorer:
        """Return the same with the items of the columns moved."""
        return LogitsScorer(self.caller, self.shift + by)

    def shift_remedy(self, by: int, *, whole: bool) -> str:
        """Return what to set where the items are better moved."""
        return shift_remedy(self.caller, by, whole=whole)

    def _scores(self, answer: Answer) -> torch.Tensor:
        logits = at_last(self.caller, answer, what="logits")  # (users, columns)
        size = logits.shape[1]
        if size not in self._places:
            self._places[size] = Places.of(self.caller, size, "columns", shift=self.shift)
        places = self._places[size]
        scores = settled(self.caller, answer, logits.index_select(1, places.columns), "logits")
        return scores if places.unknown is None else scores.masked_fill(places.unknown, UNKNOWN_SCORE)


class VectorsScorer:
    """A module whose scores are products of vectors of users and items.

    Parameters
    ----------
    caller
        The module.
    shift
        By how much the rows of items are moved, to try whether they are off by one.
    """

    def __init__(self, caller: Caller, *, shift: int = 0) -> None:
        self._caller, self._shift = caller, shift
        output = caller.model.output
        assert output.items is not None  # noqa: S101  (the configuration has it)
        table = table_of(caller, output.items, "items")
        places = Places.of(caller, len(table), "rows", shift=shift)
        vectors = table.index_select(0, places.columns).float()
        _check_finite(caller, vectors, "item vectors")
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
            indices = self._caller.user_indices(batch.users)
            if len(indices) and int(indices.max()) >= len(self._users):
                raise HarnessError(
                    f"the module has {len(self._users):,} rows of users, and one is to have row {int(indices.max()):,} "
                    "(call.user_offset included). Name the file of the model's user ids in model.params.users.ids."
                )
            found = self._users[torch.from_numpy(indices).to(self._users.device)]
            _check_finite(self._caller, found, "user vectors")
        else:
            found = torch.cat([self._vectors(answer) for answer in self._caller.answers(batch)])
        width = self._items.shape[1] - self._extra
        if found.shape[1] != width:
            raise HarnessError(
                f"the module gives users {found.shape[1]} dimensions, and the items of "
                f"{self._caller.model.output.items} have {width}; they must be alike."
            )
        return torch.cat([found, torch.ones_like(found[:, :1])], dim=1) if self._extra else found

    def item_vectors(self) -> torch.Tensor:
        """Return float32 ``(items, dimension)``."""
        return self._items

    def shifted(self, by: int) -> VectorsScorer:
        """Return the same with all items moved, in the history and in the rows."""
        return VectorsScorer(dataclasses.replace(self._caller, shift=self._caller.shift + by), shift=self._shift + by)

    def shifted_output(self, by: int) -> VectorsScorer:
        """Return the same with the items of the rows moved."""
        return VectorsScorer(self._caller, shift=self._shift + by)

    def shift_remedy(self, by: int, *, whole: bool) -> str:
        """Return what to set where the items are better moved."""
        return shift_remedy(self._caller, by, whole=whole)

    def _vectors(self, answer: Answer) -> torch.Tensor:
        return settled(self._caller, answer, at_last(self._caller, answer, what="user vectors"), "user vectors")


def at_last(caller: Caller, answer: Answer, *, what: str) -> torch.Tensor:
    """Return the row of each user in an answer, ``(users, …)``, at the last item where there is one a position."""
    output, padding = caller.model.output, caller.model.call.padding
    given = tensor_in(answer.given, output.key, "key")
    shape, users = tuple(given.shape), answer.users
    if output.positions == "all" and given.ndim == 3 and shape[:2] == (users, answer.width):
        last = np.maximum(answer.lengths - 1, 0) if padding == "right" else np.full(users, answer.width - 1)
        return given[torch.arange(users, device=given.device), torch.from_numpy(last).to(given.device)]
    if output.positions == "last" and given.ndim == 2 and shape[0] == users:
        return given
    wanted = f"({users}, {answer.width}, …)" if output.positions == "all" else f"({users}, …)"
    other = {2: "last", 3: "all"}.get(given.ndim)
    remedy = (
        f"Set output.positions: {other}."
        if other is not None and other != output.positions
        else ("Name another tensor in output.key, or another method.")
    )
    raise HarnessError(
        f"the module gives {what} of shape {shape}; {wanted} is needed for output.positions: "
        f"{output.positions}. {remedy}"
    )


def settled(caller: Caller, answer: Answer, given: torch.Tensor, what: str) -> torch.Tensor:
    """Return float32 numbers that are finite; 0 for users without history, where they are to have that.

    Raises
    ------
    HarnessError
        They are not; the message says why they may be so.
    """
    if not given.is_floating_point():
        raise HarnessError(f"the module gives {what} as {given.dtype}; floating-point numbers are needed.")
    empty = torch.from_numpy(answer.lengths == 0).to(given.device)
    if caller.model.reads_history and caller.model.call.empty == "zero":
        given = given.masked_fill(empty[:, None], 0.0)
    elif caller.model.reads_history and bool(empty.any()) and not bool(torch.isfinite(given[empty]).all()):
        raise EmptyHistoryError(
            f"the module gives numbers that are not finite for users without history, {int(empty.sum()):,} of "
            f"{answer.users:,} here, to whom it is given padding alone. Set model.params.call.empty: zero, so that all "
            "items score 0 for them."
        )
    _check_finite(caller, given, what)
    return given.float()


class EmptyHistoryError(HarnessError):
    """A module does not know what to do with padding alone."""


def _check_finite(caller: Caller, given: torch.Tensor, what: str) -> None:
    if bool(torch.isfinite(given).all()):
        return
    bad = given[~torch.isfinite(given)]
    dtype = caller.model.dtype
    half = dtype == "float16" or given.dtype is torch.float16
    remedy = (
        "float16 holds no number beyond 65,504. Set model.params.dtype: float32 or bfloat16."
        if half
        else "Where the module gives -inf itself to items that it leaves out, call a method that does not; what was "
        "seen is left out by candidates.exclude."
    )
    raise HarnessError(
        f"{bad.numel():,} of {given.numel():,} numbers of the module's {what} ({dtype}) are not finite, such as "
        f"{float(bad[0])}. {remedy}"
    )


def table_of(caller: Caller, name: str, option: str) -> torch.Tensor:
    """Return a table of the module: of a parameter, a buffer, an embedding, or a method without arguments."""
    found: Any = caller.module
    for word in name.split("."):
        found = getattr(found, word, None)
    if isinstance(found, (torch.nn.Embedding, torch.nn.Linear)):
        found = found.weight
    elif found is not None and not isinstance(found, torch.Tensor) and callable(found):
        with torch.inference_mode():
            found = found()
    if not isinstance(found, torch.Tensor):
        known = [one for one, _ in (*caller.module.named_parameters(), *caller.module.named_buffers())]
        raise HarnessError(
            f"the module has no table '{name}' (model.params.output.{option}). {did_you_mean(name, known)}"
        )
    if found.ndim != 2 or not found.is_floating_point():
        raise HarnessError(
            f"'{name}' of the module is {found.dtype} {tuple(found.shape)} (model.params.output.{option}); "
            "floating-point (rows, dimension) is needed."
        )
    return found.detach().to(caller.device)
