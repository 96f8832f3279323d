"""Objects of other projects with ``recommend`` or ``score``, made by a factory."""

from __future__ import annotations

import importlib.util
import json
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from histories import history_of

import harness
from harness.artifacts import CandidateLists, ListRequest, UserBatch, Vocabulary
from harness.errors import HarnessError
from harness.experiment.components import component_of
from harness.models.python_object.python_recommenders import recommender_of

EXAMPLES = Path(__file__).resolve().parents[3] / "docs/examples"
USERS = Vocabulary.of(["ann", "bob", "cat"])
ITEMS = Vocabulary.of([10, 20, 30, 40])
HISTORY = history_of([[3, 0], [1], []], 4)
BATCH = UserBatch(np.array([1, 0]), HISTORY)
SEEN = CandidateLists(np.array([0, 1, 3]), np.array([1, 0, 3], dtype=np.int32))

CODE = """
import numpy as np

class Told:
    '''Answers what it was told to, and remembers what it was asked.'''
    def __init__(self, answer=None, pair=False, array=False, checkpoint=None):
        self.answer = (answer if not pair else tuple(answer)) if not array else np.array(answer, dtype=float)
        self.asked = {}
    def recommend(self, users, k, **more):
        self.asked.update(users=users, k=k, **more)
        Told.last = self
        return self.answer
    def score(self, users, items, **more):
        self.asked.update(users=users, items=items, **more)
        Told.last = self
        return self.answer

class Broken:
    def recommend(self, users, k):
        return {}[users[0]]

class OnlyScores:
    def score(self, users, items):
        return np.zeros((len(users), len(items)))

NUMBER = 3
"""


@pytest.fixture
def told(tmp_path, request):
    """Write a module of a name of its own, and return what loads an object of it."""
    name = f"strange_{abs(hash(request.node.nodeid))}"
    (tmp_path / f"{name}.py").write_text(CODE)

    def load(factory="Told", checkpoint=None, **params):
        spelt = {"factory": f"{name}:{factory}", "python_path": str(tmp_path)} | params
        model = component_of("models", "python", spelt)
        model.files(checkpoint)
        return model.load(checkpoint, users=USERS, items=ITEMS, device="cpu")

    load.asked = lambda: sys.modules[name].Told.last.asked
    yield load
    sys.modules.pop(name, None)


def test_lists_worked_by_hand(told):
    made = told(init={"answer": [[20, 99, 30, 30, 10], [40, None, 20]]}).recommend(BATCH, ListRequest(3, SEEN))
    assert told.asked() == {
        "users": ["bob", "ann"],
        "k": 4,
    }  # every item: two are seen at most, and three are asked for
    assert made.items.tolist() == [[2, 0, -1], [1, -1, -1]]
    assert made.scores.tolist() == [[0, -1, -np.inf], [0, -np.inf, -np.inf]]
    # Seen items were not forbidden, so that they are no oddity; 99 is no item, and 30 stands twice.
    assert [made.given.tolist(), made.invalid.tolist(), made.repeated.tolist()] == [[4, 1], [1, 0], [1, 0]]
    assert made.barred.tolist() == [0, 0]
    answer = [[[10, 20], [30, 20]], [[1.0, 5.0], [0.5, 0.25]]]
    made = told(init={"answer": answer, "pair": True}).recommend(BATCH, ListRequest(2))
    assert (made.items.tolist(), made.scores.tolist()) == ([[1, 0], [2, 1]], [[5.0, 1.0], [0.5, 0.25]])


def test_an_object_that_is_given_what_to_leave_out(told):
    load = told(init={"answer": [[20, 10], [10, 20]]}, exclude="model", history="ids")
    allowed = np.array([True, True, True, False])
    made = load.recommend(BATCH, ListRequest(2, SEEN, allowed=allowed))
    assert told.asked() == {
        "users": ["bob", "ann"],
        "k": 2,
        "history": [[20], [40, 10]],
        "exclude": [[20, 40], [10, 40]],
    }
    assert (made.items.tolist(), made.barred.tolist()) == ([[0, -1], [1, -1]], [1, 1])
    lists = CandidateLists(np.array([0, 2, 3]), np.array([0, 1, 1], dtype=np.int32))
    load.recommend(BATCH, ListRequest(2, SEEN, lists=lists))
    assert told.asked()["exclude"] == [[20, 30, 40], [10, 30, 40]]


