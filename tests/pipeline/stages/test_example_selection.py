"""Example users of runs: who is chosen, and what was shown to them."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from safetensors.numpy import load_file

import harness
from harness.errors import DataError
from harness.pipeline.run_folder.example_files import read_examples
from harness.report.texts.number_text import count_text


def run(path, *overrides):
    return harness.run(harness.load_experiment(path, list(overrides)), quiet=True)


def test_each_user_has_the_list_and_ranks_of_the_files(small):
    result = run(small, "report.examples=12")
    found = read_examples(result.folder)
    assert (found.metric, found.k, found.n_users) == ("ndcg@10", 10, result.record.protocol.users)
    assert len(found.users) == 12
    lists = pd.read_parquet(result.folder / "predictions.parquet")
    ranks = pd.read_parquet(result.folder / "target_ranks.parquet").set_index("user")
    values = pd.read_parquet(result.folder / "per_user.parquet").set_index("user")["ndcg@10"]
    data = pd.read_csv(small.with_name("data.csv"))
    for user in found.users:
        own = lists[lists["user"] == user.user].sort_values("rank")
        assert [one.item for one in user.listed] == own["item"].tolist()[:20]
        (held_out,) = user.held_out
        place = dict(zip(own["item"], own["rank"], strict=True)).get(held_out.item)
        assert held_out.rank == (ranks.loc[user.user, "above"] + 1 if place is None else place)
        assert user.outcome == ("hit" if held_out.rank <= 10 else "near miss" if held_out.rank <= 50 else "miss")
        assert [one.relevant for one in user.listed] == [one.item == held_out.item for one in user.listed]
        assert user.value == values[user.user]
        before = set(data.loc[data["user"] == user.user, "item"]) - {held_out.item}
        assert {one.item for one in user.history} == before
        assert user.n_history == len(before)


def test_the_choice_depends_on_ids_alone(small):
    table = small.with_name("data.csv")
    first = [user.user for user in read_examples(run(small, "report.examples=9").folder).users]
    table.write_text(pd.read_csv(table).iloc[::-1].to_csv(index=False))
    again = [user.user for user in read_examples(run(small, "report.examples=9", "name=small/again").folder).users]
    assert set(first) == set(again)


def test_named_users_and_none(small):
    result = run(small, "report.examples=[u007, u002]")
    assert {user.user for user in read_examples(result.folder).users} == {"u007", "u002"}
    assert "Their ids: " in (result.folder / "report.html").read_text()
    none = run(small, "report.examples=0")
    assert none.was_finished  # no number depends on it
    assert read_examples(none.folder) is None
    assert "What people were shown" not in (none.folder / "report.html").read_text()
    with pytest.raises(DataError, match=f"'u999', who is not measured. There are {count_text(60)} users"):
        run(small, "report.examples=[u999]", "name=small/other")
    assert not list((small.parent / "reports/small/other").glob("*.parquet"))  # it is refused before the run


def test_a_changed_file_of_examples_is_computed_again(small):
    result = run(small)
    path = result.folder / "examples.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"n_users": 3}))
    assert not run(small).was_finished
    assert read_examples(result.folder).n_users == result.record.protocol.users


def test_rolling_history_shows_the_last_moment(small):
    split = "dataset.split={kind: global_time, test: 0.5, history: rolling}"
    result = run(small, split, "report.examples=5")
    lists = pd.read_parquet(result.folder / "predictions.parquet")
    for user in read_examples(result.folder).users:
        own = lists[lists["user"] == user.user]
        last = own[own["timestamp"] == own["timestamp"].max()].sort_values("rank")
        assert [one.item for one in user.listed] == last["item"].tolist()[:20]


def test_lists_of_a_file_have_ranks_within_the_lists(small):
    lists = run(small).folder / "predictions.parquet"
    found = harness.pipeline.score(lists, harness.load_experiment(small), harness.pipeline.ScoreOptions(quiet=True))
    users = read_examples(found.folder).users
    assert {user.outcome for user in users} == {"hit", "miss"}  # a list of ten holds no near miss at 10
    for user in users:
        listed = [one.item for one in user.listed]
        assert all(one.rank == (listed.index(one.item) + 1 if one.item in listed else None) for one in user.held_out)


def test_a_tie_is_settled_by_the_list(small):
    overrides = ["model.kind=popularity", "model.params={}", f"model.checkpoint={small.parent}/p.safetensors"]
    result = run(small, *overrides, "report.examples=60", "evaluation.cutoffs=[5]", "evaluation.primary=ndcg@5")
    users = read_examples(result.folder).users
    assert any(one.tied for user in users for one in user.held_out)
    for user in users:
        (held_out,) = user.held_out
        assert (user.outcome == "hit") == (user.value > 0) == (held_out.rank <= 5)


def test_reasons_are_the_largest_contributions(small):
    result = run(small, "report.examples=4")
    weights = load_file(small.with_name("ease.safetensors"))["weights"]
    items = sorted(pd.read_csv(small.with_name("data.csv"))["item"].unique())
    place = {item: index for index, item in enumerate(items)}
    for user in read_examples(result.folder).users:
        for one in user.listed:
            own = {before.item: float(weights[place[before.item], place[one.item]]) for before in user.history}
            largest = sorted((weight for weight in own.values() if weight > 0), reverse=True)[:3]
            assert [why.weight for why in one.reasons] == pytest.approx(largest)
            assert all(own[why.item] == pytest.approx(why.weight) for why in one.reasons)


def test_a_model_without_contributions_has_no_reasons(small):
    result = run(small, "model.kind=popularity", "model.params={}", f"model.checkpoint={small.parent}/p.safetensors")
    assert all(one.reasons == () for user in read_examples(result.folder).users for one in user.listed)
