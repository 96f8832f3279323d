"""``harness explain``: the attention and the list are the model's own, and nothing in the picture is anybody's code."""

from __future__ import annotations

import functools
import xml.etree.ElementTree as ET

import numpy as np
import pandas as pd
import pytest

import harness
from harness.artifacts import Attention
from harness.errors import HarnessError
from harness.models.neural.sequential_network import SequentialScorer
from harness.pipeline import PictureOptions, explain, predict

EXPERIMENT = """
name: small/sequential
dataset:
  path: {folder}/data.csv
  items: {{path: {folder}/items.csv}}
  split: {{kind: leave_last_out, validation: true}}
model:
  kind: sequential
  checkpoint: {checkpoint}
  params: {{embedding_dim: 8, num_layers: 1, recipe: {{epochs: 2}}}}
  fit: {{on: train_validation}}
runner: {{k: 10}}
evaluation: {{cutoffs: [1, 5, 10]}}
tracking: {{enabled: false}}
report: {{directory: {reports}}}
"""
TITLES = [
    "<script>alert(1)</script>",
    "$x_1$ & $\\frac",
    '"><img src=x onerror=alert(1)>',
    "</title></svg><svg onload=x>",
    "a title that is much longer than the room that there is for titles " * 3,
    "url(#a) id='b' \u202egpj.exe",
    "",
]
LONGER = "../../<u>&\x07"  # a user's id, which has more items than a picture shows
SHORT = "u001"  # too short to have an item held out
pytestmark = pytest.mark.usefixtures("drawn_figures")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Data with hostile titles, an id that is a path, and a user of one item."""
    path = tmp_path_factory.mktemp("explain")
    rng, rows = np.random.default_rng(0), []
    for user in [LONGER, SHORT, *(f"u{user:03d}" for user in range(2, 40))]:
        length = {LONGER: 33, SHORT: 1}.get(user, rng.integers(4, 15))
        times = np.full(length, 9) if user == LONGER else np.sort(rng.integers(0, 5, length))
        items = [f"i{item:02d}" for item in rng.choice(40, length, replace=False)]
        rows.append(pd.DataFrame({"user": user, "item": items, "timestamp": times}))
    pd.concat(rows).to_csv(path / "data.csv", index=False)
    items = [f"i{item:02d}" for item in range(40)]
    titles = [TITLES[item % len(TITLES)] for item in range(40)]
    pd.DataFrame({"item": items, "title": titles}).to_csv(path / "items.csv", index=False)
    return path


@pytest.fixture
def written(folder, tmp_path):
    """Write an experiment whose checkpoint is made once; return its path."""
    path = tmp_path / "sequential.yaml"
    checkpoint, reports = folder / "sequential.safetensors", tmp_path / "reports"
    path.write_text(EXPERIMENT.format(folder=folder, checkpoint=checkpoint, reports=reports))
    return path


@pytest.fixture
def experiment(written):
    return harness.load_experiment(written)


def texts(path):
    """Return what a reader of the picture sees as text; a picture that is no XML fails here."""
    root = ET.fromstring(path.read_text(encoding="utf-8"))  # noqa: S314 - made here
    names = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert names <= {"svg", "g", "defs", "clipPath", "path", "rect", "use", "text", "tspan", "title"}
    attributes = {name for element in root.iter() for name in element.attrib}
    assert not [name for name in attributes if name.startswith("on") or ("href" in name and "xlink" in name)]
    return ["".join(element.itertext()) for element in root.iter() if element.tag.endswith("}text")]


def test_the_list_is_that_of_a_run(experiment):
    lists = pd.read_parquet(predict(experiment, quiet=True))
    items = np.unique([*lists["item"], *(f"i{item:02d}" for item in range(40))])
    for user in ("u002", "u039", LONGER):
        found = explain(experiment, user, quiet=True)
        theirs = lists[lists["user"] == user].sort_values("rank")
        assert items[found.items].tolist() == theirs["item"].tolist()[:10]
        np.testing.assert_array_equal(found.scores, theirs["score"].to_numpy(dtype=np.float32)[: len(found.items)])
        shorter = explain(experiment, user, PictureOptions(k=3), quiet=True)
        assert shorter.items.tolist() == found.items[:3].tolist()
    ten = explain(experiment, "u002", quiet=True).items.tolist()
    longest = explain(experiment, "u002", PictureOptions(k=1000), quiet=True)
    assert longest.items[:10].tolist() == ten
    assert longest.relevant.sum() == 1  # the held-out item is a candidate
    assert "✓" in texts(longest.path)
    # One item held out of 35 or so: it is drawn again under the list.
    assert "Held out: 1, of which 1 in the list" in texts(longest.path)


def test_attention_is_causal_and_whole(experiment):
    found = explain(experiment, "u002", quiet=True)
    weights = found.attention.weights
    heads, rows, columns = weights.shape
    assert (heads, rows) == (2, columns)
    np.testing.assert_allclose(weights.sum(axis=2), 1, atol=1e-5)
    assert (weights[:, *np.triu_indices(rows, 1)] == 0).all()
    assert (weights[:, *np.tril_indices(rows)] > 0).all()


def test_titles_are_text_and_long_histories_end_the_picture(experiment):
    found = explain(experiment, LONGER, quiet=True)
    assert found.attention.weights.shape[1] == 32  # 33 of which one is held out
    assert len(found.attention.inputs) == 32
    shown = texts(found.path)
    svg = found.path.read_text()
    assert "<script" not in svg
    assert "<img" not in svg
    assert "\u202e" not in svg
    assert any(text.startswith("Shown are the last 30; on average") for text in shown)
    assert any(text.startswith("<script>alert(1)") for text in shown)
    assert "$x_1$ & $\\frac" in shown
    # An item without a title is called by its id.
    untitled = {f"i{item:02d}" for item in range(6, 40, 7)}
    assert untitled & set(shown)
    assert [text for text in shown if text.startswith("What small/sequential attends to for user ../../<u>&")]
    assert found.path.parent.name == "explain"
    assert found.path.name.startswith("user-")
    few = texts(explain(experiment, LONGER, PictureOptions(items=4), quiet=True).path)
    numbers = [text for text in few if text.startswith("0.0")]  # cells hold numbers where there is room
    assert len(numbers) >= 4 * 5 // 2  # and nothing where an item is later
    assert len(numbers) <= 4 * 5 // 2 + 8  # the scale has some
    by_head = texts(explain(experiment, LONGER, PictureOptions(items=4, by_head=True), quiet=True).path)
    assert {"head 1", "head 2"} <= set(by_head)


def test_the_same_bytes_each_time(experiment):
    first = explain(experiment, "u003", quiet=True).path
    content = first.read_bytes()
    assert explain(experiment, "u003", quiet=True).path.read_bytes() == content


def test_users_whom_a_run_leaves_out(written):
    found = explain(harness.load_experiment(written), SHORT, quiet=True)
    assert not found.relevant.any()
    assert not [text for text in texts(found.path) if text.startswith("Held out")]
    limited = harness.load_experiment(written, ["runner.limit_users=1"])
    held_out = [explain(limited, user, quiet=True) for user in ("u002", "u003")]
    assert all("Held out: 1" in " ".join(texts(each.path)) for each in held_out)


def test_rolling_history_is_explained_at_the_last_moment(written, tmp_path):
    split = "dataset.split={kind: global_time, test: 0.4, history: rolling}"
    overrides = [split, f"model.checkpoint={tmp_path}/rolling.safetensors", "model.fit.on=train"]
    experiment = harness.load_experiment(written, overrides)
    found = explain(experiment, "u005", quiet=True)
    rows = pd.read_csv(experiment.dataset.path)
    rows = rows[rows["user"] == "u005"].sort_values("timestamp", kind="stable")
    before = int((rows["timestamp"] < rows["timestamp"].max()).sum())
    assert len(found.attention.inputs) == before


@pytest.mark.parametrize(
    ("user", "message"),
    [
        ("u0021", "there is no user 'u0021' in the data set after its filters. Did you mean 'u0"),
        ("nobody at all", r"there is no user 'nobody at all' .* It has 40, such as "),
        ("", "there is no user ''"),
    ],
)
def test_unknown_users(experiment, user, message):
    with pytest.raises(HarnessError, match=message):
        explain(experiment, user, quiet=True)


def test_ids_of_integers(written, folder, tmp_path):
    rows = pd.read_csv(folder / "data.csv")
    rows["user"] = rows["user"].astype("category").cat.codes
    rows.to_csv(tmp_path / "numbers.csv", index=False)
    overrides = [f"dataset.path={tmp_path}/numbers.csv", f"model.checkpoint={tmp_path}/numbers.safetensors"]
    experiment = harness.load_experiment(written, overrides)
    assert explain(experiment, "7", quiet=True).path.name == "7.svg"
    for wrong in ("seven", "7.0", "99999999999999999999", "400"):
        with pytest.raises(HarnessError, match=f"there is no user '{wrong}'"):
            explain(experiment, wrong, quiet=True)


def test_a_user_without_history(written, tmp_path):
    overrides = ["dataset.split={kind: global_time, test: 0.4}", f"model.checkpoint={tmp_path}/time.safetensors"]
    experiment = harness.load_experiment(written, [*overrides, "model.fit.on=train"])
    with pytest.raises(HarnessError, match=r"has no history before the test part: there is nothing to explain by"):
        explain(experiment, LONGER, quiet=True)  # all of it is of the last moment


@pytest.mark.parametrize(("kind", "params"), [("ease", "{l2: 10.0}"), ("item_knn", "{}"), ("pure_svd", "{factors: 4}")])
def test_a_model_of_sums_is_explained_exactly(small, kind, params):
    experiment = harness.load_experiment(small, [f"model.kind={kind}", f"model.params={params}"])
    found = explain(experiment, "u003", PictureOptions(k=5, items=100), quiet=True)
    assert found.attention is None
    assert found.contributions.are_exact
    assert found.contributions.weights.sum(axis=1) == pytest.approx(found.scores, rel=1e-5, abs=1e-6)
    shown = texts(found.path)
    assert {"Why small/ease recommends these items to user u003", "Top 5", "adds to the score"} <= set(shown)
    assert "A row adds up to the score." in shown


def test_any_other_model_is_scored_without_each_item(small):
    overrides = ["model.kind=popularity", "model.params={}"]
    found = explain(harness.load_experiment(small, overrides), "u003", quiet=True)
    assert not found.contributions.are_exact
    assert not found.contributions.weights.any()
    assert "No score depends on an item of the history: this model does not read it." in texts(found.path)


def test_lists_of_a_file_are_refused_before_anything_is_read(small):
    overrides = ["model.kind=predictions", "model.params={}", "model.checkpoint=nowhere.parquet", "model.fit=null"]
    with pytest.raises(HarnessError, match="the lists come from a file, which holds no model to explain"):
        explain(harness.load_experiment(small, overrides), "u001", quiet=True)


def test_heads_belong_to_attention(small):
    with pytest.raises(HarnessError, match=r"'ease' has no attention heads. Leave out --by-head"):
        explain(harness.load_experiment(small), "u003", PictureOptions(by_head=True), quiet=True)


def test_a_model_that_attends_with_something_else_than_its_items(experiment, monkeypatch):
    """Such as the codes of an item that it writes: the first rows stay, the last columns too."""

    def attention(scorer, batch, items, titles):
        inputs = batch.rows()[1]
        weights = np.full((3, 4, len(inputs)), 1 / len(inputs), dtype=np.float32)
        return Attention(weights, inputs, tuple(f"code {place} of {titles[0]}" for place in range(4)))

    monkeypatch.setattr(SequentialScorer, "attention", attention)
    shown = texts(explain(experiment, LONGER, PictureOptions(items=10), quiet=True).path)
    assert {f"code {place} of <script>alert…" for place in range(4)} <= set(shown)
    assert any(text.startswith("The mean over 3 heads. Columns: the history of 32 items.") for text in shown)
    assert any(text.endswith("on average 69% of a row's attention is on those before.") for text in shown)

    def misshapen(scorer, batch, items, titles, *, outputs_are="else"):
        return Attention(np.ones((1, 2, 3), dtype=np.float32), batch.rows()[1], ("a", "b"), outputs_are)

    monkeypatch.setattr(SequentialScorer, "attention", misshapen)
    with pytest.raises(HarnessError, match=r"attention of shape \(1, 2, 3\) from 2 outputs to 32 items"):
        explain(experiment, LONGER, quiet=True)
    for what, message in {"list": "8 items of the list", "inputs": "32 items of its history"}.items():
        wrong = functools.partialmethod(misshapen, outputs_are=what)
        monkeypatch.setattr(SequentialScorer, "attention", wrong)
        with pytest.raises(HarnessError, match=f"of 2 outputs, which it says are the {message}"):
            explain(experiment, LONGER, quiet=True)


GENERATIVE = (
    "codes: {dimension: 4, size: 3, hidden_dim: 8, latent_dim: 4, steps: 30}, embedding_dim: 16, num_heads: 2, "
    "attn_dim: 16, encoder_layers: 1, decoder_layers: 1, max_items: 8, recipe: {epochs: 2, batch_size: 32}"
)


@pytest.fixture
def generative(written, folder):
    """Return a function that loads an experiment of a generative model, with changes."""
    # Titles that are the own ids, which tell items apart.
    plain = f"dataset.items={{path: {folder}/plain.csv}}"
    names = [f"i{item:02d}" for item in range(40)]
    pd.DataFrame({"item": names, "title": names}).to_csv(folder / "plain.csv", index=False)

    def load(*changes, beam="null"):
        checkpoint = f"{folder}/generative-{beam}.safetensors"
        params = f"params: {{{GENERATIVE}, beam: {beam}}}, fit: {{on: train_validation}}"
        model = f"model={{kind: generative, checkpoint: {checkpoint}, {params}}}"
        return harness.load_experiment(written, ["name=small/generative", plain, model, *changes])

    return load


@pytest.mark.parametrize(
    ("changes", "beam", "picture", "length"),
    [
        ([], "null", PictureOptions(), 10),
        (["candidates.exclude=none"], "null", PictureOptions(), 10),
        (["candidates.allow={folder}/allowed.csv"], "null", PictureOptions(), 10),
        (["candidates.sampled={{negatives: 5, seed: 1}}"], "null", PictureOptions(), 6),
        ([], "null", PictureOptions(k=3), 3),
        ([], "200", PictureOptions(), 10),
        (["runner.k=5", "evaluation.cutoffs=[1, 5]"], "5", PictureOptions(), 5),
        (["runner.k=5", "evaluation.cutoffs=[1, 5]"], "null", PictureOptions(k=20), 5),
        ([], "null", PictureOptions(items=5), 10),
        ([], "null", PictureOptions(k=8, items=5), 8),  # as many as the items that are read
    ],
)
def test_a_generative_model_is_explained_item_by_item_of_its_list(generative, folder, changes, beam, picture, length):
    allowed = [f"i{item:02d}" for item in range(0, 40, 3)]
    pd.DataFrame({"item": allowed}).to_csv(folder / "allowed.csv", index=False)
    experiment = generative(*(change.format(folder=folder) for change in changes), beam=beam)
    lists = pd.read_parquet(predict(experiment, quiet=True))
    found = explain(experiment, "u002", picture, quiet=True)
    theirs = lists[lists["user"] == "u002"].sort_values("rank")[: picture.k]
    assert found.attention.outputs_are == "list"
    assert len(found.attention.inputs) == 8
    assert list(found.attention.outputs) == theirs["item"].tolist()
    assert [f"i{item:02d}" for item in found.items] == theirs["item"].tolist()
    np.testing.assert_array_equal(found.scores, theirs["score"].to_numpy(dtype=np.float32))
    assert len(found.items) == length
    np.testing.assert_allclose(found.attention.weights.sum(axis=2), 1, atol=1e-5)
    drawn = texts(found.path)
    shown = found.attention.inputs[-picture.items :]
    for item in theirs["item"]:  # a row of the heat map, a line of the list, and a column where it is in the history
        assert drawn.count(item) >= 2 + (int(item[1:]) in shown)
    assert any("Rows: the list." in text for text in drawn)
    assert (length == 5) == any("runner.k" in text for text in drawn)


def test_a_list_of_nothing_is_the_users_history_and_not_the_models_fault(generative, folder):
    rows = pd.read_csv(folder / "data.csv")
    own = rows[rows["user"] == "u002"].sort_values("timestamp", kind="stable")["item"].tolist()
    pd.DataFrame({"item": own[:1]}).to_csv(folder / "seen.csv", index=False)
    seen = f"candidates.allow={folder}/seen.csv"
    with pytest.raises(
        HarnessError, match=r"list of user 'u002' is empty.* has seen all that .* candidates.exclude: none"
    ):
        explain(generative(seen), "u002", quiet=True)
    again = explain(generative(seen, "candidates.exclude=none"), "u002", quiet=True)
    assert list(again.attention.outputs) == own[:1]


@pytest.mark.parametrize("wrong", [{"k": 0}, {"k": 1001}, {"items": 0}, {"items": 101}])
def test_sizes_that_no_picture_has(wrong):
    (name,) = wrong
    with pytest.raises(HarnessError, match=f"--{name}"):
        PictureOptions(**wrong)


def test_the_command(cli, written, tmp_path):
    code, out, err = cli(
        "explain", written, "--user", "u004", "--k", 5, "--items", 6, "--out", tmp_path / "x", "--quiet"
    )
    assert (code, err) == (0, "")
    path = tmp_path / "x/small/sequential/explain/u004.svg"
    assert out.rstrip().endswith(f"\n{path}")
    assert "recommended" in out
    assert "Top 5" in texts(path)
    code, out, err = cli("explain", written, "--user", "u0044", "--quiet")
    assert (code, out) == (2, "")
    assert err.startswith("harness: there is no user 'u0044'")
    assert cli("explain", written)[0] == 2
