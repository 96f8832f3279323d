"""Vectors of users and items from files: whose they are, what they score, and what is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import safetensors.torch
import torch
from histories import history_of

import harness
from harness.artifacts import UserBatch, Vocabulary
from harness.errors import HarnessError
from harness.experiment.components import component_of

USERS = Vocabulary.of(["ann", "bob"])
ITEMS = Vocabulary.of([10, 20, 30])
HISTORY = history_of([[0, 2], [1]], 3)
BATCH = UserBatch(np.array([1, 0]), HISTORY)
U = np.array([[1.0, 0.0], [0.5, 2.0]], dtype=np.float32)
V = np.array([[1.0, 1.0], [0.0, -1.0], [3.0, 4.0]], dtype=np.float32)


def loaded(checkpoint=None, **params):
    model = component_of("models", "vectors", params)
    model.files(None if checkpoint is None else str(checkpoint))
    return model.load(None if checkpoint is None else str(checkpoint), users=USERS, items=ITEMS, device="cpu")


def scores(recommender, batch=BATCH):
    return (recommender.user_vectors(batch) @ recommender.item_vectors().T).numpy()


@pytest.fixture
def both(tmp_path):
    path = tmp_path / "factors.npz"
    np.savez(path, users=U, items=V)
    return path


def test_worked_by_hand(both):
    recommender = loaded(both)
    assert scores(recommender).tolist() == [[2.5, -2.0, 9.5], [1.0, 0.0, 3.0]]
    cosine = scores(loaded(both, similarity="cosine"))
    np.testing.assert_allclose(cosine[1], [0.5**0.5, 0.0, 0.6], rtol=1e-6)
    # A mean of the items (1, 1) and (3, 4); of the one item (0, -1).
    np.testing.assert_allclose(scores(loaded(both, history="mean")), [[-1, 1, -4], [4.5, -2.5, 16]])
    np.testing.assert_allclose(scores(loaded(both, history="sum"))[1], [9, -5, 32])


@pytest.mark.parametrize("form", ["npy", "npz", "parquet", "safetensors", "bfloat16", "half", "double"])
def test_each_format_gives_the_same(form, tmp_path):
    params = {"users": {"path": str(tmp_path / f"u.{form}")}, "items": {"path": str(tmp_path / f"v.{form}")}}
    for name, matrix, vocabulary in (("u", U, USERS), ("v", V, ITEMS)):
        path = tmp_path / f"{name}.{form}"
        if form in ("npy", "half", "double"):
            kind = {"half": np.float16, "double": np.float64}.get(form, np.float32)
            path = tmp_path / f"{name}.{form}.npy"
            np.save(path, matrix.astype(kind))
        elif form == "npz":
            np.savez(path, anything=matrix)
        elif form == "parquet":
            frame = pd.DataFrame({"user" if name == "u" else "item": vocabulary.ids, "vector": list(matrix)})
            frame.sample(frac=1, random_state=1).to_parquet(path)
        else:
            path = tmp_path / f"{name}.{form}.safetensors"
            tensor = torch.from_numpy(matrix)
            safetensors.torch.save_file({"w": tensor.bfloat16() if form == "bfloat16" else tensor}, path)
        params["users" if name == "u" else "items"]["path"] = str(path)
    assert scores(loaded(**params)).tolist() == [[2.5, -2.0, 9.5], [1.0, 0.0, 3.0]]


def test_ids_of_a_file_bias_and_shift(tmp_path):
    np.savez(tmp_path / "f.npz", users=U, items=V[[2, 0, 1]], item_bias=[100.0, 0.0, 7.0])
    (tmp_path / "items.txt").write_text("30\n10\n20\n")
    params = {"items": {"ids": str(tmp_path / "items.txt")}}
    recommender = loaded(tmp_path / "f.npz", **params)
    assert scores(recommender).tolist() == [[2.5, -2.0, 9.5], [1.0, 0.0, 3.0]]
    # Rows are those of 30, 10, 20: with the one below, 10 has that of 20, 20 none, 30 that of 10.
    assert scores(recommender.with_shift("items", 1)).tolist() == [[-2.0, 0.0, 2.5], [0.0, 0.0, 1.0]]
    assert scores(recommender.with_shift("items", -1)).tolist() == [[9.5, 2.5, 0.0], [3.0, 1.0, 0.0]]
    biased = loaded(tmp_path / "f.npz", bias="item_bias", **params)
    assert scores(biased).tolist() == [[2.5, 5.0, 109.5], [1.0, 7.0, 103.0]]
    assert scores(loaded(tmp_path / "f.npz", bias="item_bias", history="sum", **params))[1].tolist() == [9, 2, 132]
    assert scores(loaded(tmp_path / "f.npz", history="sum", **params).with_shift("items", 1)).shape == (2, 3)


def test_those_without_a_vector(tmp_path):
    np.savez(tmp_path / "f.npz", users=U[:1], items=V[:2])
    (tmp_path / "users.txt").write_text("bob\n")
    (tmp_path / "items.txt").write_text("10\n20\n")
    users, items = {"ids": str(tmp_path / "users.txt")}, {"ids": str(tmp_path / "items.txt")}
    with pytest.raises(HarnessError, match=r"1 items have no vector, such as '30'; 2 of the 3 .*items.missing: last"):
        loaded(tmp_path / "f.npz", users=users, items=items)
    recommender = loaded(tmp_path / "f.npz", users=users, items=items | {"missing": "last"})
    with pytest.raises(HarnessError, match=r"1 users have no vector, such as 'ann'; 1 of the 2 .*users.missing: zero"):
        recommender.user_vectors(BATCH)
    bob = UserBatch(np.array([1]), HISTORY)
    assert scores(recommender, bob)[0] == pytest.approx([1.0, 0.0, -1e30])
    zero = loaded(tmp_path / "f.npz", users=users | {"missing": "zero"}, items=items | {"missing": "zero"})
    assert scores(zero).tolist() == [[1.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
    mean = loaded(tmp_path / "f.npz", history="mean", items=items | {"missing": "zero"})
    assert scores(mean)[1].tolist() == [2.0, -1.0, 0.0]  # ann's history is items 10 and 30, which says nothing


def test_what_is_refused(tmp_path, both):
    def refused(message, checkpoint=None, **params):
        with pytest.raises(HarnessError, match=message):
            loaded(checkpoint, **params)

    refused("nothing says where the item vectors are")
    refused("does not exist", tmp_path / "none.npz")
    np.savez(tmp_path / "wide.npz", users=np.ones((2, 4)), items=V)
    refused(r"user vectors have 4 dimensions .* and item vectors 2", tmp_path / "wide.npz")
    np.savez(tmp_path / "off.npz", users=U, items=np.ones((4, 2)))
    refused(r"the model has 4 item indices, and the data set has 3 items.*padding", tmp_path / "off.npz")
    refused(r"no array 'vectors': it holds 'users', 'items'", both, items={"name": "vectors"})
    np.savez(tmp_path / "flat.npz", users=U, items=np.ones(3))
    refused(r"item vectors are float64 \(3,\)", tmp_path / "flat.npz")
    np.savez(tmp_path / "text.npz", users=U, items=np.array([["a", "b"]] * 3))
    refused(r"item vectors are <U1", tmp_path / "text.npz")
    objects = np.empty(3, dtype=object)
    objects[:] = list(V)
    np.save(tmp_path / "objects.npy", objects, allow_pickle=True)
    np.savez(tmp_path / "objects.npz", items=objects, users=U)
    for path in (tmp_path / "objects.npy", tmp_path / "objects.npz"):
        refused(r"never unpickled .* numpy.stack\(vectors\)", both, items={"path": str(path)})
    (tmp_path / "v.pkl").write_bytes(b"\x80\x04.")
    refused(r"Pickles are never loaded", both, items={"path": str(tmp_path / "v.pkl")})
    for suffix in ("npy", "npz", "parquet", "safetensors"):
        (tmp_path / f"torn.{suffix}").write_bytes(b"\x93NUMPY")
        refused(r"cannot be read|cut short, damaged", both, items={"path": str(tmp_path / f"torn.{suffix}")})
    np.save(tmp_path / "one.npy", V)
    refused(r"holds one array, which cannot be both user and item vectors.*history: mean", tmp_path / "one.npy")
    np.savez(tmp_path / "one.npz", V)
    refused(r"has no array 'items': it holds 'arr_0'. Choose one with 'items.name'", tmp_path / "one.npz")
    refused(r"has no array 'biases': it holds 'users', 'items'. .*Choose one with 'bias'", both, bias="biases")
    for bad in (np.nan, np.inf, 1e39):
        wrong = V.astype(np.float64)
        wrong[1, 0] = bad
        np.save(tmp_path / "bad.npy", wrong)
        refused(
            r"of 1 items .* not finite, such as (nan|inf) for item '20' \(row 1\)",
            both,
            items={"path": str(tmp_path / "bad.npy")},
        )
    with np.errstate(over="ignore"):
        np.save(tmp_path / "half.npy", (V * 1e5).astype(np.float16))
    refused(r"3 items .*Half precision turns numbers beyond 65,504", both, items={"path": str(tmp_path / "half.npy")})
    pd.DataFrame({"item": [10, 20, 30], "vector": [[1.0], [1.0, 2.0], [3.0]]}).to_parquet(tmp_path / "ragged.parquet")
    refused(r"lists of 1 to 2 numbers", both, items={"path": str(tmp_path / "ragged.parquet")})
    refused(r"no column 'movie'", both, items={"path": str(tmp_path / "ragged.parquet"), "id": "movie"})
    refused(r"leave out model.params.items.ids", both, items={"path": str(tmp_path / "ragged.parquet"), "ids": "own"})
    refused(r"the bias 'users' is float32 \(2, 2\)", both, bias="users")
    refused(r"history is 'sum'", both, history="sum", users={})
    refused(r"users.missing is 'last'", both, users={"missing": "last"})
    refused(r"use similarity 'dot'", both, bias="b", similarity="cosine")


def test_dates_are_no_ids(tmp_path):
    path = tmp_path / "v.parquet"
    # A day that lies beyond Python's calendar.
    days = pa.array([0, 1, 2**30], pa.int32()).cast(pa.date32())
    pq.write_table(pa.table({"item": days, "vector": V.tolist()}), path)
    with pytest.raises(HarnessError, match=r"column 'item' holds date32.* where ids are needed"):
        loaded(items={"path": str(path)}, history="mean")
    np.save(tmp_path / "v.npy", V)
    with pytest.raises(HarnessError, match=r"holds date32.* where ids are needed"):
        loaded(items={"path": str(tmp_path / "v.npy"), "ids": str(path), "ids_column": "item"}, history="mean")


def test_a_column_whose_name_is_not_text(tmp_path):
    path = tmp_path / "v.parquet"
    pq.write_table(pa.table({"item": [10, 20, 30], "vector": V.tolist()}), path)
    path.write_bytes(path.read_bytes().replace(b"item", b"it\xe9m"))
    with pytest.raises(HarnessError, match=r"v\.parquet cannot be read: 'utf-8' codec"):
        loaded(items={"path": str(path)}, history="mean")


def test_through_yaml_as_the_model_that_made_them(small, tmp_path, cli):
    text = small.read_text()
    start, end = text.index("model:"), text.index("runner:")
    svd = tmp_path / "svd.yaml"
    model = "{{kind: pure_svd, params: {{factors: 8}}, fit: {{on: train}}, checkpoint: {}/svd.safetensors}}"
    svd.write_text(text[:start].replace("ease", "svd") + f"model: {model.format(tmp_path)}\n" + text[end:])
    theirs = harness.run(harness.load_experiment(svd), quiet=True)
    path = tmp_path / "vectors.yaml"
    path.write_text(
        text[:start].replace("small/ease", "small/vectors")
        + f"model:\n  kind: vectors\n  checkpoint: {tmp_path}/svd.safetensors\n  params: {{history: sum}}\n"
        + text[end:]
    )
    assert cli("eval", path, "--quiet")[0] == 0
    ours = harness.load_experiment(path)
    again = harness.run(ours, quiet=True)
    assert again.was_finished
    pd.testing.assert_frame_equal(again.table.per_user, theirs.table.per_user)
    assert harness.load_experiment(again.folder / "experiment.yaml") == ours
    (tmp_path / "items.txt").write_text("\n".join(f"i{item:02d}" for item in range(39)))
    broken = f"model.params.items.ids={tmp_path}/items.txt"
    code, _, told = cli("eval", path, "--quiet", "--set", broken)
    assert (code, "holds 39 ids, and the model has 40 item indices" in told) == (2, True)
