"""Runs and judgements in the format of trec_eval, for programs that read it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from harness.artifacts.arrays import Int64Array
from harness.errors import DataError
from harness.storage import atomic_write

if TYPE_CHECKING:
    from harness.data.columns import ArrowColumn

RUN, QRELS = "run.trec", "qrels.trec"
_MISS = "harness-miss-"  # an item that nobody has, for a slot that holds none


@dataclass(frozen=True)
class TrecFiles:
    """Where a run and its judgements were written."""

    run: Path
    qrels: Path


def write_trec(predictions: pa.Table, relevant: pa.Table, folder: Path, *, tag: str) -> TrecFiles:
    """Write ``run.trec`` (``user Q0 item rank score tag``) and ``qrels.trec`` (``user 0 item 1``).

    Programs of TREC order by the score and break ties by the item's id, so the score written is the
    rank turned round, which has no ties. Empty slots within a list are written as items that nobody
    has: left out, what stands below would move up.

    Parameters
    ----------
    predictions
        ``user``, ``item``, ``rank`` from 1.
    relevant
        ``user``, ``item``, a row a relevant item.
    folder
        Made if it is missing.
    tag
        Of the run; without spaces.

    Raises
    ------
    DataError
        An id holds a space, which the format cannot.
    """
    filled = _with_misses(predictions)
    ranks = filled.column("rank").to_numpy()
    depth = int(ranks.max()) if len(ranks) else 0
    files = TrecFiles(folder / RUN, folder / QRELS)
    _write(
        files.run,
        [
            _word(filled.column("user"), "user"),
            _same("Q0", len(filled)),
            _word(filled.column("item"), "item"),
            pa.array(ranks),
            pa.array(depth - ranks + 1),
            _same("-".join(tag.split()) or "harness", len(filled)),
        ],
    )
    n = len(relevant)
    items = _word(relevant.column("item"), "item")
    _write(files.qrels, [_word(relevant.column("user"), "user"), _same("0", n), items, _same("1", n)])
    return files


def _with_misses(predictions: pa.Table) -> pa.Table:
    """Return the rows by user and rank, with a row for each empty slot before the last."""
    table = predictions.select(["user", "item", "rank"])
    table = table.set_column(1, "item", table.column("item").cast(pa.string()))
    users: Any = table.column("user").dictionary_encode().unify_dictionaries().combine_chunks()
    if isinstance(users, pa.ChunkedArray):
        return table  # no row at all
    codes, ranks = users.indices.to_numpy().astype(np.int64), table.column("rank").to_numpy().astype(np.int64)
    missing = _missing_slots(codes, ranks, len(users.dictionary))
    if len(missing):
        rank = missing[:, 1]
        extra = pa.table(
            {
                "user": users.dictionary.take(pa.array(missing[:, 0])),
                "item": pa.array([f"{_MISS}{place}" for place in rank.tolist()]),
                "rank": pa.array(rank).cast(table.schema.field("rank").type),
            }
        )
        table = pa.concat_tables([table, extra])
        codes, ranks = np.concatenate([codes, missing[:, 0]]), np.concatenate([ranks, rank])
    return table.take(np.lexsort((ranks, codes)))


def _missing_slots(codes: Int64Array, ranks: Int64Array, n_users: int) -> Int64Array:
    """Return ``(n, 2)``: user and rank of each slot that is empty while a later one is not."""
    last = np.zeros(n_users, dtype=np.int64)
    np.maximum.at(last, codes, ranks)
    lengths = np.bincount(codes, minlength=n_users)
    gapped = np.flatnonzero(last != lengths)
    own = np.isin(codes, gapped)
    taken = set(zip(codes[own].tolist(), ranks[own].tolist(), strict=True))
    slots = [(user, rank) for user in gapped.tolist() for rank in range(1, int(last[user]) + 1)]
    return np.array([slot for slot in slots if slot not in taken], dtype=np.int64).reshape(-1, 2)


def _word(column: ArrowColumn, what: str) -> Any:
    text: Any = column.cast(pa.string())
    spaced = pc.match_substring_regex(text, r"\s|^$")
    if pc.any(spaced).as_py():
        shown = text.filter(spaced)[0].as_py()
        raise DataError(
            f"the {what} id {shown!r} is empty or holds a space, which the format of TREC cannot. "
            "Use ids without spaces, or predictions.parquet as it is."
        )
    return text


def _same(word: str, length: int) -> Any:
    return pa.array(np.full(length, word, dtype=object), type=pa.string())


def _write(path: Path, columns: list[Any]) -> None:
    table = pa.table(columns, names=[str(place) for place in range(len(columns))])
    options = pyarrow.csv.WriteOptions(include_header=False, delimiter=" ", quoting_style="none")
    with atomic_write(path) as temporary:
        pyarrow.csv.write_csv(table, temporary, write_options=options)
