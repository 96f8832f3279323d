"""Evaluate a file of predictions instead of a model."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from harness.artifacts import ModelConfig
from harness.storage.table_formats import TableFormat

Name = Annotated[str, Field(min_length=1)]


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class PredictionColumns:
    """Names of the columns of a predictions file.

    Parameters
    ----------
    user, item
        External ids.
    score, rank
        None: the column of that name, if there is one. One of the two is needed.
    """

    user: Name = "user"
    item: Name = "item"
    score: Name | None = None
    rank: Name | None = None

    @property
    def named(self) -> dict[str, str]:
        """The named columns by their meaning."""
        names = {"user": self.user, "item": self.item, "score": self.score, "rank": self.rank}
        return {meaning: name for meaning, name in names.items() if name is not None}


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class PredictionFile(ModelConfig):
    """Take the lists from the file in ``model.checkpoint``; no model is fitted or scored.

    Parameters
    ----------
    format
        ``auto`` uses the suffix of the file, as for interactions, and reads ``.run`` and ``.trec`` as TREC
        runs; else ``csv``, ``tsv``, ``jsonl``, ``inter``, ``dat``, ``parquet`` or ``trec``.
    delimiter
        Delimiter of a text file; None: that of its format.
    columns
        Names of the columns, if they differ from ``user``, ``item``, ``score``, ``rank``.
    strict
        Raise an error for all that is otherwise only counted and reported: users without predictions, unknown users
        and items, repeated and seen items, short lists, ranks that contradict scores.

    Examples
    --------
    >>> PredictionFile(strict=True).format
    'auto'
    """

    fitted: ClassVar[bool] = False
    ranks_targets: ClassVar[bool] = False  # items outside the lists have no rank

    format: Literal["auto", TableFormat, "trec"] = "auto"
    delimiter: Name | None = None
    columns: PredictionColumns = PredictionColumns()
    strict: bool = False
