"""Find what looks wrong in a data set that can be read all the same: odd ids and odd times."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from harness.artifacts import PER_SECOND, Caution, TimeUnit, Vocabulary
from harness.artifacts.array_types import Float64Array, Int64Array
from harness.data.readers.columns import flags
from harness.data.times.date_text import date_text

logger = logging.getLogger("harness")

_SECONDS_A_DAY = 86_400
_MOSTLY = 0.9  # the share of integers above which the other ids look like mistakes
_INTEGER = r"^-?[0-9]+$"
_told: set[str] = set()


def tell(cautions: Iterable[Caution]) -> None:
    """Log each caution once per process."""
    for caution in cautions:
        if caution.sentence not in _told:
            _told.add(caution.sentence)
            logger.warning("%s", caution.sentence)


def id_cautions(vocabulary: Vocabulary, *, where: str, what: str) -> list[Caution]:
    """Return what looks wrong in external ids: pairs that differ only by spaces or case, and text among integers.

    Parameters
    ----------
    vocabulary
        The external ids; integers cannot look wrong.
    where
        Name of the data set, for the sentence.
    what
        ``user`` or ``item``.

    Examples
    --------
    >>> [caution] = id_cautions(Vocabulary.of(["ann", "Ann ", "bob"]), where="plays.csv", what="user")
    >>> caution.sentence[:80]
    "plays.csv: 2 user ids differ from another only by spaces or case, such as 'Ann '"
    """
    if not vocabulary.is_text or len(vocabulary) == 0:
        return []
    ids = pa.array(vocabulary.ids, pa.large_string())
    return [*_alike(ids, where, what), *_mixed(ids, where, what)]


def time_cautions(times: Int64Array | Float64Array, *, unit: TimeUnit, where: str) -> list[Caution]:
    """Return what looks wrong in times since 1970: those in the future, and those of zero or less.

    Parameters
    ----------
    times
        ``(n,)``, since 1970 in UTC.
    unit
        The unit of the times.
    where
        Name of the data set, for the sentence.
    """
    cautions = []
    # A day of grace: a file may have been written east of here a moment ago.
    future = times > (int(time.time()) + _SECONDS_A_DAY) * PER_SECOND[unit]
    if future.any():
        latest = date_text(times.max().item(), unit)
        cautions.append(
            Caution(
                "future_timestamps",
                int(future.sum()),
                f"{where}: {future.sum():,} of {len(times):,} timestamps are in the future, up to {latest}. "
                "Check dataset.timestamp_unit, or remove those rows.",
            )
        )
    unset = times <= 0
    if unset.any():
        cautions.append(
            Caution(
                "timestamps_of_zero",
                int(unset.sum()),
                f"{where}: {unset.sum():,} of {len(times):,} timestamps are zero or before 1970, which often means "
                "that they are not known; they count as the earliest. Remove those rows if so.",
            )
        )
    return cautions


def _alike(ids: pa.Array[Any], where: str, what: str) -> list[Caution]:
    folded = pc.replace_substring_regex(pc.utf8_lower(ids), pattern=r"[\s\p{Z}]+", replacement="")
    encoded = folded.dictionary_encode()
    codes = encoded.indices.to_numpy()
    sizes = np.bincount(codes, minlength=1)
    count = int((sizes[codes] > 1).sum())
    if count == 0:
        return []
    # The first id that has a double, and the first of its doubles: the same pair whatever the order of rows.
    first, second = np.flatnonzero(codes == codes[int(np.argmax(sizes[codes] > 1))])[:2]
    pair = f"{ids[int(first)].as_py()[:40]!r} and {ids[int(second)].as_py()[:40]!r}"
    sentence = (
        f"{where}: {count:,} {what} ids differ from another only by spaces or case, such as {pair}. "
        f"They count as different {what}s; write them alike if they are one."
    )
    return [Caution(f"{what}_ids_alike", count, sentence)]


def _mixed(ids: pa.Array[Any], where: str, what: str) -> list[Caution]:
    integers = flags(pc.match_substring_regex(ids, _INTEGER))
    count = int((~integers).sum())
    if count == 0 or integers.mean() < _MOSTLY:
        return []
    example = ids[int(np.argmin(integers))].as_py()[:40]
    sentence = (
        f"{where}: {count:,} of {len(ids):,} {what} ids are no integers, such as {example!r}, where the others are. "
        "All of them are taken as text; mend those rows if they are slips."
    )
    return [Caution(f"{what}_ids_mixed", count, sentence)]
