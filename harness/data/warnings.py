"""Warnings about data that looks wrong but can be read; they are logged and kept with the results."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from harness.artifacts import PER_SECOND, DataWarning, TimeUnit, Vocabulary
from harness.artifacts.array_types import Float64Array, Int64Array
from harness.data.readers.columns import bool_array
from harness.data.times.date_text import date_text

logger = logging.getLogger("harness")

_SECONDS_PER_DAY = 86_400
_MOSTLY = 0.9  # share of integers above which the other ids are probably mistakes
_INTEGER = r"^-?[0-9]+$"
_logged: set[str] = set()


def log_warnings(warnings: Iterable[DataWarning]) -> None:
    """Log each warning once per process."""
    for warning in warnings:
        if warning.sentence not in _logged:
            _logged.add(warning.sentence)
            logger.warning("%s", warning.sentence)


def id_warnings(vocabulary: Vocabulary, *, where: str, what: str) -> list[DataWarning]:
    """Return warnings about ids that differ only by spaces or case, or that mix integers and text.

    Parameters
    ----------
    vocabulary
        The external ids; integers cause no warning.
    where
        Name of the data set, for the sentence.
    what
        ``user`` or ``item``.

    Examples
    --------
    >>> [warning] = id_warnings(Vocabulary.of(["ann", "Ann ", "bob"]), where="plays.csv", what="user")
    >>> warning.sentence[:80]
    "plays.csv: 2 user ids differ from another only by spaces or case, such as 'Ann '"
    """
    if not vocabulary.is_text or len(vocabulary) == 0:
        return []
    ids = pa.array(vocabulary.ids, pa.large_string())
    return [*_spelling_warnings(ids, where, what), *_type_warnings(ids, where, what)]


def time_warnings(times: Int64Array | Float64Array, *, unit: TimeUnit, where: str) -> list[DataWarning]:
    """Return warnings about times in those in the future, and those of about times at or before 1970.

    Parameters
    ----------
    times
        ``(n,)``, since 1970 in UTC.
    unit
        The unit of the times.
    where
        Name of the data set, for the sentence.
    """
    warnings = []
    # A day of tolerance, for files that were just written in another time zone.
    future = times > (int(time.time()) + _SECONDS_PER_DAY) * PER_SECOND[unit]
    if future.any():
        latest = date_text(times.max().item(), unit)
        warnings.append(
            DataWarning(
                "future_timestamps",
                int(future.sum()),
                f"{where}: {future.sum():,} of {len(times):,} timestamps are in the future, up to {latest}. "
                "Check dataset.timestamp_unit, or remove those rows.",
            )
        )
    unset = times <= 0
    if unset.any():
        warnings.append(
            DataWarning(
                "timestamps_of_zero",
                int(unset.sum()),
                f"{where}: {unset.sum():,} of {len(times):,} timestamps are zero or before 1970, which often means "
                "that they are unknown; they count as the earliest. Remove those rows if so.",
            )
        )
    return warnings


def _spelling_warnings(ids: pa.Array[Any], where: str, what: str) -> list[DataWarning]:
    folded = pc.replace_substring_regex(pc.utf8_lower(ids), pattern=r"[\s\p{Z}]+", replacement="")
    encoded = folded.dictionary_encode()
    codes = encoded.indices.to_numpy()
    sizes = np.bincount(codes, minlength=1)
    count = int((sizes[codes] > 1).sum())
    if count == 0:
        return []
    # The first id with a double, and the first of its doubles: the pair does not depend on the order of rows.
    first, second = np.flatnonzero(codes == codes[int(np.argmax(sizes[codes] > 1))])[:2]
    pair = f"{ids[int(first)].as_py()[:40]!r} and {ids[int(second)].as_py()[:40]!r}"
    sentence = (
        f"{where}: {count:,} {what} ids differ from another only by spaces or case, such as {pair}. "
        f"They count as different {what}s; write them alike if they are the same."
    )
    return [DataWarning(f"{what}_ids_alike", count, sentence)]


def _type_warnings(ids: pa.Array[Any], where: str, what: str) -> list[DataWarning]:
    integers = bool_array(pc.match_substring_regex(ids, _INTEGER))
    count = int((~integers).sum())
    if count == 0 or integers.mean() < _MOSTLY:
        return []
    example = ids[int(np.argmin(integers))].as_py()[:40]
    sentence = (
        f"{where}: {count:,} of {len(ids):,} {what} ids are not integers, such as {example!r}, where the others are. "
        "All ids are read as text; correct those rows if they are mistakes."
    )
    return [DataWarning(f"{what}_ids_mixed", count, sentence)]
