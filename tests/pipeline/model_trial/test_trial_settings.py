"""The section ``model.trial``: how it is written, and that it changes no number."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from external_runs import audits, run, values

import harness
from harness.errors import ExperimentError, HarnessError
from harness.experiment import TrialSettings

OBJECTS = '''
import json
import random
from pathlib import Path

import numpy as np


class Counted:
    """Popular items; each call is written down."""

    def __init__(self, order, log):
        self.order, self.log = order, Path(log)

    def recommend(self, users, k, history):
        with self.log.open("a") as file:
            file.write(json.dumps([len(users), k]) + "\\n")
        return [self.order[:k] for _ in users]


class Drawn:
    """Items drawn by the generators of Python and NumPy that all share."""

    def __init__(self, order, log):
        self.order = order

    def recommend(self, users, k):
        return [[self.order[at] for at in np.random.permutation(len(self.order))][: k - 1] for _ in users]

    def score(self, users, items):
        return np.array([[random.random() for _ in items] for _ in users])


class Strange(Counted):
    def recommend(self, users, k, history):
        return [["nothing"] * k for _ in users]


class Interrupted(Counted):
    def recommend(self, users, k, history):
        super().recommend(users, k, history)
        if len(self.log.read_text().splitlines()) == 3:
            raise KeyboardInterrupt
        return [self.order[:k] for _ in users]
'''


@pytest.fixture
def folder(inside):
    """Write the objects."""
    (inside / "kiosk/objects_of_trials.py").write_text(OBJECTS)
    return inside


def of_object(folder, name, *settings, method="recommend", history="ids", **more):
    (folder / "calls.jsonl").unlink(missing_ok=True)
    items = sorted(pd.read_csv(folder / "interactions.csv")["item"].unique())
    section = {"factory": f"kiosk.objects_of_trials:{name}", "python_path": ".", "method": method, "history": history}
    section["init"] = {"order": items, "log": str(folder / "calls.jsonl")}
    content = {
        "extends": "protocol.yaml",
        "name": f"kiosk/{name.lower()}",
        "model": {"kind": "python", "params": section},
    }
    (folder / f"{name}.yaml").write_text(yaml.safe_dump(content))
    return run(f"{name}.yaml", *settings, force=True, **more)


def without_trial(result):
    """Return the content of ``results.json`` but for times, the option, and what the trial found.

    Of the digests of files those of the report and the experiment are left out, which show these.
    """
    content = json.loads((result.folder / "results.json").read_text())
    content["audits"] = [audit for audit in content["audits"] if not audit.get("trial", False)]
    assert content["experiment"]["model"].pop("trial")
    for key in ("created", "timings", "digest"):
        del content[key]
    content["files"] = {name: digest for name, digest in content["files"].items() if name.endswith(".parquet")}
    assert "predictions.parquet" in content["files"]
    return content


MODELS = {
    "a generator": lambda folder, *settings: run("codes.yaml", "name=kiosk/alike", *settings, force=True),
    "scores": lambda folder, *settings: run("logits.yaml", "name=kiosk/alike", *settings, force=True),
    "drawn lists": lambda folder, *settings: of_object(folder, "Drawn", *settings, history="none"),
    "drawn scores": lambda folder, *settings: of_object(folder, "Drawn", *settings, method="score", history="none"),
}
TRIALS = ["off", "error", "warn", "{users: 3, depth: 2}", "{seconds: 1e-9}"]


@pytest.mark.parametrize("model", MODELS)
def test_numbers_and_fingerprints_do_not_depend_on_the_trial(model, folder):
    results, marked = [], []
    for trial in TRIALS:
        random.seed(0)
        np.random.seed(0)  # noqa: NPY002  (what such models draw from)
        result = MODELS[model](folder, f"model.trial={trial}")
        results.append(without_trial(result))
        marked.append({name for name, audit in audits(result).items() if audit.get("trial")})
        lists = pd.read_parquet(result.folder / "predictions.parquet")
        results[-1]["lists"] = lists.to_dict("list")
    assert all(one == results[0] for one in results[1:])
    assert marked[0] == set()
    assert "differs_when_asked_again" in marked[1]
    assert marked[1] == marked[2]
    assert "trial_skipped" in marked[4]
    if model == "a generator":  # of the table of codes, whether there is a trial or not
        assert "semantic_id_collisions" in {audit["name"] for audit in results[0]["audits"]}


def test_a_finished_run_is_read_back_for_any_trial(folder, caplog):
    first = run("items.yaml", "name=kiosk/back")
    again = run("items.yaml", "name=kiosk/back", "model.trial=off")
    assert again.was_finished
    # It is said that the trial was another, and the record keeps the one that was made.
    assert "was tried as model.trial said then; --force tries it again" in caplog.text
    assert again.results["experiment"] == first.results["experiment"]
    assert again.results["audits"] == first.results["audits"]
    assert "trial_seconds" in first.results["timings"]
    assert "trial_seconds" not in run("items.yaml", "name=kiosk/none", "model.trial=off").results["timings"]


@pytest.mark.parametrize("k", [1, 10, 25])
def test_no_list_is_longer_than_those_of_the_run(k, folder):
    settings = [f"runner.k={k}", "evaluation.cutoffs=[1]", "candidates.exclude=none"]
    of_object(folder, "Counted", *settings)
    asked = [json.loads(line) for line in (folder / "calls.jsonl").read_text().splitlines()]
    # With one list of half the length, for the audit 'depends_on_length'.
    assert {length for _, length in asked} == {1: {1}, 10: {10, 5}, 25: {25, 12}}[k]


def test_off_asks_nothing(folder):
    of_object(folder, "Counted", "model.trial=off", "runner.batch_size=64")
    asked = [json.loads(line) for line in (folder / "calls.jsonl").read_text().splitlines()]
    assert [users for users, _ in asked] == [64, 56]


def test_a_failed_check_stops_the_run_or_warns(folder):
    with pytest.raises(HarnessError, match=r"none of the [\d,]+ entries that the model recommended to \d+ users"):
        of_object(folder, "Strange")
    told = of_object(folder, "Strange", "model.trial=warn")
    found = audits(told)["trial_failed"]
    assert (found["severity"], found["count"]) == ("warning", 1)
    assert "first_lists: none of the" in found["sentence"]
    assert values(told)["recall@10"] == values(of_object(folder, "Strange", "model.trial=off"))["recall@10"] == 0.0


def test_an_interrupt_leaves_the_command_at_once(folder, cli):
    with pytest.raises(KeyboardInterrupt):
        of_object(folder, "Interrupted")
    (folder / "calls.jsonl").unlink()
    code, _, err = cli("eval", "Interrupted.yaml", "--set", "model.trial=warn")
    assert code == 130, err
    assert len((folder / "calls.jsonl").read_text().splitlines()) == 3


# --- how it is written ------------------------------------------------------------------------------


def loaded(*settings, name="items.yaml"):
    return harness.load_experiment(Path(name), list(settings))


@pytest.mark.parametrize(
    ("setting", "trial"),
    [
        (None, TrialSettings()),
        ("model.trial=off", TrialSettings(on_failure="off")),
        ("model.trial=warn", TrialSettings(on_failure="warn")),
        ("model.trial.users=8", TrialSettings(users=8)),
        ("model.trial={on_failure: warn, users: 5, depth: 10, seconds: 90}", TrialSettings("warn", 5, 10, 90.0)),
        ("model.trial=null", TrialSettings()),
    ],
)
def test_a_trial_is_a_word_or_a_map(setting, trial, inside):
    experiment = loaded(*([] if setting is None else [setting]))
    assert experiment.model.trial == trial
    Path("resolved.yaml").write_text(experiment.to_yaml())
    assert loaded(name="resolved.yaml") == experiment


WRONG = {
    "model.trial=refuse": "model.trial is 'refuse'; error, warn, off or a map of its options is needed",
    "model.trial=false": "model.trial is false; error, warn, off or a map",
    "model.trial={on_failure: refuse}": "model.trial.on_failure is 'refuse'; 'error', 'warn' or 'off' is needed",
    "model.trial={user: 3}": "unknown key 'user' in model.trial. Did you mean 'users'?",
    "model.trial={users: 0}": "model.trial.users is 0; 1 or more is needed",
    "model.trial={seconds: 0}": r"model.trial.seconds is 0; more than 0 or 'auto' is needed",
    "model.trial={seconds: soon}": "model.trial.seconds is 'soon'; a number or 'auto' is needed",
    "model.trial={depth: 11}": "model.trial.depth is 11, and runner.k is 10: the lists of a trial cannot be longer",
    "model.params.trial=warn": "model.params has no key 'trial'. Set model.trial: error, warn or off.",
}


@pytest.mark.parametrize("setting", WRONG)
def test_what_is_wrong_is_reported(setting, inside):
    with pytest.raises(ExperimentError) as caught:
        loaded(setting)
    assert WRONG[setting] in str(caught.value)


def test_models_that_are_fitted_here_are_not_tried(small):
    with pytest.raises(ExperimentError, match=r"model.trial applies to external models only; kind 'ease' has no trial"):
        loaded("model.trial=warn", name=small)
    assert loaded(name=small).model.trial is None
    assert loaded("model.trial=null", name=small).to_dict()["model"]["trial"] is None
