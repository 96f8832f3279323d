"""Metrics that repeat others are folded only where each user has one relevant item and the values agree."""

from __future__ import annotations

import dataclasses

from run_records import record_of

from harness.artifacts import MetricValue
from harness.report.pages.redundant_metrics import redundant_metrics


def values(**by_name):
    return tuple(
        MetricValue(f"{name}@{k}", name, k, {}, "accuracy", higher_is_better=True, value=number)
        for name, numbers in by_name.items()
        for k, number in zip((1, 10), numbers, strict=True)
    )


def found(metrics, *, primary="ndcg@10", lists=4, relevant=4):
    record = record_of()
    experiment = dataclasses.replace(
        record.experiment, evaluation=dataclasses.replace(record.experiment.evaluation, primary=primary)
    )
    protocol = dataclasses.replace(record.protocol, lists=lists, relevant_items=relevant, users=lists)
    changed = dataclasses.replace(record, metrics=metrics, experiment=experiment, protocol=protocol)
    return [one.relation for one in redundant_metrics(changed)]


EQUAL = values(ndcg=(0.1, 0.2), recall=(0.1, 0.5), hit_rate=(0.1, 0.5), precision=(0.1, 0.05), mrr=(0.1, 0.2))


def test_with_one_relevant_item_per_user():
    assert found(EQUAL) == ["hit_rate = recall", "precision = recall / k"]
    assert found((*EQUAL, *values(map=(0.1, 0.2)))) == ["hit_rate = recall", "precision = recall / k", "map = mrr"]


def test_the_primary_metric_is_kept():
    assert found(EQUAL, primary="hit_rate@10") == ["recall = hit_rate", "precision = hit_rate / k"]
    assert found(EQUAL, primary="precision@10") == ["hit_rate = recall"]


def test_with_several_relevant_items_nothing_is_folded():
    assert found(EQUAL, relevant=5) == []


def test_values_that_differ_are_kept():
    assert found(values(recall=(0.1, 0.5), hit_rate=(0.1, 0.6))) == []
