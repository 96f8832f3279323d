"""Predictions that were made elsewhere, in the place of a model."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

Name = Annotated[str, Field(min_length=1)]


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class PredictionColumns:
    """What the columns of a file of predictions are called.

    Parameters
    ----------
    user, item
        Own ids.
    score, rank
        None means the column called so, if there is one; one of them is needed.
    """

    user: Name = "user"
    item: Name = "item"
    score: Name | None = None
    rank: Name | None = None

    @property
    def named(self) -> dict[str, str]:
        """The columns by what they mean, those alone that were named."""
        names = {"user": self.user, "item": self.item, "score": self.score, "rank": self.rank}
        return {meaning: name for meaning, name in names.items() if name is not None}


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class PredictionFile:
    """Take the lists from a file, which ``model.checkpoint`` names; nothing is fitted or scored.

    Parameters
    ----------
    format
        ``auto`` goes by the end of the file's name: ``.parquet`` (or a folder of parts), ``.csv``,
        ``.tsv`` (both also with ``.gz``), ``.run`` or ``.trec`` for a TREC run.
    columns
        Names of columns, where they are not ``user``, ``item``, ``score``, ``rank``.
    strict
        Refuse whatever is otherwise counted and told: users without predictions, unknown users and
        items, repeated and seen items, short lists, ranks that contradict scores.

    Examples
    --------
    >>> PredictionFile(strict=True).format
    'auto'
    """

    fitted: ClassVar[bool] = False
    ranks_targets: ClassVar[bool] = False  # lists alone do not tell where an item stands that they lack

    format: Literal["auto", "parquet", "csv", "tsv", "trec"] = "auto"
    columns: PredictionColumns = PredictionColumns()
    strict: bool = False
