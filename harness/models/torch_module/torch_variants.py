"""What the model trial may ask of an external module: how it is called, and variants that are called otherwise."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from typing import Any

from harness.artifacts import AnyRecommender, ExternalRecommender, PaddingSide, ShiftTarget, TensorCounts
from harness.artifacts.array_types import Int64Array
from harness.models.torch_module.torch_calls import ModuleCaller, first_of


class ModuleRecommender(ExternalRecommender, ABC):
    """Base class of the recommenders of a module.

    Attributes
    ----------
    caller
        The module, and how it is called.
    shift
        By how much the items that it recommends are moved.
    """

    caller: ModuleCaller
    shift: int

    @abstractmethod
    def variant(self, caller: ModuleCaller, shift: int) -> AnyRecommender:
        """Return the same recommender with another caller and shift."""

    @property
    def item_positions(self) -> Int64Array:
        """The model's index of each item of the catalogue, int64 ``(items,)``, -1 where it has none."""
        return self.caller.items.model_index

    @property
    def missing_tensors(self) -> TensorCounts:
        """How many tensors the checkpoint lacks."""
        return TensorCounts(len(self.caller.missing), len(self.caller.module.state_dict()))

    @property
    def padding(self) -> PaddingSide | None:
        """The side on which histories are padded; None if the module reads none."""
        return self.caller.options.call.padding if self.caller.options.reads_history else None

    @property
    def pads_to_longest(self) -> bool:
        """Whether histories are padded to the longest history of a batch."""
        return self.caller.options.reads_history and self.caller.options.call.length is None

    def with_padding(self, side: PaddingSide) -> AnyRecommender:
        """Return a variant module with histories padded on a side."""
        return self._with_call(padding=side)

    def with_length(self, length: int) -> AnyRecommender:
        """Return a variant module with all histories padded to a length."""
        return self._with_call(length=length)

    def with_seed(self, seed: int) -> AnyRecommender:
        """Return the same module with another seed of its random numbers."""
        return self.variant(dataclasses.replace(self.caller, seed=seed), self.shift)

    def with_shift(self, target: ShiftTarget, by: int) -> AnyRecommender | None:
        """Return the same module with indices moved by a number; None if it is given no such indices."""
        caller = self.caller
        if target == "users":
            if caller.users is None:
                return None
            return self.variant(dataclasses.replace(caller, user_shift=caller.user_shift + by), self.shift)
        if target == "input items" and not caller.options.reads_history:
            return None
        if target != "output items":
            caller = dataclasses.replace(caller, shift=caller.shift + by)
        return self.variant(caller, self.shift if target == "input items" else self.shift + by)

    def shift_remedy(self, target: ShiftTarget, by: int) -> str | None:
        """Return a sentence that says which options move the items by a number; None for users."""
        if target == "users":
            return None
        model, first = self.caller.options, first_of(self.caller)
        numbers = {}
        if target != "output items" and model.reads_history:
            numbers["call.offset"] = model.call.offset + by
        if model.ranks_targets and target == "input items":
            numbers["output.first"] = first  # whose default would move with the offset
        elif model.ranks_targets:
            numbers |= {"output.first": first + by, "output.trailing": model.output.trailing - by}
        if not numbers or min(numbers.values()) < 0:
            return (
                "The ids of the model's items differ from what model.params.items says: name their file, with a row "
                "for the padding."
            )
        settings = " and ".join(f"{name} to {number}" for name, number in numbers.items())
        return f"Set {settings} (model.params), or correct model.params.items."

    def _with_call(self, **options: Any) -> AnyRecommender:
        """Return the same module with other options of ``call``."""
        changed = dataclasses.replace(self.caller.options.call, **options)
        module_options = dataclasses.replace(self.caller.options, call=changed)
        return self.variant(dataclasses.replace(self.caller, options=module_options), self.shift)
