"""Models that MLflow keeps: a real store in a file, a real model in it."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from histories import history_of

import harness
from harness.artifacts import ListRequest, UserBatch, Vocabulary
from harness.errors import HarnessError
from harness.experiment.components import component_of
from harness.models.mlflow_model.mlflow_model import MLflowModel
from harness.models.mlflow_model.mlflow_recommenders import FrameModel
from harness.models.python_object.python_model import PythonModel
from harness.models.python_object.python_recommenders import recommender_of

USERS = Vocabulary.of(["ann", "bob"])
ITEMS = Vocabulary.of([10, 20, 30])
BATCH = UserBatch(np.array([1, 0, 0]), history_of([[], []], 3))

# A model as code: MLflow stores the script, and runs it when the model is loaded.
SCRIPT = """
import json

import mlflow
import pandas as pd


class Popular(mlflow.pyfunc.PythonModel):
    def load_context(self, context):
        with open(context.artifacts["counts"]) as file:
            self.counts = json.load(file)

    def predict(self, context, model_input, params=None):
        rows = []
        for user, k in zip(model_input["customer"], model_input["k"]):
            best = sorted(self.counts, key=self.counts.get, reverse=True)[:k]
            rows += [{"customer": user, "item": item, "score": self.counts[item]} for item in best]
        return pd.DataFrame(rows)


