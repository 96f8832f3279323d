"""``harness power`` on finished runs: table, JSON, effects as shares, and what is refused."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from conftest import EXPERIMENT, small_table

import harness


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    folder = tmp_path_factory.mktemp("power")
    small_table().to_csv(folder / "data.csv", index=False)
    text = EXPERIMENT.format(data=folder / "data.csv", folder=folder)
    head, tail = text[: text.index("model:")], text[text.index("runner:") :]
    for name in ("popularity", "ease"):
        path = folder / f"{name}.yaml"
        model = f"model: {{kind: {name}, checkpoint: {folder}/{name}, fit: {{on: train_validation}}}}\n"
        path.write_text(head.replace("small/ease", f"small/{name}") + model + tail)
        harness.run(path, quiet=True)
    return folder / "reports/small"


@pytest.fixture
def call(cli, reports):
    return lambda *flags: cli("power", reports / "ease", "--baseline", reports / "popularity", *flags)


def test_an_effect_has_users_per_claim(call):
    code, out, _ = call("--effect", "0.05")
    assert code == 0
    assert "ndcg@10" in out
    cells = [line.split() for line in out.splitlines()]
    assert [row[:2] for row in cells if row[:1] in (["difference"], ["equivalence"], ["gate"])] == [
        ["difference", "0.0500"],
        ["equivalence", "0.0500"],
        ["gate", "0.0500"],
    ]
    assert "small/ease against small/popularity: 60 users" in out


def test_json_holds_all_numbers_and_a_share_is_of_the_baseline(call):
    (found,) = json.loads(call("--effect", "10%", "--metric", "recall@5", "--json")[1])
    assert found["metric"] == "recall@5"
    assert [row["effect"] for row in found["rows"]] == pytest.approx([found["baseline_value"] / 10] * 3)
    (users,) = json.loads(call("--users", "1000", "--json")[1])
    assert {row["users"] for row in users["rows"]} == {1000}
    assert {row["power"] for row in users["rows"]} == {None}


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--effect", "x"), "the effect 'x' is not a number"),
        (("--effect", "-1"), "it is positive"),
        (("--effect", "0.1", "--users", "9"), "Give one"),
        (("--effect", "0.1", "--metric", "ndcg@11"), "Did you mean 'ndcg@1"),
        (("--effect", "0.1", "--confidence", "95"), "--confidence is 95"),
        (("--effect", "0.1", "--metric", "coverage@10"), "no values per user of 'coverage@10'"),
    ],
)
def test_wrong_flags_are_exit_code_2(call, flags, message):
    code, out, err = call(*flags)
    assert (code, out) == (2, "")
    assert message in err


def test_the_floor_of_the_items_is_said(cli, call, reports):
    (found,) = json.loads(call("--effect", "0.05", "--json")[1])
    assert found["n_items"] == len(pd.read_parquet(reports / "ease/relevant_items.parquet"))
    # The data has fewer than 30 items, so that no floor is known and no line says so.
    assert found["item_floor"] is None
    assert "sets this floor" not in call("--effect", "0.05")[1]
