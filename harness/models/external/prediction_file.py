"""Predictions that were made elsewhere, in the place of a model."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from harness.artifacts import ModelConfig
from harness.storage.table_formats import TableFormat

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
class PredictionFile(ModelConfig):
    """Take the lists from a file, which ``model.checkpoint`` names; nothing is fitted or scored.

    Parameters
    ----------
    format
        ``auto`` goes by the end of the file's name, as for interactions, and takes ``.run`` and ``.trec``
        for TREC runs; else ``csv``, ``tsv``, ``jsonl``, ``inter``, ``dat``, ``parquet`` or ``trec``.
    delimiter
        Of a text file; None: as its format has it.
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

    format: Literal["auto", TableFormat, "trec"] = "auto"
    delimiter: Name | None = None
    columns: PredictionColumns = PredictionColumns()
    strict: bool = False
