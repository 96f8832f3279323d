"""Keep interactions with a minimum rating."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from pydantic.dataclasses import dataclass

from harness.artifacts import Interactions
from harness.errors import DataError

_LARGEST = float(np.finfo(np.float32).max)


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class MinRating:
    """Keep the interactions with a rating of at least ``value``.

    Parameters
    ----------
    value
        The minimum, on the data set's own scale. It is compared in float32, the type of ratings.

    Raises
    ------
    ValueError
        The value is not finite, or beyond the range of float32.

    Examples
    --------
    >>> MinRating(value=4)
    MinRating(value=4.0)
    """

    kind: ClassVar[str] = "min_rating"
    value: float

    def __post_init__(self) -> None:
        if not abs(self.value) <= _LARGEST:  # NaN is not
            raise ValueError(f"value is {self.value}; use a finite rating that 32-bit floats hold, such as 4")

    def apply(self, interactions: Interactions) -> Interactions:
        """Return the remaining interactions, with vocabularies of the ids that occur in them.

        Raises
        ------
        DataError
            The interactions have no ratings.
        """
        if interactions.values is None:
            raise DataError(
                "filter min_rating needs ratings, and the interactions have none. "
                "Name their column in dataset.columns.rating, or remove the filter."
            )
        return interactions.rows(interactions.values >= np.float64(self.value).astype(np.float32)).compact()
