"""Rules that apply to all metrics: score ties, and users without predictions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from harness.errors import HarnessError, did_you_mean

Ties: TypeAlias = Literal["given", "expected", "worst", "best", "trec_eval"]
WithoutPredictions: TypeAlias = Literal["zero", "drop"]


@dataclass(frozen=True)
class Rules:
    """Rules for cases that the definitions of metrics leave open.

    Parameters
    ----------
    ties
        The order among equal scores. ``given``: the order of the lists. ``expected``, ``worst``, ``best``: the mean
        over all orders, relevant items last, or relevant items first; these apply to accuracy metrics only, and need
        exact ranks. ``trec_eval``: by item id, descending, within the list.
    without_predictions
        Users with relevant items and no recommendation. ``zero`` counts them, with the value of an empty list;
        ``drop`` leaves them out.

    Raises
    ------
    HarnessError
        A value is unknown.
    """

    ties: Ties = "given"
    without_predictions: WithoutPredictions = "zero"

    def __post_init__(self) -> None:
        for name, value, known in (
            ("ties", self.ties, get_args(Ties)),
            ("without_predictions", self.without_predictions, get_args(WithoutPredictions)),
        ):
            if value not in known:
                raise HarnessError(f"{name} is {value!r}. {did_you_mean(str(value), known)}")

    @property
    def needs_ranks(self) -> bool:
        """Whether the rules need exact ranks."""
        return self.ties in ("expected", "worst", "best")


DEFAULT_RULES = Rules()
