"""Users of a comparison: who is chosen, and that the lists are those of the runs."""

from __future__ import annotations

import pandas as pd
import pytest

import harness
from harness.errors import HarnessError
from harness.pipeline.commands.shared_users import shared_users
from harness.pipeline.run_folder.run_files import read_run


@pytest.fixture
def runs(small):
    found = {}
    for name, weight in (("a", 1.0), ("b", 1000.0)):
        overrides = [f"name=small/{name}", f"model.params.l2={weight}", f"model.checkpoint={small.parent}/{name}.st"]
        found[name] = read_run(harness.run(harness.load_experiment(small, overrides), quiet=True).folder)
    return found


def test_half_of_the_users_differ_most(runs):
    found = shared_users(runs, "ndcg@10", 8)
    values = pd.concat([run.table.per_user.set_index("user")["ndcg@10"] for run in runs.values()], axis=1)
    spreads = (values.max(axis=1) - values.min(axis=1)).sort_values(ascending=False)
    assert len(found.users) == 8
    assert found.most_different == 4
    assert [user.spread for user in found.users[:4]] == pytest.approx(spreads.iloc[:4].tolist())
    for user in found.users:
        assert user.spread == pytest.approx(spreads[user.user])
        for name, run in runs.items():
            lists = pd.read_parquet(run.folder / "predictions.parquet")
            own = lists[lists["user"] == user.user].sort_values("rank")
            assert [one.item for one in user.lists[name].listed] == own["item"].tolist()[:10]
            ranks = pd.read_parquet(run.folder / "target_ranks.parquet").set_index("user")
            assert user.lists[name].ranks == (ranks.loc[user.user, "above"] + 1,)


def test_named_users_and_none(runs):
    assert [user.user for user in shared_users(runs, "ndcg@10", ["u003"]).users] == ["u003"]
    assert shared_users(runs, "ndcg@10", 0) is None
    assert len(shared_users(runs, "ndcg@10", 1).users) == 1
    assert shared_users(runs, "coverage@10", 5) is None  # no values per user
    with pytest.raises(HarnessError, match="'nobody', whom not all runs measured"):
        shared_users(runs, "ndcg@10", ["nobody"])


def test_runs_without_lists_show_no_users(runs):
    (runs["a"].folder / "predictions.parquet").unlink()
    assert shared_users(runs, "ndcg@10", 5) is None


def test_runs_of_the_same_lists_have_no_spread(runs):
    found = shared_users({"a": runs["a"], "b": runs["a"]}, "ndcg@10", 4)
    assert found.most_different == 0
    assert [user.spread for user in found.users] == [0.0] * 4