def test_indices_of_its_own(told, tmp_path):
    (tmp_path / "items.txt").write_text("\n40\n10\n20\n")  # index 0 is padding, and 30 is not known
    (tmp_path / "users.txt").write_text("ann\ncat\n")
    ids = {"items": {"ids": str(tmp_path / "items.txt")}, "users": {"ids": str(tmp_path / "users.txt")}}
    by_index = {"item": "index", "user": "index", "history": "csr", **ids}
    load = told(init={"answer": [[0, 1, -1, 7, 3]], "array": True}, missing_users="empty", **by_index)
    made = load.recommend(BATCH, ListRequest(4))
    asked = told.asked()
    assert (asked["users"], asked["history"].toarray().tolist()) == ([0], [[0, 1, 1, 0]])
    # Padding and 7 are no items, and -1 is nothing.
    assert (made.items.tolist(), made.invalid.tolist()) == ([[-1] * 4, [3, 1, -1, -1]], [0, 2])
    assert made.given.tolist() == [0, 4]
    with pytest.raises(HarnessError, match=r"no index for 1 of the 3 users .* these are requested: 'bob'.*: empty"):
        told(init={"answer": [[1]]}, **by_index).recommend(BATCH, ListRequest(4))
    scored = told(init={"answer": [[1, 2, 3]]}, method="score", missing_users="empty", missing_items="last", **by_index)
    assert scored.score(BATCH).tolist()[0] == [0, 0, 0, 0]
    assert scored.score(BATCH).tolist()[1] == pytest.approx([1, 2, -1e30, 3])
    assert told.asked()["items"] == [2, 3, 1]
    refused = told(init={"answer": [[1, 2, 3]]}, method="score", missing_users="empty", **by_index)
    with pytest.raises(HarnessError, match=r"no score \(no index, or NaN\) for 1 of the 4 items .* '30'"):
        refused.score(BATCH)


class Remembers:
    """Recommends what it is told to, and remembers whom it was asked for."""

    def __init__(self, answer):
        self.answer, self.asked = answer, []

    def recommend(self, users, k):
        self.asked.append(list(users))
        return self.answer(users)

    def score(self, users, items):
        self.asked.append(list(users))
        return np.array([[len(user) + 10.0 * ord(user[0]) + item for item in items] for user in users])


def object_of(given, **params):
    model = component_of("models", "python", {"allow_pickle": True, **params})
    return recommender_of(model, given, users=USERS, items=ITEMS, device="cpu", where="it")


# As the last batch of a run is filled up.
FILLED = UserBatch(np.array([1, 0, 2, 2, 2]), HISTORY)
OWN = {"ann": [10, 20], "bob": [30, 40], "cat": [20, 30]}


def test_each_user_is_requested_once():
    given = Remembers(lambda users: [OWN[user] for user in users])
    made = object_of(given).recommend(FILLED, ListRequest(2))
    assert made.items.tolist() == [[2, 3], [0, 1], [1, 2], [1, 2], [1, 2]]
    scores = object_of(given, method="score").score(FILLED)
    assert given.asked == [["bob", "ann", "cat"]] * 2
    assert torch.equal(scores[2], scores[4])
    assert scores[:, 0].tolist() == [993.0, 983.0, 1003.0, 1003.0, 1003.0]


@pytest.mark.parametrize("order", [[0, 1, 2], [2, 0, 1], [1, 2, 0]])
def test_a_series_is_read_by_its_index(order):
    def answer(users):
        series = pd.Series([OWN[user] for user in users], index=users)
        return series.iloc[order]

    made = object_of(Remembers(answer)).recommend(FILLED, ListRequest(2))
    assert made.items.tolist() == [[2, 3], [0, 1], [1, 2], [1, 2], [1, 2]]


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (
            lambda users: [set(OWN[user]) for user in users],
            r"gave lists with set in row 1; one list per user is needed",
        ),
        (lambda users: [*[OWN["ann"]] * 2, None], r"gave lists with NoneType in row 3"),
        (lambda users: pd.Series([[10]] * 3, index=["ann", "bob", "bob"]), r"by user in which 'bob' occurs twice"),
        (
            lambda users: pd.Series([[10]] * 3, index=["ann", "bob", "dan"]),
            r"without 1 of the 3 that were passed, such as 'cat'",
        ),
        (lambda users: pd.DataFrame({"user": users}), r"gave lists as DataFrame"),
        (lambda users: sys.exit(0), r"recommend of it failed with SystemExit: 0 \(test_python_model.py, line \d+\)"),
    ],
)
def test_what_has_no_order_or_ends_the_program_is_refused(answer, message):
    with pytest.raises(HarnessError, match=message):
        object_of(Remembers(answer)).recommend(FILLED, ListRequest(2))


