"""``harness diff``: the steps sum to the difference, and each is what it says."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

import harness
from harness.errors import HarnessError
from harness.pipeline import DiffOptions, ScoreOptions, diff, score

QUIET = DiffOptions(quiet=True)


@pytest.fixture
def run(small, tmp_path):
    def run(name, *overrides, kind="ease"):
        path = small.with_name("any.yaml")
        text = small.read_text().replace("kind: ease", f"kind: {kind}")
        path.write_text(text if kind == "ease" else text.replace("  params: {l2: 10.0}\n", ""))
        own = [f"name={name}", f"model.checkpoint={tmp_path}/{name}.safetensors", "tracking.enabled=false"]
        return harness.run(harness.load_experiment(path, [*own, *overrides]), quiet=True)

    return run


def explained(a, b, **options):
    return diff(str(a.folder), str(b.folder), DiffOptions(quiet=True, **options))


def steps_of(found):
    """The changes by step; they sum to the difference."""
    assert sum(step.change for step in found.steps) == pytest.approx(found.value_b - found.value_a, abs=1e-12)
    assert found.steps[-1].value == pytest.approx(found.value_b)
    return {step.step: step for step in found.steps}


def test_another_model_is_the_only_step(run):
    found = explained(run("ease"), run("popularity", kind="popularity"))
    assert list(steps_of(found)) == ["model"]
    assert (found.common_users, found.only_a, found.only_b) == (60, 0, 0)
    facts = {(fact.stage, fact.key): (fact.a, fact.b) for fact in found.facts}
    assert facts["model", "model.kind"] == ("ease", "popularity")
    assert ("model", "bytes of the checkpoint") in facts
    assert not {stage for stage, _ in facts} - {"model"}


def test_other_candidates_are_a_step_of_their_own(run):
    a, b = run("a"), run("b", "candidates.exclude=none", kind="popularity")
    found = explained(a, b)
    steps = steps_of(found)
    assert list(steps) == ["candidates", "model"]
    mixed = run("mixed", "candidates.exclude=none")
    assert steps["candidates"].value == pytest.approx(mixed.table["ndcg@10"].value)
    assert list(steps_of(explained(a, b, rerun=False))) == ["model"]


def test_candidates_of_the_same_model_leave_nothing_for_the_model(run):
    found = explained(run("a"), run("b", "candidates.exclude=none"))
    assert steps_of(found)["model"].change == pytest.approx(0, abs=1e-12)


def test_another_definition_of_the_metric(run):
    a, b = run("a"), run("b", "evaluation.convention=rectools")
    found = explained(a, b)
    steps = steps_of(found)
    assert (found.metric_a, found.metric_b) == ("ndcg@10", "ndcg[ideal=full_k]@10")
    assert steps["metric"].value == pytest.approx(b.table["ndcg[ideal=full_k]@10"].value)
    assert steps["model"].change == pytest.approx(0, abs=1e-12)


def test_another_split_changes_the_relevant_items(run, tmp_path):
    a, b = run("a"), run("b", "dataset.split={kind: leave_last_out, n: 2, validation: true}")
    found = explained(a, b)
    steps = steps_of(found)
    assert list(steps)[:2] == ["relevant items", "model"]
    assert ("data", "relevant items", "60", "120") in {(one.stage, one.key, one.a, one.b) for one in found.facts}
    lists = pd.read_parquet(a.folder / "predictions.parquet")
    truth = pd.read_parquet(b.folder / "target_ranks.parquet")[["user", "item"]]
    judged = harness.evaluate(lists[["user", "item", "rank"]], truth, metrics=["ndcg"], cutoffs=[10])
    assert steps["relevant items"].value == pytest.approx(judged["ndcg@10"].value)


def test_fewer_users(run):
    found = explained(run("a"), run("b", "runner.limit_users=20"))
    steps = steps_of(found)
    assert (found.common_users, found.only_a, found.only_b) == (20, 40, 0)
    assert next(iter(steps)) == "users"
    assert steps["users"].n_users == 20
    back = explained(run("b", "runner.limit_users=20"), run("a"))
    assert back.steps[-1].step == "users"
    assert back.steps[-1].n_users == 60
    steps_of(back)


def test_the_same_run(run):
    found = explained(run("a"), run("a"))
    assert found.facts == ()
    assert steps_of(found)["model"].change == 0
    assert found.users == ()


def test_the_most_different_users_have_both_lists(run):
    a, b = run("a"), run("b", kind="popularity")
    found = explained(a, b, users=4)
    values = [run.table.per_user.set_index("user")["ndcg@10"] for run in (a, b)]
    largest = (values[1] - values[0]).abs().sort_values(ascending=False)
    assert [abs(user.b - user.a) for user in found.users] == pytest.approx(largest.head(4).tolist())
    listed = pd.read_parquet(b.folder / "predictions.parquet")
    for user in found.users:
        own = listed[listed["user"] == user.user].sort_values("rank")["item"].head(10)
        assert [one.item for one in user.list_b] == own.tolist()
        relevant = {one.item for one in user.relevant}
        assert [one.relevant for one in user.list_b] == [item in relevant for item in own]


def test_predictions_from_elsewhere_have_no_ranks(run, small, tmp_path):
    a = run("a")
    lists = pd.read_parquet(a.folder / "predictions.parquet")
    rng = np.random.default_rng(0)
    lists.assign(score=rng.random(len(lists)))[["user", "item", "score"]].to_csv(tmp_path / "own.csv", index=False)
    scored = score(tmp_path / "own.csv", harness.load_experiment(small), ScoreOptions(name="scored", quiet=True))
    steps_of(explained(a, scored))


def test_a_metric_that_a_run_lacks(run):
    with pytest.raises(HarnessError, match=r"'a' has no values per user of ndgc@10\. Did you mean 'ndcg@1"):
        explained(run("a"), run("b"), metric="ndgc@10")


def test_the_command(run, cli):
    a, b = (str(run(name, kind=kind).folder) for name, kind in (("a", "ease"), ("b", "popularity")))
    code, out, _ = cli("diff", a, b)
    assert code == 0
    words = " ".join(out.split())
    assert "60 users in both" in words
    assert "from a to b" in words
    code, out, _ = cli("diff", a, b, "--json", "--users", "1")
    found = json.loads(out)
    assert len(found["users"]) == 1
    assert found["steps"][-1]["value"] == pytest.approx(found["value_b"])
