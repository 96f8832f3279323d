"""Write runs and judgements in the format of trec_eval."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet

from harness.artifacts.array_types import Int64Array
from harness.storage import atomic_write

if TYPE_CHECKING:
    from harness.data.readers.columns import ArrowColumn

RUN, QRELS, IDS = "run.trec", "qrels.trec", "ids.parquet"
_MISS = "harness-miss-"  # an item that does not exist, for an empty slot
# Text that some TREC program does not read back as one word, such as U+2028, U+0085 and comment signs.
_NOT_A_WORD = rf'[\p{{Z}}\p{{C}}"]|^$|^#|^{_MISS}'
_LINES = 100_000  # in memory at once


@dataclass(frozen=True)
class TrecFiles:
    """Paths of a run and its judgements.

    Parameters
    ----------
    run, qrels
        The ranked lists and the relevant items.
    ids
        The ids that ``user-1``, ``item-1``, ... stand for; None if ids are written unchanged.
    """

    run: Path
    qrels: Path
    ids: Path | None


def write_trec(predictions: pa.Table, relevant: pa.Table, folder: Path, *, tag: str) -> TrecFiles:
    """Write ``run.trec`` (``user Q0 item rank score tag``) and ``qrels.trec`` (``user 0 item 1``).

    TREC programs sort by the score and break ties by the item id, so the written score is the reversed rank, which
    has no ties. Empty slots within a list are written as items that do not exist, because later items would otherwise
    move up.

    TREC programs cannot read ids that are empty or hold white space, control characters or quotation marks. If any
    user id is like this, all users are written as ``user-1``, ``user-2``, ... in the order of their ids as text, and
    likewise items as ``item-1``, ``item-2``, .... ``ids.parquet`` then has the columns ``kind`` (``user`` or
    ``item``), ``written`` and ``id``.

    Parameters
    ----------
    predictions
        Columns ``user``, ``item`` and ``rank`` from 1.
    relevant
        Columns ``user`` and ``item``, one row per relevant item.
    folder
        The folder, created if it does not exist.
    tag
        The name of the run; characters that the format does not allow become ``-``.

    Raises
    ------
    HarnessError
        The folder cannot be written.
    """
    tables = (predictions, relevant)
    users, items = (_TrecIds.of([table.column(kind) for table in tables], kind) for kind in ("user", "item"))
    written = predictions.select(["user", "item", "rank"])
    written = written.set_column(0, "user", users.written_ids(written.column("user")))
    filled = _with_misses(written.set_column(1, "item", items.written_ids(written.column("item"))))
    ranks = filled.column("rank").to_numpy()
    depth = int(ranks.max()) if len(ranks) else 0
    mapping = [words.table() for words in (users, items) if words.renamed]
    files = TrecFiles(folder / RUN, folder / QRELS, folder / IDS if mapping else None)
    word = re.sub(r"[^\w.,:+/-]+", "-", tag).strip("-") or "harness"
    _write(
        files.run,
        [filled.column("user"), "Q0", filled.column("item"), pa.array(ranks), pa.array(depth - ranks + 1)],
        word,
    )
    # An item that is held out twice is judged once, because trec_eval refuses repeated pairs.
    relevant = relevant.group_by(["user", "item"], use_threads=False).aggregate([])
    _write(
        files.qrels, [users.written_ids(relevant.column("user")), "0", items.written_ids(relevant.column("item"))], "1"
    )
    if files.ids is None:
        (folder / IDS).unlink(missing_ok=True)
    else:
        with atomic_write(files.ids) as temporary:
            pyarrow.parquet.write_table(pa.concat_tables(mapping), temporary, compression="zstd")
    return files


@dataclass(frozen=True, eq=False)
class _TrecIds:
    """The ids of one kind and how they are written: unchanged, or as numbers.

    Parameters
    ----------
    kind
        ``user`` or ``item``.
    ids
        All distinct ids as text, sorted.
    renamed
        Whether they are written as numbers, by their place among all ids.
    """

    kind: str
    ids: Any
    renamed: bool

    @classmethod
    def of(cls, columns: list[ArrowColumn], kind: str) -> _TrecIds:
        text: Any = pa.chunked_array([chunk for column in columns for chunk in _text(column).chunks], pa.large_string())
        ids = pc.unique(text)
        ids = ids.take(pc.sort_indices(ids))
        odd = pc.any(pc.match_substring_regex(ids, _NOT_A_WORD)).as_py()
        return cls(kind, ids, renamed=bool(odd))

    def written_ids(self, column: ArrowColumn) -> Any:
        """Return the written form of each id."""
        text = _text(column)
        return self._numbered(pc.index_in(text, value_set=self.ids)) if self.renamed else text

    def table(self) -> pa.Table:
        """Return the rows of ``ids.parquet``."""
        written = self._numbered(pa.array(np.arange(len(self.ids))))
        kinds = pa.array([self.kind] * len(self.ids), pa.large_string())
        return pa.table({"kind": kinds, "written": written, "id": self.ids})

    def _numbered(self, places: Any) -> Any:
        numbers = pc.add(places.cast(pa.int64()), 1).cast(pa.large_string())
        return pc.binary_join_element_wise(_scalar(f"{self.kind}-"), numbers, _scalar(""))


def _text(column: ArrowColumn) -> Any:
    text: Any = column.cast(pa.large_string())
    return text if isinstance(text, pa.ChunkedArray) else pa.chunked_array([text])


def _with_misses(table: pa.Table) -> pa.Table:
    """Return the rows sorted by user and rank, with a row for each empty slot within a list."""
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
                "item": pa.array([f"{_MISS}{place}" for place in rank.tolist()], pa.large_string()),
                "rank": pa.array(rank).cast(table.schema.field("rank").type),
            }
        )
        table = pa.concat_tables([table, extra])
        codes, ranks = np.concatenate([codes, missing[:, 0]]), np.concatenate([ranks, rank])
    return table.take(np.lexsort((ranks, codes)))


def _missing_slots(codes: Int64Array, ranks: Int64Array, n_users: int) -> Int64Array:
    """Return ``(n, 2)``: user and rank of each empty slot before the last filled one."""
    last = np.zeros(n_users, dtype=np.int64)
    np.maximum.at(last, codes, ranks)
    lengths = np.bincount(codes, minlength=n_users)
    gapped = np.flatnonzero(last != lengths)
    rows = np.isin(codes, gapped)
    taken = set(zip(codes[rows].tolist(), ranks[rows].tolist(), strict=True))
    slots = [(user, rank) for user in gapped.tolist() for rank in range(1, int(last[user]) + 1)]
    return np.array([slot for slot in slots if slot not in taken], dtype=np.int64).reshape(-1, 2)


def _write(path: Path, columns: list[Any], last: str) -> None:
    """Write one line per row: columns of text or numbers, constant words, and a last constant word."""
    table = pa.table({str(place): column for place, column in enumerate(columns) if not isinstance(column, str)})
    with atomic_write(path) as temporary, temporary.open("wb") as stream:
        for batch in table.to_batches(max_chunksize=_LINES):
            words: list[Any] = [
                _scalar(column) if isinstance(column, str) else batch[str(place)].cast(pa.large_string())
                for place, column in enumerate(columns)
            ]
            lines: Any = pc.binary_join_element_wise(*words, _scalar(f"{last}\n"), _scalar(" "))
            stream.write("".join(lines.to_pylist()).encode())


def _scalar(text: str) -> Any:
    return pa.scalar(text, pa.large_string())
