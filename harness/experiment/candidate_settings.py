"""The section ``candidates``: the items that may be recommended to each user."""

from __future__ import annotations

from typing import Literal

from pydantic.dataclasses import dataclass

from harness.experiment.validation_errors import FaultError
from harness.experiment.value_types import Positive, Seed, Text


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class SamplingSettings:
    """Sampled negatives: ranked together with the relevant items, the same for every model.

    Parameters
    ----------
    negatives
        Number of negatives per user, in addition to the relevant items.
    by
        Sampling distribution: ``uniform``, or ``popularity`` in the training part.
    seed
        Random seed.
    """

    negatives: Positive
    by: Literal["uniform", "popularity"] = "uniform"
    seed: Seed = 0


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class CandidateSettings:
    """Items that may be recommended.

    Parameters
    ----------
    items
        ``all``: the whole catalogue. ``train``: the items that occur in the training part.
    exclude
        ``seen``: leave out the items of the user's history. ``none``: keep them.
    allow
        Text file of the items that may be recommended, one external id per line.
    lists
        File with the candidates of each user: columns ``user`` and ``item`` with external ids.
    sampled
        Sampled negatives per user, instead of ranking all items.
    """

    items: Literal["all", "train"] = "all"
    exclude: Literal["seen", "none"] = "seen"
    allow: Text | None = None
    lists: Text | None = None
    sampled: SamplingSettings | None = None

    def __post_init__(self) -> None:
        if self.lists is not None and self.sampled is not None:
            raise FaultError(("sampled",), "candidates has both 'lists' and 'sampled'. Remove one of them.")
