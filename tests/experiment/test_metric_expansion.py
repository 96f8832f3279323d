import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import HarnessError
from harness.experiment import expand_metrics
from harness.registry import load

NDCG = load("metrics", "ndcg")


def labels(specs: object, cutoffs: object = (5, 10)) -> list[str]:
    return [metric.label for metric in expand_metrics(specs, cutoffs)]  # type: ignore[arg-type]


def test_each_metric_is_expanded_at_every_cutoff_in_order() -> None:
    assert labels(["recall", "ndcg"], [10, 5]) == ["recall@10", "recall@5", "ndcg@10", "ndcg@5"]


def test_specs_are_names_maps_or_metrics() -> None:
    assert labels([{"kind": "ndcg"}, "recall"]) == ["ndcg@5", "ndcg@10", "recall@5", "recall@10"]
    assert expand_metrics([NDCG(k=3)], [5]) == (NDCG(k=3),)


def test_an_explicit_cutoff_replaces_the_list_of_cutoffs() -> None:
    assert labels(["recall", {"kind": "ndcg", "k": 7}]) == ["recall@5", "recall@10", "ndcg@7"]


def test_cutoffs_may_be_numpy_integers() -> None:
    assert labels(["ndcg"], np.array([5, 10])) == ["ndcg@5", "ndcg@10"]


@settings(deadline=None, max_examples=30)
@given(
    st.lists(st.sampled_from(["recall", "precision", "ndcg", "hit_rate"]), min_size=1, unique=True),
    st.lists(st.integers(1, 1000), min_size=1, max_size=5, unique=True),
)
def test_labels_are_the_product_of_metrics_and_cutoffs(names: list[str], cutoffs: list[int]) -> None:
    assert labels(names, cutoffs) == [f"{name}@{cutoff}" for name in names for cutoff in cutoffs]


@pytest.mark.parametrize(
    ("specs", "cutoffs", "words"),
    [
        (["ndgc"], [5], "unknown metric 'ndgc'. Did you mean 'ndcg'?"),
        ("ndcg", [5], "a list is needed, such as ['ndcg']"),
        ([], [5], "no metrics"),
        (["ndcg"], [], "no cutoffs"),
        (["ndcg"], [0], "a cutoff is 0; 1 or more is needed"),
        (["ndcg"], [5, 5], "the cutoff 5 is repeated"),
        (["ndcg"], [5.0], "a cutoff is 5.0; a whole number is needed"),
        (["ndcg"], [True], "a cutoff is true; a whole number is needed"),
        (["ndcg"], ["5"], "a cutoff is '5'; a whole number is needed"),
        (["ndcg", "ndcg"], [5], "the metric 'ndcg@5' is repeated"),
        (["ndcg", {"kind": "ndcg", "k": 5}], [5], "the metric 'ndcg@5' is repeated"),
        ([{"kind": "ndcg", "gain": "exp3"}], [5], "gain"),
        ([{"kind": "ndcg", "k": 0}], [5], "k is 0"),
        ([{"kind": "ndcg", "k": float("nan")}], [5], "not a plain value"),
        ([{"kind": "ndcg", "k": object()}], [5], "not a plain value"),
        ([{"k": 5}], [5], "no key 'kind'"),
        ([None], [5], "a metric is null; a map with a kind is needed"),
        ([NDCG], [5], "a map with a kind is needed"),
    ],
)
def test_invalid_specs_and_cutoffs_are_errors(specs: object, cutoffs: object, words: str) -> None:
    with pytest.raises(HarnessError) as caught:
        labels(specs, cutoffs)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("label", "spec"),
    [
        ("ndcg@10", {"kind": "ndcg", "k": 10}),
        ("ndcg[gain=exp2]@5", {"kind": "ndcg", "gain": "exp2", "k": 5}),
        ("ndcg[gain=exp2,discount=log2_rank]@5", {"kind": "ndcg", "gain": "exp2", "discount": "log2_rank", "k": 5}),
        ("rbp[p=0.5]@3", {"kind": "rbp", "p": 0.5, "k": 3}),
        ("shannon_entropy[base=2]@5", {"kind": "shannon_entropy", "base": "2", "k": 5}),
        ("user_coverage[least=3]", {"kind": "user_coverage", "least": 3}),
    ],
)
def test_labels_parse_to_their_metrics(label: str, spec: dict[str, object]) -> None:
    (metric,) = expand_metrics([label], [7])
    assert metric == expand_metrics([spec], [7])[0]
    assert metric.label == label  # and so a label that was read in a result asks for the same again


@pytest.mark.parametrize(
    ("label", "told"),
    [
        ("ndgc@10", "unknown metric 'ndgc'. Did you mean 'ndcg'"),
        ("ndcg[gian=exp2]@10", "unknown option 'gian'"),
        ("auc@10", "unknown option 'k' of the metric 'auc'"),
        ("ndcg@0", "k is 0"),
        ("rbp[p={]@3", "p"),
        ("ndcg@", "unknown metric 'ndcg@'"),
        ("ndcg[gain]@3", "gain"),
    ],
)
def test_invalid_labels_are_errors(label: str, told: str) -> None:
    with pytest.raises(HarnessError, match=re.escape(told)):
        expand_metrics([label], [7])
