"""Names of the columns of the data frames that an MLflow model takes and returns."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from pydantic.dataclasses import dataclass

Name = Annotated[str, Field(min_length=1)]


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class MLflowInput:
    """The columns of the data frame that ``predict`` gets, a row a user.

    Parameters
    ----------
    user
        Own ids of the users.
    k
        How many items are asked for, the same in each row: more than ``runner.k``, since seen ones are left out
        afterwards. None: there is no such column, and what it gives has to suffice.
    """

    user: Name = "user"
    k: Name | None = None


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class MLflowOutput:
    """The columns of the data frame that ``predict`` returns, if it returns one with a row an item.

    Parameters
    ----------
    user, item
        Own ids.
    score
        Higher is better; None, or no column ``score``: the items of a user stand in their order.
    """

    user: Name = "user"
    item: Name = "item"
    score: Name | None = "score"