mlflow.models.set_model(Popular())
"""


def written(small, checkpoint, **params):
    text = small.read_text()
    start, end = text.index("model:"), text.index("runner:")
    model = {"kind": "mlflow", "checkpoint": str(checkpoint), "params": params}
    path = small.parent / "mlflow.yaml"
    path.write_text(text[:start].replace("small/ease", "small/mlflow") + f"model: {json.dumps(model)}\n" + text[end:])
    return path


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # MLflow's own
def test_a_registered_model_through_yaml(small, tmp_path, cli, monkeypatch):
    import mlflow

    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")
    before = mlflow.get_tracking_uri()
    counts = pd.read_csv(tmp_path / "data.csv")["item"].value_counts()
    (tmp_path / "counts.json").write_text(counts.to_json())
    (tmp_path / "popular.py").write_text(SCRIPT)
    try:
        mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/mlflow.db")
        experiment = mlflow.create_experiment("shop", artifact_location=str(tmp_path / "artifacts"))
        with mlflow.start_run(experiment_id=experiment) as run:
            mlflow.pyfunc.log_model(
                name="model",
                python_model=str(tmp_path / "popular.py"),
                artifacts={"counts": str(tmp_path / "counts.json")},
                registered_model_name="popular",
                pip_requirements=["pandas"],
            )
        columns = {"input": {"user": "customer", "k": "k"}, "output": {"user": "customer"}}
        path = written(small, "models:/popular/1", allow_pickle=True, **columns)
        code, _, told = cli("eval", path)
        assert (code, "runs the code that is stored with it" in told) == (0, True), told
        named = harness.run(harness.load_experiment(path), quiet=True)
        assert named.was_finished
        by_run = written(small, f"runs:/{run.info.run_id}/model", allow_pickle=True, **columns)
        assert harness.run(harness.load_experiment(by_run), quiet=True).table is not None
        rows = pd.read_parquet(named.folder / "predictions.parquet")
        data = pd.read_csv(tmp_path / "data.csv")
        first = rows[rows["user"] == "u000"]
        unseen = [item for item in counts.index if item not in set(data[data["user"] == "u000"]["item"])]
        assert counts[first["item"]].is_monotonic_decreasing
        assert first["score"].iloc[0] >= counts[unseen].max()
        code, _, told = cli("eval", written(small, "models:/unknown/1", allow_pickle=True), "--quiet")
        assert (code, "MLflow has no model models:/unknown/1" in told) == (2, True), told
    finally:
        mlflow.set_tracking_uri(before)


def test_it_is_not_loaded_without_leave(small, tmp_path, cli):
    code, _, told = cli("eval", written(small, "models:/popular/1"), "--quiet")
    assert code == 2
    assert "runs code that is stored with it when it is loaded, whatever its flavour" in told
    code, _, told = cli("eval", written(small, tmp_path, allow_pickle=True), "--quiet")
    assert (code, "holds no model of MLflow (a file MLmodel)" in told) == (2, True)


def lists(answer, **params):
    model = component_of("models", "mlflow", {"allow_pickle": True, **params})
    asked = SimpleNamespace(frame=None)

    def predict(frame):
        asked.frame = frame
        return answer

    called = PythonModel(method=model.method, allow_pickle=True)
    given = FrameModel(predict, model.input, model.output)
    return recommender_of(called, given, users=USERS, items=ITEMS, device="cpu", where="the MLflow model"), asked


def test_each_form_of_an_answer():
    rows = pd.DataFrame({"user": ["ann", "bob", "ann"], "item": [30, 20, 10], "score": [1.0, 2.0, 5.0]})
    recommender, asked = lists(rows)
    made = recommender.recommend(BATCH, ListRequest(2))
    assert made.items.tolist() == [[1, -1], [0, 2], [0, 2]]
    assert asked.frame.to_dict("list") == {"user": ["bob", "ann"]}  # each user once
    recommender, _ = lists(rows.drop(columns="score"), output={"score": None})
    assert recommender.recommend(BATCH, ListRequest(2)).items.tolist() == [[1, -1], [2, 0], [2, 0]]
    recommender, _ = lists(rows.drop(columns="score"))  # as it is usual, where there are none
    assert recommender.recommend(BATCH, ListRequest(2)).items.tolist() == [[1, -1], [2, 0], [2, 0]]
    with pytest.raises(HarnessError, match=r"without the column 'stars' \(model.params.output.score\)"):
        lists(rows, output={"score": "stars"})[0].recommend(BATCH, ListRequest(2))
    for answer in ([[20], [30, 10]], ([[20], [10, 30]], [[1.0], [1.0, 2.0]])):
        assert lists(answer)[0].recommend(BATCH, ListRequest(2)).items.tolist() == [[1, -1], [2, 0], [2, 0]]
    scores = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]
    named = pd.DataFrame(scores, columns=[10, 20, 30])[[30, 10, 20]]
    for answer in (np.array(scores), pd.DataFrame(scores), named):
        assert lists(answer, method="score")[0].score(BATCH).tolist() == [scores[0], scores[1], scores[1]]
    with pytest.raises(
        HarnessError, match=r"without the column 'item' \(model.params.output.item\). Did you mean 'items'"
    ):
        lists(rows.rename(columns={"item": "items"}))[0].recommend(BATCH, ListRequest(2))
    with pytest.raises(HarnessError, match=r"gave scores of shape \(3, 3\); \(2, 3\)"):
        lists(np.ones((3, 3)), method="score")[0].score(BATCH)


def test_users_are_the_same_as_text_or_numbers():
    users = Vocabulary.of([7, 8])
    rows = pd.DataFrame({"user": ["8", "7"], "item": [30, 20], "score": [1.0, 2.0]})
    model = component_of("models", "mlflow", {"allow_pickle": True})
    for user in (["8", "7"], [8.0, 7.0], [8, 7]):
        given = FrameModel(lambda frame, user=user: rows.assign(user=user), model.input, model.output)
        recommender = recommender_of(
            PythonModel(), given, users=users, items=ITEMS, device="cpu", where="the MLflow model"
        )
        assert recommender.recommend(BATCH, ListRequest(1)).items.tolist() == [[2], [1], [1]]
    with pytest.raises(HarnessError, match=r"rows of 2 users, such as '8', and none is one of the 2 asked for"):
        lists(rows)[0].recommend(BATCH, ListRequest(1))


def test_items_without_a_score_stand_last_if_asked():
    scores = np.array([[np.nan, 1.0, 2.0]] * 2)
    model = MLflowModel(allow_pickle=True, method="score", missing_items="last")
    with pytest.raises(HarnessError, match=r"Set model.params.missing_items: last"):
        lists(scores, method="score")[0].score(BATCH)
    called = PythonModel(method="score", missing_items=model.missing_items)
    given = FrameModel(lambda frame: scores, model.input, model.output)
    found = recommender_of(called, given, users=USERS, items=ITEMS, device="cpu", where="the MLflow model")
    assert found.score(BATCH)[0].argsort().tolist() == [0, 1, 2]


def test_its_metrics_are_known_before_it_is_loaded():
    assert not MLflowModel().ranks_targets
    assert MLflowModel(method="score").ranks_targets
