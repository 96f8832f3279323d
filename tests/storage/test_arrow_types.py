"""Each type of Arrow in each place that takes a table: read as what it means, or refused with one message."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from histories import history_of

from harness.artifacts import Interactions, RecommendationTask, Truth, Vocabulary
from harness.data import FixedSplit, lists_from, load_source, read_predictions, read_table
from harness.data.predictions.prediction_lists import indices_of
from harness.data.side_tables.item_vectors import read_vectors
from harness.errors import HarnessError
from harness.experiment import CategoriesSettings as Categories
from harness.experiment import ColumnNames as Columns
from harness.experiment import ItemsSettings, UsersSettings, VectorsSettings
from harness.models.external.external_arrays import vectors_in
from harness.models.external.id_map import IdMap, IdOptions

NUMBERS = (7, 8, 9)
TEXTS = tuple(map(str, NUMBERS))
BYTES = tuple(text.encode() for text in TEXTS)
UUIDS = tuple(uuid.UUID(int=number) for number in NUMBERS)
Column = Any


def of_type(values: Sequence[Any], kind: Any) -> Column:
    return pa.array(values, kind)


def stored(values: Sequence[Any], kind: Any) -> Column:
    return pa.ExtensionArray.from_storage(kind, pa.array(values, kind.storage_type))


# Of three ids: the column, and the ids that it means.
IDS: dict[str, tuple[Column, tuple[Any, ...]]] = {
    **{str(kind): (of_type(NUMBERS, kind), NUMBERS) for kind in (pa.int8(), pa.uint16(), pa.int64(), pa.uint64())},
    **{str(kind): (of_type(NUMBERS, kind), NUMBERS) for kind in (pa.float32(), pa.float64())},
    "float16": (of_type(np.array(NUMBERS, dtype=np.float16), pa.float16()), NUMBERS),
    "dictionary of integers": (of_type(NUMBERS, pa.int32()).dictionary_encode(), NUMBERS),
    "decimal32": (of_type([Decimal(n) for n in NUMBERS], pa.decimal32(4, 0)), NUMBERS),
    "decimal64": (of_type([Decimal(n) for n in NUMBERS], pa.decimal64(12, 0)), NUMBERS),
    "decimal128": (of_type([Decimal(n) for n in NUMBERS], pa.decimal128(38, 0)), NUMBERS),
    "decimal of whole numbers": (of_type([Decimal(n) for n in NUMBERS], pa.decimal128(10, 2)), NUMBERS),
    "decimal256": (of_type([Decimal(n) for n in NUMBERS], pa.decimal256(50, 0)), NUMBERS),
    "string": (of_type(TEXTS, pa.string()), TEXTS),
    "large_string": (of_type(TEXTS, pa.large_string()), TEXTS),
    "string_view": (of_type(TEXTS, pa.string_view()), TEXTS),
    "dictionary of text": (of_type(TEXTS, pa.string()).dictionary_encode(), TEXTS),
    "dictionary of long text": (of_type(TEXTS, pa.large_string()).dictionary_encode(), TEXTS),
    "binary": (of_type(BYTES, pa.binary()), TEXTS),
    "large_binary": (of_type(BYTES, pa.large_binary()), TEXTS),
    "binary_view": (of_type(BYTES, pa.binary_view()), TEXTS),
    "fixed_size_binary": (of_type(BYTES, pa.binary(1)), TEXTS),
    "json": (stored(TEXTS, pa.json_()), TEXTS),
    "uuid": (stored([value.bytes for value in UUIDS], pa.uuid()), tuple(map(str, UUIDS))),
}
REFUSED: dict[str, Column] = {
    "bool": of_type([True, False, True], pa.bool_()),
    "bool8": stored([1, 0, 1], pa.bool8()),
    "date32": of_type([datetime.date(2024, 1, day) for day in NUMBERS], pa.date32()),
    "timestamp": of_type(NUMBERS, pa.int64()).cast(pa.timestamp("us")),
    "time64": of_type([datetime.time(hour) for hour in NUMBERS], pa.time64("us")),
    "duration": of_type([datetime.timedelta(days) for days in NUMBERS], pa.duration("s")),
    "null": pa.nulls(3),
    "list": of_type([[number] for number in NUMBERS], pa.list_(pa.int64())),
    "list_view": of_type([[number] for number in NUMBERS], pa.list_view(pa.int64())),
    "struct": of_type([{"id": number} for number in NUMBERS], pa.struct({"id": pa.int64()})),
    "map": of_type([[("id", number)] for number in NUMBERS], pa.map_(pa.string(), pa.int64())),
    "fractions": of_type([7.5, 8.0, 9.0], pa.float64()),
    "decimal fractions": of_type([Decimal("7.5"), Decimal(8), Decimal(9)], pa.decimal128(9, 1)),
    "half fractions": of_type(np.array([7.5, 8, 9], dtype=np.float16), pa.float16()),
    "bytes that are no text": of_type([b"\xff", b"8", b"9"], pa.binary()),
    "viewed bytes that are no text": of_type([b"\xff", b"8", b"9"], pa.binary_view()),
}


def written(folder: Path, **columns: Column) -> Path:
    path = folder / "table.parquet"
    pq.write_table(pa.table(columns), path)
    return path


def interactions(ids: Vocabulary) -> Interactions:
    """One row for each of three ids, which are users and items alike."""
    return Interactions(users=np.arange(3), items=np.arange(3), user_ids=ids, item_ids=ids)


def data(folder: Path, ids: Vocabulary, **sections: Any) -> Interactions:
    path = folder / "plays.parquet"
    pq.write_table(pa.table({"user": ids.ids.tolist(), "item": ids.ids.tolist()}), path)
    keys = {
        "catalog": None,
        "path": path,
        "columns": Columns(),
        "delimiter": None,
        "format": None,
        "timestamp_unit": "auto",
        "duplicates": "keep",
        "items": None,
        "users": None,
    }
    return load_source(SimpleNamespace(**keys | sections)).interactions  # type: ignore[arg-type]


def as_users(folder: Path, column: Column, ids: Vocabulary) -> list[int]:
    rows = read_table(written(folder, user=column, item=of_type(NUMBERS, pa.int64())))
    return ids.indices(rows.user_ids.ids[rows.users]).tolist()


def as_items(folder: Path, column: Column, ids: Vocabulary) -> list[int]:
    rows = read_table(written(folder, user=of_type(NUMBERS, pa.int64()), item=column))
    return ids.indices(rows.item_ids.ids[rows.items]).tolist()


def in_parts(folder: Path, column: Column, ids: Vocabulary) -> list[int]:
    (folder / "parts").mkdir()
    for part, rows in (("a", column[:1]), ("b", column[1:])):
        pq.write_table(pa.table({"user": rows, "item": rows}), folder / "parts" / f"table.{part}.parquet")
    rows = read_table(folder / "parts")
    return ids.indices(rows.user_ids.ids[rows.users]).tolist()


def as_part_of_a_fixed_split(folder: Path, column: Column, ids: Vocabulary) -> list[int]:
    pq.write_table(pa.table({"user": column[:2], "item": column[:2]}), folder / "table.train.parquet")
    pq.write_table(pa.table({"user": column[2:], "item": column[2:]}), folder / "table.test.parquet")
    files = {part: str(folder / f"table.{part}.parquet") for part in ("train", "test")}
    split = FixedSplit(**files).split(interactions(ids))
    return [*split.part("train").users.tolist(), *split.part("test").users.tolist()]


def as_side_table(folder: Path, column: Column, ids: Vocabulary) -> list[int]:
    path = written(folder, item=column, place=of_type([0, 1, 2], pa.int64()))
    table = data(folder, ids, items=ItemsSettings(str(path), attributes=("place",))).item_table
    assert table is not None
    return table["place"].tolist()


def as_table_of_users(folder: Path, column: Column, ids: Vocabulary) -> list[int]:
    path = written(folder, user=column, place=of_type([0, 1, 2], pa.int64()))
    table = data(folder, ids, users=UsersSettings(str(path), groups=("place",))).user_table
    assert table is not None
    return table["place"].tolist()


def as_ids_of_vectors(folder: Path, column: Column, ids: Vocabulary) -> list[int]:
    path = written(folder, item=column, vector=of_type([[0.0], [1.0], [2.0]], pa.list_(pa.float32())))
    return read_vectors(VectorsSettings(str(path)), ids, table_ids=None).matrix[:, 0].tolist()


def as_predictions(folder: Path, column: Column, ids: Vocabulary) -> list[int]:
    table = read_predictions(written(folder, user=column, item=column, rank=of_type([1, 1, 1], pa.int64())))
    assert np.array_equal(indices_of(table.users, ids), indices_of(table.items, ids))
    return indices_of(table.users, ids).tolist()


def as_candidates(folder: Path, column: Column, ids: Vocabulary) -> list[int]:
    truth = Truth(np.arange(4), np.arange(3, dtype=np.int32))
    history = history_of([[]] * 3, 3)
    asked = RecommendationTask(np.arange(3), truth, history, ids, ids)
    return lists_from(written(folder, user=column, item=column), asked).lists.items.tolist()


def as_ids_of_a_model(folder: Path, column: Column, ids: Vocabulary) -> list[int]:
    path = written(folder, id=column)
    return IdMap.of(IdOptions(str(path)), ids, size=3, what="item").catalogue_index.tolist()


def as_vectors_of_a_model(folder: Path, column: Column, ids: Vocabulary) -> list[int]:
    path = written(folder, item=column, vector=of_type([[0.0], [1.0], [2.0]], pa.list_(pa.float32())))
    read, _ = vectors_in(path, id_column="item", column="vector")
    return IdMap.by_ids(read, ids, where=str(path), what="item").catalogue_index.tolist()


PLACES: dict[str, Callable[[Path, Column, Vocabulary], list[int]]] = {
    place.__name__: place
    for place in (
        as_users,
        as_items,
        in_parts,
        as_part_of_a_fixed_split,
        as_side_table,
        as_table_of_users,
        as_ids_of_vectors,
        as_predictions,
        as_candidates,
        as_ids_of_a_model,
        as_vectors_of_a_model,
    )
}


@pytest.mark.parametrize("place", list(PLACES))
@pytest.mark.parametrize("kind", list(IDS))
def test_ids(kind: str, place: str, tmp_path: Path) -> None:
    column, ids = IDS[kind]
    assert PLACES[place](tmp_path, column, Vocabulary.of(ids)) == [0, 1, 2]


@pytest.mark.parametrize("place", list(PLACES))
@pytest.mark.parametrize("kind", list(REFUSED))
def test_ids_that_are_none(kind: str, place: str, tmp_path: Path) -> None:
    with pytest.raises(HarnessError, match=r"table(\.\w+)?\.parquet|parts"):
        PLACES[place](tmp_path, REFUSED[kind], Vocabulary.of(NUMBERS))


@pytest.mark.parametrize("text_in_data", [True, False])
@pytest.mark.parametrize("kind", list(IDS))
def test_predictions_match_numbers_and_their_text(kind: str, text_in_data: bool, tmp_path: Path) -> None:
    column, _ = IDS[kind]
    if kind != "uuid":
        own = Vocabulary.of(TEXTS if text_in_data else NUMBERS)
        assert as_predictions(tmp_path, column, own) == [0, 1, 2]


ONE_VALUE_A_ROW = {kind: column for kind, (column, _) in IDS.items()} | {
    kind: column
    for kind, column in REFUSED.items()
    if not pa.types.is_nested(column.type) and "no text" not in kind
}  # fmt: skip
NO_VALUE_A_ROW = {kind: column for kind, column in REFUSED.items() if kind not in ONE_VALUE_A_ROW}


def joined(folder: Path, column: Column) -> list[Any]:
    """The values of a column as title, attribute of items and group of users."""
    ids = Vocabulary.of(NUMBERS)
    path = written(folder, item=of_type(NUMBERS, pa.int64()), user=of_type(NUMBERS, pa.int64()), x=column)
    rows = data(
        folder,
        ids,
        items=ItemsSettings(str(path), title="x", attributes=("x",)),
        users=UsersSettings(str(path), groups=("x",)),
    )
    assert rows.item_table is not None
    assert rows.user_table is not None
    return [rows.item_table["title"].tolist(), rows.item_table["x"].tolist(), rows.user_table["x"].tolist()]


@pytest.mark.parametrize("kind", list(ONE_VALUE_A_ROW))
def test_titles_attributes_and_groups(kind: str, tmp_path: Path) -> None:
    titles, attributes, groups = joined(tmp_path, ONE_VALUE_A_ROW[kind])
    assert attributes == groups or kind == "null"  # NaN differs from itself
    assert all(isinstance(title, str) for title in titles) or kind == "null"
    if kind in IDS and isinstance(IDS[kind][1][0], str):
        assert titles == attributes == list(IDS[kind][1])
    elif kind in IDS:
        assert attributes == list(NUMBERS)


@pytest.mark.parametrize("kind", list(NO_VALUE_A_ROW))
def test_columns_that_are_no_titles(kind: str, tmp_path: Path) -> None:
    with pytest.raises(HarnessError, match=r"table\.parquet: column 'x' holds"):
        joined(tmp_path, NO_VALUE_A_ROW[kind])


NUMERIC = [kind for kind, (_, ids) in IDS.items() if kind != "uuid" and ids != BYTES]


@pytest.mark.parametrize("kind", NUMERIC)
def test_ratings_and_ranks(kind: str, tmp_path: Path) -> None:
    column, _ = IDS[kind]
    path = written(tmp_path, user=of_type(NUMBERS, pa.int64()), item=of_type(NUMBERS, pa.int64()), rating=column)
    values = read_table(path).values
    assert values is not None
    assert values.tolist() == [7.0, 8.0, 9.0]
    path = written(tmp_path, user=of_type(NUMBERS, pa.int64()), item=of_type(NUMBERS, pa.int64()), rank=column)
    ranks = read_predictions(path).ranks
    assert ranks is not None
    assert ranks.tolist() == list(NUMBERS)


LISTS = [
    *(pa.list_(kind) for kind in (pa.float16(), pa.float32(), pa.float64(), pa.int8(), pa.uint64())),
    *(pa.list_(kind, 2) for kind in (pa.float16(), pa.float32(), pa.int64())),
    *(pa.large_list(kind) for kind in (pa.float16(), pa.float32())),
    *(pa.list_view(kind) for kind in (pa.float16(), pa.float32())),
    pa.large_list_view(pa.float32()),
    pa.fixed_shape_tensor(pa.float32(), [2]),
]


@pytest.mark.parametrize("kind", LISTS, ids=str)
def test_vectors(kind: Any, tmp_path: Path) -> None:
    number = int if pa.types.is_integer(getattr(kind, "value_type", pa.null())) else float
    values = [[number(1), number(2)], [number(3), number(4)], [number(5), number(6)]]
    column = stored(values, kind) if isinstance(kind, pa.BaseExtensionType) else of_type(values, kind)
    path = written(tmp_path, item=of_type(NUMBERS, pa.int64()), vector=column)
    assert read_vectors(VectorsSettings(str(path)), Vocabulary.of(NUMBERS), table_ids=None).matrix.tolist() == values
    assert vectors_in(path, id_column="item", column="vector")[1].tolist() == values


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.string_view(), pa.binary()], ids=str)
@pytest.mark.parametrize("lists", [pa.list_, pa.large_list, pa.list_view, pa.large_list_view])
def test_categories(lists: Any, kind: Any, tmp_path: Path) -> None:
    column = of_type([["a", "b"], [], ["b"]], lists(kind))
    path = written(tmp_path, item=of_type(NUMBERS, pa.int64()), genres=column)
    items = ItemsSettings(str(path), categories=Categories("genres"))
    table = data(tmp_path, Vocabulary.of(NUMBERS), items=items).item_table
    assert table is not None
    assert table["categories"].tolist() == [("a", "b"), (), ("b",)]


def test_parts_whose_texts_have_different_layouts(tmp_path: Path) -> None:
    folder = tmp_path / "parts"
    folder.mkdir()
    kinds = (pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int8(), pa.string()), pa.binary())
    for place, kind in enumerate(kinds):
        column = pa.array(["a", "b"]).dictionary_encode() if place == 3 else of_type(["a", "b"], kind)
        pq.write_table(pa.table({"user": column, "item": [1, 2]}), folder / f"{place}.parquet")
    assert read_table(folder).frame()["user"].tolist() == ["a", "b"] * len(kinds)


def test_chunks_and_gaps(tmp_path: Path) -> None:
    """Ids in several row groups; a group column with a gap."""
    column = pa.array(np.arange(2_000, dtype=np.float16))
    path = tmp_path / "table.parquet"
    pq.write_table(pa.table({"user": column, "item": column}), path, row_group_size=100)
    assert read_table(path).user_ids.ids.tolist() == list(range(2_000))
    half = of_type([None, 8.0, 9.0], pa.float16())
    uuids = stored([None, UUIDS[1].bytes, UUIDS[2].bytes], pa.uuid())
    ids = of_type(NUMBERS, pa.int64())
    pq.write_table(pa.table({"user": ids, "half": half, "uuid": uuids}), path)
    table = data(tmp_path, Vocabulary.of(NUMBERS), users=UsersSettings(str(path), groups=("half", "uuid"))).user_table
    assert table is not None
    assert table["half"].isna().tolist() == table["uuid"].isna().tolist() == [True, False, False]
    assert table["uuid"].tolist()[1:] == list(map(str, UUIDS[1:]))
