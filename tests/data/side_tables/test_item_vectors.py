"""Read item vectors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from dataset_sections import dataset_section
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.data import SourceData, load_source
from harness.errors import DataError
from harness.experiment import ItemsSettings, VectorsSettings
from harness.storage import sha256_file

PLAYS = "user,item\nann,7\nbob,9\nann,8\n"


FILMS = "item,name,genres,year,note\n9,Nine,Drama|War,1999,x\n5,Five,War,1995,y\n7,Seven, War | War|,1997,z\n"


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("plays.csv").write_text(PLAYS)
    Path("items.csv").write_text(FILMS)


def loaded(**keys: Any) -> SourceData:
    return load_source(dataset_section(**({"path": "plays.csv"} | keys)))


def fails(told: str, **keys: Any) -> None:
    with pytest.raises(DataError, match=told):
        loaded(**keys)


def test_vectors_by_hand() -> None:
    np.save("v.npy", np.array([[1, 2], [3, 4], [5, 6]], dtype=np.float64))
    source = loaded(items=ItemsSettings("items.csv", vectors=VectorsSettings("v.npy")))
    matrix = source.interactions.item_vectors
    assert matrix is not None
    assert matrix.dtype == np.float32
    # Items 7, 8, 9: rows 3, none and 1 of the table.
    np.testing.assert_array_equal(matrix, [[5, 6], [np.nan, np.nan], [1, 2]])
    assert source.facts["vectors"] == {
        "path": "v.npy",
        "sha256": sha256_file(Path("v.npy")),
        "rows": 3,
        "dimension": 2,
        "missing": 1,
    }
    assert [warning.name for warning in source.warnings] == ["items_without_row", "items_without_vector"]


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.permutations([7, 8, 9, 70, 80]), st.integers(1, 4), st.integers(0, 2**32 - 1))
def test_vectors_in_every_format(ids: list[int], dimension: int, seed: int) -> None:
    vectors = np.random.default_rng(seed).normal(size=(len(ids), dimension)).astype(np.float32)
    np.save("v.npy", vectors)
    np.save("ids.npy", np.array(ids))
    Path("ids.txt").write_text("".join(f"{own}\n" for own in ids))
    pq.write_table(pa.table({"item": ids, "vector": vectors.tolist()}), "v.parquet")
    fixed = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), dimension)
    pq.write_table(pa.table({"sku": ids, "embedding": fixed}), "f.parquet")
    expected = np.array([vectors[ids.index(own)] for own in (7, 8, 9)])
    for section in (
        VectorsSettings("v.npy", ids="ids.npy"),
        VectorsSettings("v.npy", ids="ids.txt"),
        VectorsSettings("v.parquet"),
        VectorsSettings("f.parquet", id="sku", column="embedding"),
    ):
        np.testing.assert_array_equal(loaded(items=ItemsSettings(vectors=section)).interactions.item_vectors, expected)


def test_vectors_of_text_ids() -> None:
    Path("plays.csv").write_text("user,item\n1,a\n1,b\n")
    np.save("v.npy", np.eye(2))
    np.save("ids.npy", np.array(["b", "a"]))
    matrix = loaded(items=ItemsSettings(vectors=VectorsSettings("v.npy", ids="ids.npy"))).interactions.item_vectors
    assert matrix is not None
    assert matrix.tolist() == [[0, 1], [1, 0]]


def bad_vectors(array: Any, told: str, **keys: Any) -> None:
    np.save("v.npy", array)
    fails(told, items=ItemsSettings(path="items.csv", vectors=VectorsSettings("v.npy", **keys)))


def test_bad_vectors() -> None:
    bad_vectors(np.zeros((2, 4)), "v.npy: 2 vectors for 3 ids of the side table")
    bad_vectors(np.zeros(3), r"an array of float64 with the shape \(3,\), where numbers in the shape")
    bad_vectors(np.zeros((3, 0)), "where numbers in the shape")
    bad_vectors(np.array([["a"], ["b"], ["c"]]), "where numbers in the shape")
    bad_vectors(
        np.array([[1.0], [2.0], [np.inf]]), r"v\.npy: row 3: the vector of item 7 holds a number that is not finite"
    )
    bad_vectors(
        np.array([[1e39], [2.0], [3.0]]), r"v\.npy: row 1: the vector of item 9 holds a number that is not finite"
    )
    bad_vectors(np.array([[object()], [1], [2]], dtype=object), "holds Python objects, which are never unpickled")
    Path("v.npy").write_bytes(b"not an array")
    fails("the array cannot be read", items=ItemsSettings("items.csv", vectors=VectorsSettings("v.npy")))
    Path("v.npy").write_bytes(b"")
    fails("the file is empty", items=ItemsSettings("items.csv", vectors=VectorsSettings("v.npy")))
    np.save("v.npy", np.zeros((3, 2)))
    fails("nothing says which item each vector belongs to", items=ItemsSettings(vectors=VectorsSettings("v.npy")))
    fails("ids.txt: there is no such file", items=ItemsSettings(vectors=VectorsSettings("v.npy", ids="ids.txt")))
    Path("ids.txt").write_text("7\n8\n7\n")
    fails(
        r"ids\.txt: column 'id', row 3: the item 7 is in row 1 already",
        items=ItemsSettings(vectors=VectorsSettings("v.npy", ids="ids.txt")),
    )
    np.save("ids.npy", np.zeros((3, 1)))
    fails("where one id per row is needed", items=ItemsSettings(vectors=VectorsSettings("v.npy", ids="ids.npy")))
    fails("does not say the format of vectors", items=ItemsSettings(vectors=VectorsSettings("items.csv")))


@pytest.mark.parametrize(
    ("vectors", "told"),
    [
        (
            [[1.0, 2.0], [1.0], [2.0, 3.0]],
            "column 'vector', row 2: the vector has 1 numbers, where the first row has 2",
        ),
        ([[1.0], None, [2.0]], "column 'vector', row 2: the vector has 0 numbers, where the first row has 1"),
        ([[], [], []], "holds list.*where lists of numbers are needed"),
        ([[1.0], [None], [2.0]], "the vector of item 8 holds a number that is not finite"),
        ([["a"], ["b"], ["c"]], "where lists of numbers are needed"),
        ([1.0, 2.0, 3.0], "column 'vector' holds double, where lists of numbers are needed"),
    ],
)
def test_bad_vectors_in_parquet(vectors: list[Any], told: str) -> None:
    pq.write_table(pa.table({"item": [7, 8, 9], "vector": vectors}), "v.parquet")
    fails(told, items=ItemsSettings(vectors=VectorsSettings("v.parquet")))
