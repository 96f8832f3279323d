"""Why two results differ, as JSON."""

from __future__ import annotations

from harness.artifacts import DifferenceStep, FactChange, RunDifference, ShownItem, UserDifference, to_json


def test_all_of_it_is_json():
    item = ShownItem("i1", None, True)
    found = RunDifference(
        "a",
        "b",
        "ndcg@10",
        "ndcg@10",
        0.1,
        0.3,
        (FactChange("model", "model.kind", "ease", "popularity"),),
        2,
        0,
        1,
        (DifferenceStep("model", "the lists of b", 0.3, 0.2, 2),),
        (UserDifference("u", 0.0, 1.0, (item,), (), (item,)),),
    )
    plain = to_json(found)
    assert plain["steps"] == [{"step": "model", "meaning": "the lists of b", "value": 0.3, "change": 0.2, "n_users": 2}]
    assert plain["users"][0]["list_b"] == [{"item": "i1", "title": None, "relevant": True}]
    assert plain["facts"][0]["stage"] == "model"
