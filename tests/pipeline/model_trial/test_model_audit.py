"""An external model is loaded once per run, and not at all by a run whose lists and trial are in the cache."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import yaml
from external_runs import N_ITEMS, N_USERS, run

from harness import storage
from harness.models.mlflow_model.mlflow_model import MLflowModel
from harness.models.python_object.python_model import PythonModel
from harness.models.torch_module.torch_model import TorchModel
from harness.models.vectors.vectors_model import UserItemVectors

# The code of each model leaves a line in a file when it is imported, and fails if it finds two of them.
IMPORTED = """
from pathlib import Path

with Path("imports.txt").open("a") as file:
    file.write("imported\\n")
if len(Path("imports.txt").read_text().splitlines()) > 1:
    raise ImportError("imported again")
"""
OBJECT = """

class Popular:
    def __init__(self, items):
        self.items = items

    def recommend(self, users, k):
        return [self.items[:k] for _ in users]
"""
DRAWN = """

import random


class Drawn(Popular):
    '''Lists drawn by a generator of its own, which each call moves on.'''

    def __init__(self, items):
        super().__init__(items)
        self.random = random.Random(0)

    def recommend(self, users, k):
        return [self.random.sample(self.items, k) for _ in users]
"""
SCRIPT = """
import mlflow


class Popular(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        items = [f"i{item:02d}" for item in range(40)]
        return [items[:k] for k in model_input["k"]]


mlflow.models.set_model(Popular())
"""
ITEMS = [f"i{item:02d}" for item in range(N_ITEMS)]


def write_experiment(kind: str, checkpoint: str | None, **params: object) -> str:
    model = {"kind": kind, "params": params} | ({} if checkpoint is None else {"checkpoint": checkpoint})
    name = f"once_{kind}.yaml"
    Path(name).write_text(yaml.safe_dump({"extends": "protocol.yaml", "name": f"kiosk/once-{kind}", "model": model}))
    return name


def torch_experiment() -> str:
    text = Path("kiosk/nets.py").read_text()
    Path("kiosk/nets_once.py").write_text(text + IMPORTED)
    settings = yaml.safe_load(Path("codes.yaml").read_text())["model"]
    settings["params"]["factory"] = settings["params"]["factory"].replace("kiosk.nets:", "kiosk.nets_once:")
    return write_experiment("torch", settings["checkpoint"], **settings["params"])


def python_experiment() -> str:
    Path("kiosk/object_once.py").write_text(IMPORTED + OBJECT)
    return write_experiment("python", None, factory="kiosk.object_once:Popular", python_path=".", init={"items": ITEMS})


def vectors_experiment() -> str:
    rng = np.random.default_rng(0)
    np.savez("once.npz", users=rng.random((N_USERS, 4)), items=rng.random((N_ITEMS, 4)))
    return write_experiment("vectors", "once.npz")


def mlflow_experiment() -> str:
    import mlflow

    imported = IMPORTED.replace('"imports.txt"', repr(str(Path("imports.txt").resolve())))
    Path("script_once.py").write_text(imported + SCRIPT)
    mlflow.pyfunc.save_model("once", python_model="script_once.py")
    Path("imports.txt").unlink(missing_ok=True)  # MLflow runs the script when it saves it
    return write_experiment("mlflow", "once", allow_pickle=True, input={"k": "k"})


KINDS = {
    "torch": (torch_experiment, TorchModel),
    "python": (python_experiment, PythonModel),
    "vectors": (vectors_experiment, UserItemVectors),
    "mlflow": (mlflow_experiment, MLflowModel),
}


@pytest.fixture(autouse=True)
def _no_finished_runs(inside):
    """Remove the runs of other tests, which would be read back."""
    shutil.rmtree("reports", ignore_errors=True)
    Path("imports.txt").unlink(missing_ok=True)


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Count how often external models are loaded."""
    counted: list[str] = []
    for kind, (_, model) in KINDS.items():

        def load(self, *arguments, _kind=kind, _load=model.load, **options):
            counted.append(_kind)
            return _load(self, *arguments, **options)

        monkeypatch.setattr(model, "load", load)
    return counted


def content(result) -> dict[str, object]:
    """Return what two runs with the same settings have in common."""
    found = json.loads((result.folder / "results.json").read_text())
    return {name: value for name, value in found.items() if name not in ("created", "timings", "digest", "files")}


def audits_of_lists(result) -> list[dict[str, object]]:
    """Return the audits that do not depend on the metrics."""
    return [audit for audit in result.results["audits"] if audit["name"] != "score_ties"]


OTHER_METRICS = ("evaluation.metrics=[recall, mrr]", "evaluation.cutoffs=[3, 10]")


@pytest.mark.filterwarnings("ignore")  # MLflow's own
@pytest.mark.parametrize("kind", ["torch", "python", "vectors", pytest.param("mlflow", marks=pytest.mark.slow)])
def test_a_run_with_other_metrics_neither_imports_nor_loads_the_model(kind, inside, loads):
    name = KINDS[kind][0]()
    first = run(name)
    assert loads == [kind]
    assert {audit["name"] for audit in first.results["audits"] if audit.get("trial")} >= {"differs_when_asked_again"}
    second = run(name, *OTHER_METRICS)
    assert not second.was_finished
    assert loads == [kind]
    assert audits_of_lists(second) == audits_of_lists(first)
    assert second.results["timings"]["users_from_cache"] == N_USERS
    assert "trial_seconds" in first.results["timings"]
    assert "trial_seconds" not in second.results["timings"]
    third = run(name)  # computed again from the same lists
    assert not third.was_finished
    assert content(third) == content(first)
    assert loads == [kind]
    assert Path("imports.txt").exists() == (kind != "vectors")


def test_other_settings_of_the_trial_try_the_model_again(inside, loads):
    name = vectors_experiment()
    run(name)
    for settings, count in (
        ("model.trial.users=8", 2),
        ("model.trial.users=8", 2),
        ("model.trial=off", 3),  # to look at the checkpoint
        ("model.trial=off", 3),
        ("model.trial=error", 3),  # as at first
    ):
        run(name, settings, *OTHER_METRICS[: 1 + count % 2])
        assert len(loads) == count, settings


def test_force_tries_the_model_again(inside, loads):
    name = vectors_experiment()
    run(name)
    assert run(name, force=True).results["timings"]["trial_seconds"] > 0
    assert len(loads) == 2


def test_a_run_that_resumes_does_not_repeat_the_trial(inside, loads):
    name = vectors_experiment()
    first = run(name)
    (entry,) = (storage.cache_folder() / "predictions").glob("*/")
    next(entry.glob("shard-*")).unlink()
    second = run(name, *OTHER_METRICS)
    assert len(loads) == 2
    assert "trial_seconds" not in second.results["timings"]
    assert audits_of_lists(second) == audits_of_lists(first)


@pytest.mark.parametrize("text", ["", "{}", '[{"name": "x"}]', "[1]"])
def test_damaged_findings_are_made_again(text, inside, loads):
    name = vectors_experiment()
    first = run(name)
    (findings,) = (storage.cache_folder() / "predictions").glob("*/findings-*.json")
    whole = findings.read_text()
    findings.write_text(text)
    assert audits_of_lists(run(name, *OTHER_METRICS)) == audits_of_lists(first)
    assert findings.read_text() == whole
    assert len(loads) == 2


def test_a_model_that_its_calls_change_is_loaded_again_for_the_run(inside, loads):
    Path("kiosk/drawn.py").write_text(OBJECT + DRAWN)
    name = write_experiment("python", None, factory="kiosk.drawn:Drawn", python_path=".", init={"items": ITEMS})
    tried = run(name)
    assert len(loads) == 2
    assert next(one for one in tried.results["audits"] if one["name"] == "differs_when_asked_again")["count"] > 0
    untried = run(name, "model.trial=off", force=True)
    assert [row["value"] for row in tried.results["metrics"]] == [row["value"] for row in untried.results["metrics"]]


def test_lower_precision_is_compared_once(inside, loads):
    name = vectors_experiment()
    first = run(name, "runner.precision=bfloat16")
    second = run(name, "runner.precision=bfloat16", *OTHER_METRICS)
    assert len(loads) == 1
    assert "precision" in {audit["name"] for audit in first.results["audits"]}
    assert audits_of_lists(second) == audits_of_lists(first)


def test_a_trial_that_fails_leaves_no_entry_in_the_cache(inside):
    name = write_experiment("vectors", "once.npz")
    np.savez("once.npz", users=np.zeros((N_USERS, 4)), items=np.full((N_ITEMS, 4), np.nan))
    with pytest.raises(Exception, match="not finite"):
        run(name)
    assert not list((storage.cache_folder() / "predictions").glob("*/entry.json"))