def test_scores_that_are_infinite_are_no_fault_of_a_fit():
    given = Remembers(None)
    given.score = lambda users, items: np.full((len(users), len(items)), -np.inf)
    with pytest.raises(HarnessError, match=r"it gave 12 scores that are not finite .* Seen items are left out here"):
        object_of(given, method="score").score(FILLED)


def test_a_model_of_implicit_that_is_not_fitted():
    class Unfitted:
        item_factors = similarity = None

        def recommend(self):
            raise AssertionError

    with pytest.raises(HarnessError, match="Unfitted of implicit has neither item_factors nor similarity: it is not"):
        object_of(Unfitted(), adapter="implicit")


class Framed:
    """Scores that differ for each user and item, in a data frame as it is told to name it."""

    def __init__(self, change):
        self.change = change

    def score(self, users, items):
        values = [[float(item + len(user) * ord(user[0])) for item in items] for user in users]
        return self.change(pd.DataFrame(values, index=users, columns=items))


@pytest.mark.parametrize(
    "change",
    [
        lambda frame: frame,
        lambda frame: frame[[30, 10, 40, 20]].sort_index(),
        lambda frame: frame[[30, 10, 40, 20]].rename(columns=str).sort_index(),
        lambda frame: frame.reset_index(drop=True),
        lambda frame: frame.rename(columns=lambda item: f"score of {item}"),
    ],
)
def test_a_data_frame_is_read_by_its_names(change):
    model = component_of("models", "python", {"method": "score", "allow_pickle": True})
    found = recommender_of(model, Framed(change), users=USERS, items=ITEMS, device="cpu", where="it").score(BATCH)
    assert found.tolist() == [[3 * ord("b") + item for item in ITEMS.ids], [3 * ord("a") + item for item in ITEMS.ids]]


def test_a_data_frame_of_other_items_is_refused():
    model = component_of("models", "python", {"method": "score", "allow_pickle": True})
    framed = Framed(lambda frame: frame.rename(columns={20: 21}))
    with pytest.raises(HarnessError, match=r"gave columns of items without 1 of the 4 that were passed, such as '20'"):
        recommender_of(model, framed, users=USERS, items=ITEMS, device="cpu", where="it").score(BATCH)


@pytest.mark.parametrize(
    ("init", "message"),
    [
        ({"answer": [[10]]}, r"gave lists for 1 users, where 2 were passed"),
        ({"answer": 3}, r"gave lists as int; one list per user is needed"),
        ({"answer": [10, 20]}, r"gave lists with int in row 1; one list per user is needed"),
        ({"answer": [[10.5], [20]]}, r"'10.5' is not an id"),
        ({"answer": [[[10, 20], [30]], [[40]]]}, r"'\[10, 20\]' is not an id"),
        ({"answer": [[{"id": 10}], [True]]}, r"is not an id"),
        ({"answer": [[[10], [20]], [[1.0, 2.0], [1.0]]], "pair": True}, r"gave 1 items and 2 scores to one user"),
        ({"answer": [[[10], [20]], [["high"], [1.0]]], "pair": True}, r"gave scores that are not numbers"),
        ({"answer": [[[10], [20]], [[None], [1.0]]], "pair": True}, r"score nan for place 1"),
        ({"answer": [[[10], [20]], [["2"], ["1"]]], "pair": True}, r"gave scores that are not numbers. Return real"),
        ({"answer": [[[10], [20]], [[True], [False]]], "pair": True}, r"gave scores that are not numbers. Return real"),
        ({"answer": [[[10], [20]], [[1e300], [1.0]]], "pair": True}, r"score inf for place 1"),
    ],
)
def test_answers_that_are_no_lists(told, init, message):
    with pytest.raises(HarnessError, match=message):
        told(init=init).recommend(BATCH, ListRequest(2))


