"""User coverage: the share of the users who get a list."""

from __future__ import annotations

from pydantic.dataclasses import dataclass

from harness.artifacts.array_types import Float64Array
from harness.metrics.metric import UserMetric
from harness.metrics.metric_inputs import Hits


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class UserCoverage(UserMetric):
    r"""1 if the list of a user has at least ``least`` items, else 0.

    .. math:: \mathrm{user\_coverage} = \frac{|\{u : |L_u| \ge n\}|}{|U|}

    Only users with relevant items count; those without a list have 0. The length of a list is the rank of its last
    item.

    Parameters
    ----------
    least
        Number of items that a list needs, 1 or more.

    Examples
    --------
    >>> import numpy as np
    >>> out = np.empty(2)
    >>> UserCoverage(least=2).score(Hits.of([[False, True], [True, False]], relevant=[1, 1], lengths=[2, 1]), out)
    >>> out
    array([1., 0.])
    """

    least: int = 1

    name = "user_coverage"
    family = "coverage"
    binary = True
    formula = r"\frac{|\{u : |L_u| \ge n\}|}{|U|}"
    reference = "Ge, Delgado-Battenfeld and Jannach, Beyond accuracy, RecSys 2010, section 3.1"

    def __post_init__(self) -> None:
        """Check the options."""
        super().__post_init__()
        if self.least < 1:
            raise ValueError(f"least is {self.least}; use 1 or more")

    def score(self, hits: Hits, out: Float64Array) -> None:
        """Write each user's value."""
        out[:] = hits.lengths >= self.least
