"""The audits of an experiment as one command, and what the tie rule alone does to a number."""

from __future__ import annotations

from pathlib import Path

import pytest

import harness
from harness.artifacts import to_json
from harness.data import MovieLens100K
from harness.pipeline import TieOptions, audit_dataset

ROOT = Path(__file__).resolve().parents[3]


def test_ml_100k_has_its_known_facts():
    # data sets say: three quarters of the rows are tied, 44% of the users at their last moment, and
    # EASE moves from .088 to .180 in hit rate by the tie rule alone.
    wanted = ["dataset.filters=[]", "evaluation.metrics=[hit_rate]", "evaluation.cutoffs=[10]"]
    path = ROOT / "experiments/ml-100k/ease.yaml"
    experiment = harness.load_experiment(path, [*wanted, "evaluation.primary=hit_rate@10"])
    facts = audit_dataset(experiment, TieOptions(seeds=2, baseline="popularity"))
    audits = {finding.name: finding for finding in facts.audits}
    assert audits["tied_targets"].share == pytest.approx(0.44, abs=0.005)
    assert audits["later_history"].share > 0.99
    assert len(audits["later_history"].cases) == 3
    assert audits["equal_titles"].of == 1_682
    titles = MovieLens100K().read().interactions.item_table["title"].value_counts()
    assert len(titles) == 1_659
    assert audits["equal_titles"].count == titles[titles > 1].sum()
    values = {(row.ties, row.seed): row.values["hit_rate@10"] for row in facts.ties.rows}
    assert values["item_ascending", None] == pytest.approx(0.050, abs=0.002)
    assert values["item_descending", None] == pytest.approx(0.114, abs=0.002)
    assert 0.07 < values["shuffle", 0] < 0.09
    assert values["shuffle", 0] != values["shuffle", 1]
    span = facts.ties.ranges["hit_rate@10"]
    assert (span.low, span.high) == (values["item_ascending", None], values["item_descending", None])
    assert span.ratio > 2


def test_a_trial_is_the_run_itself_under_that_rule(small):
    small.write_text(small.read_text().replace("kind: ease", "kind: popularity").replace("  params: {l2: 10.0}\n", ""))
    facts = audit_dataset(harness.load_experiment(small), TieOptions(seeds=1))
    for row in facts.ties.rows:
        rule = f"dataset.split={{kind: leave_last_out, ties: {row.ties}, seed: 0}}"
        experiment = harness.load_experiment(small, [rule, f"model.checkpoint={small.parent}/{row.ties}.safetensors"])
        result = harness.run(experiment, quiet=True, force=True)
        for value in result.table.values:
            assert row.values[value.label] == value.value


def test_a_split_without_ties_or_a_model_that_is_none(small):
    no_ties = harness.load_experiment(small, ["dataset.split={kind: random}"])
    with pytest.raises(harness.HarnessError, match="the split random does not order interactions by time"):
        audit_dataset(no_ties, TieOptions(seeds=2))
    audit = audit_dataset(no_ties)
    assert audit.ties is None
    assert "ties" not in to_json(audit)
    for baseline, message in (
        ("ese", "unknown model 'ese'"),
        ("predictions", "baseline predictions is not fitted in closed form"),
    ):
        with pytest.raises(harness.HarnessError, match=message):
            audit_dataset(harness.load_experiment(small), TieOptions(seeds=1, baseline=baseline))


def test_a_split_that_refuses_ties_is_tried_nonetheless(small):
    refusing = harness.load_experiment(small, ["dataset.split={kind: leave_last_out, ties: error}"])
    with pytest.raises(harness.HarnessError, match="with ties: error: for"):
        audit_dataset(refusing)
    shuffled = harness.load_experiment(small, ["dataset.split={kind: leave_last_out, ties: shuffle, seed: 0}"])
    facts, wanted = (audit_dataset(experiment, TieOptions(seeds=2)) for experiment in (refusing, shuffled))
    assert facts.ties == wanted.ties
    assert "refuses ties" in facts.warnings[-1].sentence


def test_nothing_is_tried_where_no_tie_decides(small):
    facts = audit_dataset(harness.load_experiment(small, ["dataset.split={kind: global_time}"]), TieOptions(seeds=2))
    assert (facts.ties.rows, facts.ties.ranges) == ((), {})
