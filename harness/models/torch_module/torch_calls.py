"""Call an external module with the histories of users."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from harness.artifacts import UserBatch
from harness.artifacts.array_types import Int64Array
from harness.artifacts.csr import indptr_of_kept
from harness.errors import HarnessError, did_you_mean
from harness.models.external.external_errors import describe_error
from harness.models.external.id_map import OWN, SORTED, IdMap
from harness.models.neural.random_seed import seeded
from harness.models.torch_module.torch_options import CallOptions, ModuleOptions
from harness.topk import is_out_of_memory

_TABLES = 4  # embeddings whose rows messages name


@dataclass(frozen=True, eq=False)
class ModuleAnswer:
    """Output of the module for some users.

    Parameters
    ----------
    rows
        Rows of the users in the batch.
    given
        The output of the call.
    lengths
        int64 ``(users,)``: number of items of each history that were passed.
    width
        Padded length of the histories; 0 without histories.
    """

    rows: slice
    given: Any
    lengths: Int64Array
    width: int

    @property
    def users(self) -> int:
        """Number of users."""
        return len(self.lengths)


@dataclass(frozen=True, eq=False)
class ModuleCaller:
    """A module on its device, and the options of its calls.

    Parameters
    ----------
    options
        The options of the calls.
    module
        The module, in eval mode.
    items, users
        Maps to the model's indices; ``users`` is None if no users are passed.
    device
        Device of the module.
    shift, user_shift
        Numbers that are added to item tokens and user indices, to detect whether they are off by one.
    seed
        Seed of the calls, for modules that draw random numbers.
    missing
        Names of the module's tensors that its checkpoint lacks.
    """

    options: ModuleOptions
    module: nn.Module
    items: IdMap
    users: IdMap | None
    device: str
    shift: int = 0
    user_shift: int = 0
    seed: int = 0
    missing: tuple[str, ...] = ()

    def answers(self, batch: UserBatch, further: Mapping[str, Any] | None = None) -> Iterator[ModuleAnswer]:
        """Yield the outputs for the users of a batch, at most ``users_at_once`` users each.

        Raises
        ------
        HarnessError
            The module raises an exception.
        """
        call = self.options.call
        size = call.users_at_once
        indptr, items = self._histories(batch)
        whole = np.diff(indptr)
        if call.empty == "zero":  # their output is replaced by zeros later
            indptr, items = _filled_histories(indptr, items)
        for first in range(0, len(batch.users), size):
            rows = slice(first, min(first + size, len(batch.users)))
            places, named, lengths, width = [], {**call.arguments, **(further or {})}, whole[rows], 0
            if call.history is not False:
                tokens, real, given = self._padded(indptr[rows.start : rows.stop + 1], items)
                width = tokens.shape[1]
                lengths = np.minimum(lengths, width)
                if call.history is None:
                    places.append(self._on_device(tokens))
                else:
                    named[call.history] = self._on_device(tokens)
                if call.mask is not None:
                    named[call.mask] = self._on_device(_mask(real, call))
                if call.lengths is not None:
                    named[call.lengths] = self._on_device(given)
            if call.user is not None:
                named[call.user] = self._on_device(self.user_indices(batch.users[rows]))
            yield ModuleAnswer(rows, self._called(places, named, whole, lengths), lengths, width)

    def user_indices(self, users: Int64Array) -> Int64Array:
        """Return the model's indices of users, including the offset."""
        assert self.users is not None  # noqa: S101  (only called with a map)
        call = self.options.call
        indices = self.users.model_index[users]
        unknown = -1 if call.unknown_user is None else call.unknown_user
        # Moved users stay within the existing indices.
        moved = np.clip(indices + self.user_shift, 0, len(self.users.catalogue_index) - 1)
        return np.where(indices < 0, unknown, moved + call.user_offset)

    def _histories(self, batch: UserBatch) -> tuple[Int64Array, Int64Array]:
        """Return histories as the model's indices, without items that the model does not know."""
        indptr, items = batch.rows()
        indices = self.items.model_index[items]
        known = indices >= 0
        return indptr_of_kept(indptr, known), indices[known]

    def _padded(self, indptr: Int64Array, items: Int64Array) -> tuple[Int64Array, np.ndarray, Int64Array]:
        """Return tokens ``(users, width)``, a mask of the items, and the number of items per user."""
        call = self.options.call
        lengths = np.diff(indptr)
        width = call.length or max(1, int(lengths.max(initial=0)))
        lengths = np.minimum(lengths, width)
        columns = np.arange(width)
        if call.padding == "left":
            real = columns >= width - lengths[:, None]
            places = indptr[1:, None] - width + columns
        else:
            real = columns < lengths[:, None]
            places = (indptr[1:] - lengths)[:, None] + columns
        tokens = np.full(real.shape, call.pad_id, dtype=np.int64)
        # Moved items stay within the existing tokens.
        most = call.offset + len(self.items.catalogue_index) - 1 + self.options.output.trailing
        own = items[places[real]] + call.offset
        tokens[real] = own if self.shift == 0 else np.clip(own + self.shift, 0, most)
        return tokens, real, lengths

    def _on_device(self, array: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(np.ascontiguousarray(array)).to(self.device)

    def _called(self, places: list[torch.Tensor], named: dict[str, Any], whole: Int64Array, lengths: Int64Array) -> Any:
        """Call the module. ``whole`` are the lengths of all histories, ``lengths`` those of the passed ones."""
        call = self.options.call
        method = method_of(self.module, call.method, self.options.factory)
        try:
            with seeded(self.seed, self.device):
                return method(*places, **named)
        except (Exception, SystemExit) as error:  # external code may raise anything
            if is_out_of_memory(error):
                raise
            given = [*(shape_of(one) for one in places), *(f"{name} {shape_of(one)}" for name, one in named.items())]
            tokens = None if call.history is False else places[0] if call.history is None else named[call.history]
            remedy = "" if tokens is None else self._remedy(error, tokens, int(whole.max(initial=0)), lengths)
            if call.user is not None and isinstance(error, IndexError):
                users = named[call.user]
                remedy += (
                    f" The users' indices go from {int(users.min()):,} to {int(users.max()):,}{self._tables()}. Check "
                    f"call.user_offset ({call.user_offset}), call.unknown_user and users.ids."
                )
            raise HarnessError(
                f"{self.options.factory}.{call.method} failed with {describe_error(error)}. It was given "
                f"{', '.join(given)} (model.params.call).{remedy}"
            ) from error

    def _remedy(self, error: BaseException, tokens: torch.Tensor, longest: int, lengths: Int64Array) -> str:
        """Return possible causes of an error on the tokens of histories."""
        call, causes = self.options.call, []
        if call.length is None:
            causes.append(
                f"call.length is not set, and the longest history has {longest:,} items: set it to the module's "
                "maximum."
            )
        if isinstance(error, IndexError) and tokens.numel():
            causes.append(
                f"The tokens go from {int(tokens.min()):,} to {int(tokens.max()):,} in {tokens.shape[1]:,} "
                f"positions{self._tables()}. Check call.offset ({call.offset}), call.pad_id ({call.pad_id}), "
                f"call.length and items.ids.{self.padding_twice}"
            )
        if (empty := int((lengths == 0).sum())) and call.empty == "module":
            causes.append(
                f"{empty:,} of {len(lengths):,} histories were empty and only held padding: set "
                "model.params.call.empty: zero, so that all items score 0 for such users and the module is not called."
            )
        return "".join(f" {one}" for one in causes)

    @property
    def padding_twice(self) -> str:
        """A message if both the first row of the ids and ``call.offset`` stand for padding; else empty."""
        ids, offset = self.options.items.ids, self.options.call.offset
        is_list = ids not in (SORTED, OWN) and not ids.lower().endswith(".json")
        if not is_list or offset == 0 or not len(self.items.catalogue_index) or self.items.catalogue_index[0] >= 0:
            return ""
        return (
            f" The first row of {ids} is not an item but padding, and call.offset: {offset} counts padding once "
            f"more: set call.offset: {offset - 1}, or remove the row."
        )

    def _tables(self) -> str:
        """Return the number of rows of the module's embeddings, as the end of a sentence."""
        named = self.module.named_modules()
        tables = [f"{name} {one.num_embeddings:,}" for name, one in named if isinstance(one, nn.Embedding)]
        return f"; rows of the module's embeddings: {', '.join(tables[:_TABLES])}" if tables else ""


def method_of(module: nn.Module, name: str, factory: str) -> Any:
    """Return a method of a module; for ``forward`` the module itself, so that hooks run."""
    method = module if name == "forward" else getattr(module, name, None)
    if not callable(method):
        known = [one for one in dir(type(module)) if not one.startswith("_") and one not in dir(nn.Module)]
        raise HarnessError(f"{factory} has no method '{name}' (model.params.call.method). {did_you_mean(name, known)}")
    return method


def check_arguments(options: ModuleOptions, module: nn.Module) -> None:
    """Check that the method takes the arguments that the options name.

    Raises
    ------
    HarnessError
        There is no such method, it lacks a named argument, or it needs another one.
    """
    call = options.call
    method = method_of(module, call.method, options.factory)
    try:
        signature = inspect.signature(module.forward if method is module else method)
    except (TypeError, ValueError):  # a method that is not written in Python
        return
    named = [one for one in (call.history, call.mask, call.lengths, call.user) if one]
    named += [*call.arguments, *options.output.count_arguments]
    kinds = {parameter.kind for parameter in signature.parameters.values()}
    known = [name for name, one in signature.parameters.items() if one.kind is not one.VAR_POSITIONAL]
    for name in named:
        if name not in known and inspect.Parameter.VAR_KEYWORD not in kinds:
            raise HarnessError(
                f"{options.factory}.{call.method} takes no argument '{name}' (model.params.call). It takes "
                f"{', '.join(known) or 'none'}."
            )
    try:
        signature.bind(*([None] if call.history is None else []), **dict.fromkeys(named))
    except TypeError as error:
        raise HarnessError(
            f"{options.factory}.{call.method}{signature} cannot be called as model.params.call says: {error}. Other "
            "arguments stand in call.arguments."
        ) from error


def first_of(caller: ModuleCaller) -> int:
    """Return the column or row of item 0 of the model."""
    first = caller.options.output.first
    if first is not None:
        return first
    return caller.options.call.offset if caller.options.reads_history else 0


def _filled_histories(indptr: Int64Array, items: Int64Array) -> tuple[Int64Array, Int64Array]:
    """Fill empty histories with the model's first item, so that the module never sees only padding."""
    lengths = np.diff(indptr)
    filled = np.insert(items, indptr[:-1][lengths == 0], 0)
    return np.concatenate([[0], np.cumsum(np.maximum(lengths, 1))]), filled


def _mask(real: np.ndarray, call: CallOptions) -> np.ndarray:
    if call.mask_values == "integer":
        return real.astype(np.int64)
    return real if call.mask_values == "boolean" else ~real


def shape_of(value: Any) -> str:
    """Describe an argument or an output: the type and shape of a tensor."""
    if isinstance(value, torch.Tensor):
        return f"{str(value.dtype).removeprefix('torch.')} {tuple(value.shape)}"
    return repr(value)[:40] if isinstance(value, (int, float, str, bool)) else type(value).__name__
