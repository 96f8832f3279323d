"""Variants of an external module's calls, with which the model trial detects wrong options."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from typing import Any, Literal, Self

from harness.artifacts.array_types import Int64Array
from harness.models.torch_module.torch_calls import ModuleCaller, first_of


class ModuleRecommender(ABC):
    """Base of the recommenders of a module.

    Attributes
    ----------
    caller
        The module, and how it is called.
    shift
        Number that is added to the items in the output.
    """

    caller: ModuleCaller
    shift: int

    @abstractmethod
    def variant(self, caller: ModuleCaller, shift: int) -> Self:
        """Return a variant with another caller and shift."""

    @property
    def item_positions(self) -> Int64Array:
        """The model's index of each item of the catalogue, int64 ``(items,)``; -1 for unknown items."""
        return self.caller.items.model_index

    @property
    def missing_tensors(self) -> tuple[int, int]:
        """Number of the module's tensors that the checkpoint lacks, and of all its tensors."""
        return len(self.caller.missing), len(self.caller.module.state_dict())

    @property
    def padding(self) -> Literal["left", "right"] | None:
        """Side on which histories are padded; None if the module reads no history."""
        return self.caller.options.call.padding if self.caller.options.reads_history else None

    def repadded(self, padding: Literal["left", "right"]) -> Self:
        """Return a variant with the padding on another side."""
        return self._called(padding=padding)

    @property
    def pads_to_longest(self) -> bool:
        """Whether histories are padded to the longest of each call."""
        return self.caller.options.reads_history and self.caller.options.call.length is None

    def padded_to(self, length: int) -> Self:
        """Return a variant with all histories padded to a length."""
        return self._called(length=length)

    def _called(self, **options: Any) -> Self:
        """Return a variant with other options of ``call``."""
        changed = dataclasses.replace(self.caller.options.call, **options)
        module_options = dataclasses.replace(self.caller.options, call=changed)
        return self.variant(dataclasses.replace(self.caller, options=module_options), self.shift)

    def reseeded(self, seed: int) -> Self:
        """Return a variant with another seed."""
        return self.variant(dataclasses.replace(self.caller, seed=seed), self.shift)

    def shifted(self, by: int) -> Self:
        """Return a variant with all items moved, in the history and in the output."""
        return self.variant(dataclasses.replace(self.caller, shift=self.caller.shift + by), self.shift + by)

    def shifted_input(self, by: int) -> Self | None:
        """Return a variant with the items of the history moved; None if the module reads no history."""
        if not self.caller.options.reads_history:
            return None
        return self.variant(dataclasses.replace(self.caller, shift=self.caller.shift + by), self.shift)

    def shifted_output(self, by: int) -> Self:
        """Return a variant with the items of the output moved."""
        return self.variant(self.caller, self.shift + by)

    def shifted_users(self, by: int) -> Self | None:
        """Return a variant with the users moved; None if the module gets no users."""
        if self.caller.users is None:
            return None
        return self.variant(dataclasses.replace(self.caller, user_shift=self.caller.user_shift + by), self.shift)

    def shift_remedy(self, by: int, moved: Literal["shifted", "shifted_input", "shifted_output"]) -> str:
        """Return the options to set if the items are better moved by a number."""
        model, first = self.caller.options, first_of(self.caller)
        numbers = {}
        if moved != "shifted_output" and model.reads_history:
            numbers["call.offset"] = model.call.offset + by
        if model.ranks_targets and moved == "shifted_input":
            numbers["output.first"] = first  # whose default would move with the offset
        elif model.ranks_targets:
            numbers |= {"output.first": first + by, "output.trailing": model.output.trailing - by}
        if not numbers or min(numbers.values()) < 0:
            return (
                "The ids of the model's items are others than model.params.items says: name their file, with a row "
                "for that of padding."
            )
        settings = " and ".join(f"{name} to {number}" for name, number in numbers.items())
        return f"Set {settings} (model.params), or mend model.params.items."