class Answering:
    """Gives what it was made with."""

    def __init__(self, answer):
        self.answer = answer

    def recommend(self, users, k):
        return self.answer

    def score(self, users, items):
        return self.answer


LISTS = torch.tensor([[2, 0], [3, -1]])


@pytest.mark.parametrize(
    "answer",
    [
        LISTS,
        (LISTS, torch.tensor([[2.0, 1.0], [3.0, 0.0]], dtype=torch.bfloat16, requires_grad=True)),
        [[2, 0], [3, pd.NA]],
        [[2, 0], [3.0, pd.NaT]],
        [[torch.tensor(2), torch.tensor(0)], [torch.tensor(3)]],
        [LISTS[0], LISTS[1]],
        np.array([[2, 0], [3, -(2**40)]]),
    ],
)
def test_ways_to_give_lists(answer):
    model = component_of("models", "python", {"item": "index", "allow_pickle": True})
    found = recommender_of(model, Answering(answer), users=USERS, items=ITEMS, device="cpu", where="it")
    assert found.recommend(BATCH, ListRequest(2)).items.tolist() == [[2, 0], [3, -1]]


@pytest.mark.parametrize("item", ["index", "id"])
@pytest.mark.parametrize("far", [2**70, 1e30, 2**63, np.uint64(2**63), 10**6])
def test_an_index_that_nothing_can_have_is_invalid(far, item):
    model = component_of("models", "python", {"item": item, "allow_pickle": True})
    answer = Answering([[far, ITEMS.ids[1] if item == "id" else 1], [far, None]])
    made = recommender_of(model, answer, users=USERS, items=ITEMS, device="cpu", where="it").recommend(
        BATCH, ListRequest(2)
    )
    assert (made.items.tolist(), made.invalid.tolist()) == ([[1, -1], [-1, -1]], [1, 1])


@pytest.mark.parametrize("odd", [np.array([1, 2]), np.array(["a"]), b"a", {"id": 1}])
def test_what_is_not_an_id_is_reported(odd):
    model = component_of("models", "python", {"allow_pickle": True})
    found = recommender_of(model, Answering([[odd, 10], [20]]), users=USERS, items=ITEMS, device="cpu", where="it")
    with pytest.raises(HarnessError, match=r"it: .* is not an id\. Use integers or text"):
        found.recommend(BATCH, ListRequest(2))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16, torch.float64])
def test_scores_as_tensors(dtype):
    scores = torch.arange(8, dtype=dtype).reshape(2, 4).requires_grad_()
    model = component_of("models", "python", {"method": "score", "allow_pickle": True})
    found = recommender_of(model, Answering(scores), users=USERS, items=ITEMS, device="cpu", where="it").score(BATCH)
    assert found.tolist() == [[0, 1, 2, 3], [4, 5, 6, 7]]


def test_what_is_refused(told, tmp_path):
    def refused(message, call=lambda made: None, **params):
        with pytest.raises(HarnessError, match=message):
            call(told(**params))

    ask = lambda model: model.recommend(BATCH, ListRequest(2))  # noqa: E731
    score = lambda model: model.score(BATCH)  # noqa: E731
    refused(r"has no 'Tld'. Did you mean 'Told'\?", factory="Tld")
    refused(r"is int; a class or a function", factory="NUMBER")
    refused(r"recommend of the object of .*:Broken failed with KeyError: 'bob'", ask, factory="Broken")
    refused(
        r"\(OnlyScores\) has no method 'recommend'. It has 'score': set model.params.method: score",
        factory="OnlyScores",
    )
    refused(r"gave scores of shape \(2, 3\); \(2, 4\)", score, init={"answer": [[1, 2, 3]] * 2}, method="score")
    refused(r"gave str, where numbers", score, init={"answer": "x"}, method="score")
    refused(r"NaN\) for 2 of the 4", score, init={"answer": [[1, None, 3, None]] * 2, "array": True}, method="score")
    refused(r"where indices were declared", ask, init={"answer": [["a"], ["b"]]}, item="index")
    refused(r"does not take model.params.init \(wrong\)", init={"wrong": 1})
    refused(r"set item: index", items={"ids": "own"})
    refused(r"leave it out", exclude="model", adapter="implicit")
    refused(r"init holds 'checkpoint'", init={"checkpoint": 1}, checkpoint=str(tmp_path))
    (tmp_path / "model.pkl").write_bytes(pickle.dumps(3))
    refused(r"is a pickle, or may be one.*allow_pickle: true", checkpoint=str(tmp_path / "model.pkl"))
    refused(r"does not exist", checkpoint=str(tmp_path / "none.bin"))
    for adapter in ("implicit", "lenskit"):
        refused(rf"adapter {adapter} does not know how to call: it lacks", adapter=adapter)
    refused(r"adapter rectools needs a pair of the fitted model", adapter="rectools")


