"""What is settled for all metrics alike: score ties, and users who were recommended nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from harness.errors import HarnessError, did_you_mean

Ties: TypeAlias = Literal["given", "expected", "worst", "best", "trec_eval"]
WithoutPredictions: TypeAlias = Literal["zero", "drop"]


@dataclass(frozen=True)
class Rules:
    """How cases are settled that metrics leave open.

    Parameters
    ----------
    ties
        The order among equal scores. ``given``: as the lists have it. ``expected``, ``worst``, ``best``: the
        mean over all orders, relevant items last, or first; of accuracy metrics alone, which need the exact
        ranks for it. ``trec_eval``: by item id, descending, within the list.
    without_predictions
        Users with relevant items and no recommendation: ``zero`` counts them, with the value that an empty
        list has; ``drop`` leaves them out.

    Raises
    ------
    HarnessError
        A value is none of these.
    """

    ties: Ties = "given"
    without_predictions: WithoutPredictions = "zero"

    def __post_init__(self) -> None:
        for name, known in (("ties", get_args(Ties)), ("without_predictions", get_args(WithoutPredictions))):
            if getattr(self, name) not in known:
                given = getattr(self, name)
                raise HarnessError(f"{name} is {given!r}. {did_you_mean(str(given), known)}")

    @property
    def needs_ranks(self) -> bool:
        """Whether they can be followed only where the exact ranks are known."""
        return self.ties in ("expected", "worst", "best")


DEFAULT_RULES = Rules()
