"""Names of the columns of the data frames that an MLflow model takes and returns."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from pydantic.dataclasses import dataclass

Name = Annotated[str, Field(min_length=1)]


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class MLflowInput:
    """Columns of the data frame that ``predict`` gets, one row per user.

    Parameters
    ----------
    user
        Column of external user ids.
    k
        Column of the number of items to return, the same in each row. It is above ``runner.k``, since seen items are
        removed afterwards. None: there is no such column.
    """

    user: Name = "user"
    k: Name | None = None


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class MLflowOutput:
    """Columns of the data frame that ``predict`` returns, if it returns one row per item.

    Parameters
    ----------
    user, item
        Columns of external ids.
    score
        Column of scores, higher is better. None, or no column ``score``: the rows of a user are in ranked order.
    """

    user: Name = "user"
    item: Name = "item"
    score: Name | None = "score"