def test_a_pickled_object_with_leave_alone(tmp_path, caplog):
    path = tmp_path / "model.pkl"
    path.write_bytes(pickle.dumps(Path))  # any object will do: it has neither method
    for allowed, message in ((False, "reading it can run any code"), (True, "has no method 'recommend'")):
        model = component_of("models", "python", {"allow_pickle": allowed})
        if allowed:
            assert model.files(str(path)) == [path]
        else:
            with pytest.raises(HarnessError, match=message):
                model.files(str(path))
        with pytest.raises(HarnessError, match=message):
            model.load(str(path), users=USERS, items=ITEMS, device="cpu")
    assert "is unpickled, which can run any code" in caplog.text
    path.write_bytes(b"no pickle")
    with pytest.raises(HarnessError, match="cannot be unpickled: "):
        model.load(str(path), users=USERS, items=ITEMS, device="cpu")
    with pytest.raises(HarnessError, match=r"there is neither a factory nor a checkpoint. Name model.params.factory"):
        model.files(None)


def written(small, name, model):
    """Write the experiment on small data with another model, and return its path."""
    text = small.read_text()
    start, end = text.index("model:"), text.index("runner:")
    path = small.parent / f"{name}.yaml"
    path.write_text(text[:start].replace("small/ease", f"small/{name}") + f"model: {json.dumps(model)}\n" + text[end:])
    return path


def values(result):
    return {row["label"]: row["value"] for row in result.results["metrics"]}


@pytest.fixture
def parts(small, tmp_path, cli):
    """Write what `harness data split` writes of the small data; return the folder."""
    assert cli("data", "split", small, "--out", tmp_path / "split")[0] == 0
    return tmp_path / "split"


def test_the_short_form_through_yaml(small, parts, tmp_path, cli, monkeypatch):
    counts = pd.concat(pd.read_parquet(parts / f"{part}.parquet") for part in ("train", "validation"))["item"]
    (tmp_path / "counts.json").write_text(counts.value_counts().to_json())
    monkeypatch.syspath_prepend(str(EXAMPLES))
    short = written(
        small, "shop", {"factory": "shop:Popular", "checkpoint": f"{tmp_path}/counts.json", "params": {"damping": 0.5}}
    )
    assert cli("eval", short, "--quiet")[0] == 0
    experiment = harness.load_experiment(short)
    assert experiment.model.kind == "python"
    assert experiment.model.params.init == {"damping": 0.5}
    assert experiment.model.params.files(f"{tmp_path}/counts.json") == [EXAMPLES / "shop.py", tmp_path / "counts.json"]
    lists = harness.run(experiment, quiet=True)
    assert lists.was_finished
    assert harness.load_experiment(lists.folder / "experiment.yaml") == experiment
    popularity = written(small, "popularity", {"kind": "popularity", "fit": {"on": "train_validation"}})
    ours = harness.run(
        harness.load_experiment(popularity, [f"model.checkpoint={tmp_path}/popularity.safetensors"]), quiet=True
    )
    long = written(
        small,
        "scores",
        {
            "kind": "python",
            "checkpoint": f"{tmp_path}/counts.json",
            "params": {"factory": "shop:Popular", "python_path": str(EXAMPLES), "method": "score"},
        },
    )
    scored = harness.run(harness.load_experiment(long), quiet=True)
    # The same scores give the same lists and ranks; the lists differ among equal counts alone.
    assert values(scored) == values(ours)
    assert values(lists)["recall@10"] == pytest.approx(values(ours)["recall@10"], abs=0.15)
    (tmp_path / "counts.json").write_text(json.dumps({"i00": 5}))
    changed = harness.run(experiment, quiet=True)
    assert not changed.was_finished


