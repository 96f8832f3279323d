"""Summaries and audits of data sets, as JSON has them."""

from harness.artifacts import DatasetAudit, TieTrial, to_json
from harness.artifacts.dataset_audit import SourceSummary, TieRuleValues, ValueRange


def test_the_facts_of_a_source_stand_beside_its_name():
    written = to_json(SourceSummary("ml-100k", "ab" * 32, {"licence": "research"}, {"users": 943}))
    assert written == {"name": "ml-100k", "sha256": "ab" * 32, "licence": "research", "raw": {"users": 943}}


def test_an_audit_without_a_trial_has_no_key_for_it():
    assert "ties" not in to_json(DatasetAudit("x", {}, (), ()))


def test_a_trial_has_a_row_per_rule_with_its_values():
    trial = TieTrial(
        baseline="popularity",
        primary="ndcg@10",
        rows=(TieRuleValues("shuffle", 3, {"ndcg@10": 0.1}),),
        ranges={"ndcg@10": ValueRange(0.1, 0.2, 2.0)},
    )
    written = to_json(DatasetAudit("x", {}, (), (), trial))["ties"]
    assert written["rows"] == [{"ties": "shuffle", "seed": 3, "ndcg@10": 0.1}]
    assert written["ranges"] == {"ndcg@10": {"low": 0.1, "high": 0.2, "ratio": 2.0}}
