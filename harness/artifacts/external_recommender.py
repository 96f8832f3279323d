"""The base class of recommenders of external models: what the model trial and the audits may ask of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from harness.artifacts.array_types import Int64Array
from harness.artifacts.recommender import AnyRecommender

PaddingSide = Literal["left", "right"]
ShiftTarget = Literal["items", "input items", "output items", "users"]
"""What a shift moves by one index: all items, those of the histories, those that are recommended, or the users."""


@dataclass(frozen=True)
class TensorCounts:
    """How many tensors of a module its checkpoint lacks.

    Parameters
    ----------
    missing
        Number of tensors that the checkpoint lacks.
    total
        Number of tensors that the module has.
    """

    missing: int
    total: int


class ExternalRecommender:
    """Recommender of an external model, with the facts and variants that the model trial and the audits look at.

    Recommenders inherit it beside ``Recommender``, ``VectorRecommender`` or ``ListRecommender``, and override what
    applies to them. Each default says that the question does not apply, so a recommender that does not inherit it is
    treated as one with the defaults; see ``of``.
    """

    @staticmethod
    def of(recommender: AnyRecommender) -> ExternalRecommender:
        """Return the recommender itself, or the defaults if it does not inherit this class."""
        return recommender if isinstance(recommender, ExternalRecommender) else ExternalRecommender()

    @property
    def item_positions(self) -> Int64Array | None:
        """The model's index of each item of the catalogue, int64 ``(items,)``, -1 where it has none.

        None if the model has no item indices.
        """
        return None

    @property
    def missing_tensors(self) -> TensorCounts | None:
        """How many tensors the checkpoint lacks; None if the model is not a module with a state dict."""
        return None

    @property
    def collisions(self) -> int | None:
        """Number of items that share their semantic id with an item before them; None without semantic ids."""
        return None

    @property
    def recommended_ids(self) -> str:
        """The range of the ids in the last lists that the model made, for messages; empty if it is not known."""
        return ""

    @property
    def asks_for_more(self) -> bool:
        """Whether the model is asked for more than k items, because seen items are removed from its lists."""
        return False

    @property
    def padding(self) -> PaddingSide | None:
        """The side on which histories are padded; None if they are not."""
        return None

    @property
    def pads_to_longest(self) -> bool | None:
        """Whether histories are padded to the longest history of a batch; None if this is up to the model."""
        return None

    def with_padding(self, side: PaddingSide) -> AnyRecommender | None:
        """Return the same model with histories padded on a side; None if they are not padded."""
        return None

    def with_length(self, length: int) -> AnyRecommender | None:
        """Return the same model with histories padded to a length; None if they are not padded."""
        return None

    def with_seed(self, seed: int) -> AnyRecommender | None:
        """Return the same model with another seed of its random numbers; None if it takes no seed."""
        return None

    def with_shift(self, target: ShiftTarget, by: int) -> AnyRecommender | None:
        """Return the same model with indices moved by a number; None if it has no such indices."""
        return None

    def shift_remedy(self, target: ShiftTarget, by: int) -> str | None:
        """Return a sentence that says which options move indices by a number; None for the general advice."""
        return None
