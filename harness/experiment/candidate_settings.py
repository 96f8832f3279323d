"""The section ``candidates``: what may be recommended, and to whom."""

from __future__ import annotations

from typing import Literal

from pydantic.dataclasses import dataclass

from harness.experiment.validation_errors import FaultError
from harness.experiment.value_types import Positive, Seed, Text


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class SamplingSettings:
    """Negatives drawn once, the same for every model.

    Parameters
    ----------
    negatives
        So many a user, beside the relevant items.
    by
        ``uniform``, or ``popularity`` in training.
    seed
        Of the draw.
    """

    negatives: Positive
    by: Literal["uniform", "popularity"] = "uniform"
    seed: Seed = 0


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class CandidateSettings:
    """What may be recommended.

    Parameters
    ----------
    items
        ``all`` of the catalogue, or those seen in ``train`` alone.
    exclude
        ``seen``: a user's history is not recommended again; ``none``: it may be.
    allow
        A text file of the items that may be recommended, one own id a line.
    lists
        A file with the candidates of each user: columns ``user`` and ``item``, own ids.
    sampled
        Negatives to draw for each user, in the place of ranking all items.
    """

    items: Literal["all", "train"] = "all"
    exclude: Literal["seen", "none"] = "seen"
    allow: Text | None = None
    lists: Text | None = None
    sampled: SamplingSettings | None = None

    def __post_init__(self) -> None:
        if self.lists is not None and self.sampled is not None:
            raise FaultError(("sampled",), "candidates has both 'lists' and 'sampled'. Leave one out.")
