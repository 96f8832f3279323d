"""User coverage: the share of the users who get a list."""

from __future__ import annotations

from pydantic.dataclasses import dataclass

from harness.artifacts.array_types import Float64Array
from harness.metrics.metric import UserMetric
from harness.metrics.metric_inputs import Hits


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class UserCoverage(UserMetric):
    r"""Share of the users whose list is at least so long.

    .. math:: \mathrm{user\_coverage} = \frac{|\{u : |L_u| \ge n\}|}{|U|}

    The users are those that count: who has relevant items and gets no list lowers it. A list is as long as
    the rank of its last item.

    Parameters
    ----------
    least
        Items a list needs, 1 or more.

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
        """Check the option."""
        super().__post_init__()
        if self.least < 1:
            raise ValueError(f"least is {self.least}; a list needs 1 item or more")

    def score(self, hits: Hits, out: Float64Array) -> None:
        """Write each user's value."""
        out[:] = hits.lengths >= self.least