@pytest.mark.filterwarnings("ignore:OpenBLAS is configured:RuntimeWarning")
@pytest.mark.filterwarnings("ignore:Method expects CSR input")
def test_implicit(small, parts, tmp_path):
    pytest.importorskip("implicit")
    sys.path.insert(0, str(EXAMPLES))
    try:
        import implicit_als
    finally:
        sys.path.remove(str(EXAMPLES))
    train = pd.concat(pd.read_parquet(parts / f"{part}.parquet") for part in ("train", "validation"))
    users, items = implicit_als.train(train, tmp_path / "als.npz", factors=8)
    np.save(tmp_path / "users.npy", users)
    np.save(tmp_path / "items.npy", items)
    ids = {"users": {"ids": f"{tmp_path}/users.npy"}, "items": {"ids": f"{tmp_path}/items.npy"}}
    params = {"factory": "implicit_als:load", "python_path": str(EXAMPLES), "adapter": "implicit", **ids}
    model = {"kind": "python", "checkpoint": f"{tmp_path}/als.npz", "params": params}
    lists = harness.run(harness.load_experiment(written(small, "lists", model)), quiet=True)
    scored = {**model, "params": {**params, "method": "score", "missing_items": "last"}}
    scores = harness.run(harness.load_experiment(written(small, "scores", scored)), quiet=True)
    vectors = {
        "kind": "vectors",
        "checkpoint": f"{tmp_path}/als.npz",
        "params": {
            "users": {"name": "user_factors", **ids["users"]},
            "items": {"name": "item_factors", "missing": "last", **ids["items"]},
        },
    }
    factors = harness.run(harness.load_experiment(written(small, "factors", vectors)), quiet=True)
    assert values(lists) == pytest.approx(values(scores))
    assert values(scores) == values(factors)
    assert values(lists)["recall@10"] > 0.2
    knn = {**model, "checkpoint": f"{parts}/train.parquet", "params": {**params, "factory": "implicit_als:knn"}}
    found = harness.run(harness.load_experiment(written(small, "knn", knn)), quiet=True)
    assert values(found)["recall@10"] > 0
    with pytest.raises(HarnessError, match=r"CosineRecommender of implicit has no user_factors and item_factors"):
        harness.run(harness.load_experiment(written(small, "knn", knn), ["model.params.method=score"]), quiet=True)
    rows = pd.read_parquet(lists.folder / "predictions.parquet")
    seen = set(zip(train["user"], train["item"], strict=True))
    assert not seen & set(zip(rows["user"], rows["item"], strict=True))


@pytest.mark.parametrize("library", ["lenskit", "rectools"])
def test_other_libraries(library, small, parts):
    if importlib.util.find_spec(library) is None:
        pytest.skip(f"{library} is not installed")
    params = {"factory": f"{library}_knn:load", "python_path": str(EXAMPLES), "adapter": library}
    params |= {"history": "ids"} if library == "lenskit" else {}
    model = {"kind": "python", "checkpoint": f"{parts}/train.parquet", "params": params}
    lists = harness.run(harness.load_experiment(written(small, library, model)), quiet=True)
    assert values(lists)["recall@10"] > 0.2
    if library == "lenskit":
        scored = {**model, "params": {**params, "method": "score", "missing_items": "last"}}
        scores = harness.run(harness.load_experiment(written(small, "scores", scored)), quiet=True)
        assert values(scores)["recall@10"] == pytest.approx(values(lists)["recall@10"], abs=0.1)


def test_a_configuration_imports_neither_torch_nor_a_strangers_code():
    program = (
        "import sys\n"
        "from harness import registry\n"
        "registry.load('models', 'vectors')()\n"
        "registry.load('models', 'python')(factory='nobody.has:It')\n"
        "registry.load('models', 'mlflow')()\n"
        "sys.exit('torch' in sys.modules or 'mlflow' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
