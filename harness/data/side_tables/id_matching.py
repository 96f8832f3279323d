"""Match the ids of a side table or of item vectors to those of the interactions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from harness.artifacts import DataWarning, Vocabulary
from harness.artifacts.array_types import Int64Array
from harness.data.readers.columns import ColumnLocation
from harness.data.readers.id_columns import CodedIds, coded_ids, shown_id
from harness.errors import DataError

if TYPE_CHECKING:
    from harness.data.readers.columns import ArrowColumn


def matching_ids(column: ArrowColumn, vocabulary: Vocabulary, *, place: ColumnLocation, untyped: bool) -> CodedIds:
    """Return the ids of another file, which must have the type of the interactions' ids.

    Raises
    ------
    DataError
        An id is missing, or the ids are of the other type.
    """
    # Text that may stand for integers does so only if the interactions' ids are integers.
    ids = coded_ids(column, place=place, untyped=untyped and not vocabulary.is_text)
    if ids.vocabulary.is_text != vocabulary.is_text:
        kinds = {True: "text", False: "integers"}
        raise DataError(
            f"{place.file}: column '{place.column}' holds {kinds[ids.vocabulary.is_text]}, such as "
            f"{shown_id(ids.vocabulary, -1)}, where the ids of the interactions are {kinds[vocabulary.is_text]}, "
            f"such as {shown_id(vocabulary, -1)}. Write the ids of both files alike."
        )
    return ids


def row_of_each_id(ids: CodedIds, vocabulary: Vocabulary, *, place: ColumnLocation, what: str) -> Int64Array:
    """Return the row of each id of a vocabulary in a file, -1 if it has none; int64 ``(ids,)``.

    Raises
    ------
    DataError
        An id has two rows, or no id of the file occurs in the vocabulary.
    """
    rows = np.arange(len(ids.indices))
    first = np.full(len(ids.vocabulary), len(rows))
    np.minimum.at(first, ids.indices, rows)
    repeated = first[ids.indices] != rows
    if repeated.any():
        row = int(np.argmax(repeated))
        raise place.error(
            repeated,
            f"the {what} {shown_id(ids.vocabulary, ids.indices[row])} is in row {first[ids.indices[row]] + 1} already",
            f"Each {what} needs one row; remove the others.",
        )
    places = ids.vocabulary.indices(vocabulary.ids)
    if (places < 0).all():
        raise DataError(
            f"{place.file}: no id in column '{place.column}' occurs in the interactions. An id in the file is "
            f"{shown_id(ids.vocabulary, 0)}; an id in the interactions is {shown_id(vocabulary, 0)}. "
            "Give the right column, or another file."
        )
    return np.where(places < 0, -1, first[places])


def missing_row_warnings(
    name: str, rows: Int64Array, vocabulary: Vocabulary, *, where: str, what: str
) -> tuple[DataWarning, ...]:
    """Return the warning about ids without a row; empty if all have one."""
    missing = np.flatnonzero(rows < 0)
    if len(missing) == 0:
        return ()
    sentence = (
        f"{where}: {len(missing):,} of {len(rows):,} {what}s of the interactions have no row in it, such as "
        f"{shown_id(vocabulary, missing[0])}. Metrics and models that use the file know nothing about them."
    )
    return (DataWarning(name, len(missing), sentence),)
