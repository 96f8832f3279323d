"""The record of a comparison, and its verdicts."""

from harness.artifacts import ComparedPair, ComparisonRecord


def test_verdicts_are_those_of_the_primary_metric_over_all_users():
    pairs = (
        ComparedPair("ndcg@10", "b", "a", "better"),
        ComparedPair("ndcg@10", "b", "a", "exploratory", slice="activity"),
        ComparedPair("recall@10", "b", "a", "exploratory"),
        ComparedPair("ndcg@10", "c", "a", "undecided"),
    )
    record = ComparisonRecord(baseline="a", primary="ndcg@10", settings={}, best=("b", "c"), runs=(), pairs=pairs)
    assert [(pair.candidate, pair.verdict) for pair in record.verdicts] == [("b", "better"), ("c", "undecided")]
