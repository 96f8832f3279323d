"""A metric is a frozen value that states its facts."""

from __future__ import annotations

import dataclasses
import re
import tracemalloc
from typing import ClassVar, Literal

import numpy as np
import pytest
from pydantic import ValidationError
from pydantic.dataclasses import dataclass

import harness
from harness import SideInformation, TopK, Truth, registry
from harness.artifacts import Categories, History
from harness.errors import HarnessError
from harness.metrics import DCG, MAP, NDCG, Coverage, Hits, ListMetric, Lists, Ranks, Targets, UserMetric
from harness.metrics.debiased_dcg import DebiasedDCG
from harness.metrics.debiased_recall import DebiasedRecall

METRICS = [registry.load("metrics", name) for name in sorted(registry.BUILT_IN["metrics"])]


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class ReciprocalRank(UserMetric):
    """A user's own metric, with options."""

    k: int = 10
    gain: Literal["binary", "exp2"] = "binary"
    strict: bool = False

    name = "reciprocal_rank"
    family = "accuracy"
    formula = r"1 / r"
    reference = "Voorhees (1999)"
    choices: ClassVar = {"first": "hit"}

    def score(self, hits, out):
        flags = hits.at(self.k)
        out[:] = np.where(flags.any(axis=1), 1.0 / (flags.argmax(axis=1) + 1), 0.0)


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class MeanLength(ListMetric):
    """A metric without a cutoff."""

    name = "mean_length"
    family = "coverage"
    formula = r"\bar{n}"
    reference = "here"

    def value(self, lists):
        return float((lists.items[lists.rows] >= 0).sum(axis=1).mean())


NEEDS = {"n_items", "target_ranks", "gains", "popularity", "history", "categories", "vectors"}


@pytest.mark.parametrize("metric", METRICS)
def test_facts(metric):
    value = metric()
    assert value == metric()
    assert hash(value) == hash(metric())
    assert value.cutoff in {10, None}
    assert value.label == (metric.name if value.cutoff is None else f"{metric.name}@10")
    if value.cutoff is not None:
        assert metric(k=7).label == f"{metric.name}@7"
    assert value.formula
    assert value.reference
    assert set(value.required) <= NEEDS
    assert set(value.needs) <= set(value.required)
    assert isinstance(value.variant, dict)
    with pytest.raises(dataclasses.FrozenInstanceError):
        value.name = "other"


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("options", [{"k": 0}, {"k": -1}, {"k": True}, {"k": 2.0}, {"k": "5"}, {"gain": "log"}])
def test_wrong_options(metric, options):
    with pytest.raises(ValidationError):
        metric(**options)


def test_a_cutoff_of_zero_says_what_works():
    with pytest.raises(ValidationError, match="k is 0; a cutoff is 1 or more"):
        NDCG(k=0)


def test_variants():
    assert NDCG().variant == {"ideal": "min_k", "gain": "binary", "discount": "log2_rank_plus_1"}
    assert ReciprocalRank(gain="exp2").variant == {"first": "hit", "gain": "exp2", "strict": False}


def test_options_stand_in_the_label():
    assert ReciprocalRank(k=3).label == "reciprocal_rank@3"
    assert ReciprocalRank(gain="exp2").label == "reciprocal_rank[gain=exp2]@10"
    assert ReciprocalRank(gain="exp2", strict=True).label == "reciprocal_rank[gain=exp2,strict=true]@10"
    assert MeanLength().label == "mean_length"
    assert MeanLength().cutoff is None


def test_own_metrics_are_measured_like_ours():
    topk = TopK(np.array([[4, 2, 7], [1, 5, -1]]))
    truth = Truth.from_lists([[7], [9]])
    table = harness.evaluate(topk, truth, metrics=[ReciprocalRank(k=3), MeanLength(), "recall"], cutoffs=[1])
    assert table.user_values["reciprocal_rank@3"].tolist() == [1 / 3, 0.0]
    assert table["mean_length"].value == 2.5
    assert table["mean_length"].k is None
    assert table["mean_length"].n_users is None


def test_own_metric_that_gives_nan():
    @dataclass(frozen=True, config={"extra": "forbid", "strict": True})
    class Broken(ReciprocalRank):
        name = "broken"

        def score(self, hits, out):
            out[:] = np.nan

    with pytest.raises(HarnessError, match=r"broken@2 gave a value that is not a number"):
        harness.evaluate(TopK(np.array([[1, 2]])), Truth.from_lists([[1]]), metrics=[Broken(k=2)])


@pytest.mark.parametrize("wrong", [np.inf, -np.inf])
def test_own_metric_that_gives_an_infinite_value(wrong):
    @dataclass(frozen=True, config={"extra": "forbid", "strict": True})
    class Broken(ReciprocalRank):
        name = "broken"

        def score(self, hits, out):
            out[:] = wrong

    with pytest.raises(HarnessError, match=r"broken@1 gave a value that is not a number"):
        harness.evaluate(TopK(np.array([[1], [2]])), Truth.from_lists([[1], [2]]), metrics=[Broken(k=1)])


def test_own_metric_that_is_not_as_binary_as_it_says():
    @dataclass(frozen=True, config={"extra": "forbid", "strict": True})
    class Halves(ReciprocalRank):
        name = "halves"
        binary = True

    topk, truth = TopK(np.array([[1, 2], [2, 1]])), Truth.from_lists([[1], [1]])
    with pytest.raises(HarnessError, match=r"halves@2 states that it is binary, and gave a value other than 0 and 1"):
        harness.evaluate(topk, truth, metrics=[Halves(k=2)])
    assert harness.evaluate(topk, truth, metrics=[Halves(k=1)])["halves@1"].value == 0.5


def test_coverage_without_a_catalogue():
    with pytest.raises(HarnessError, match="Pass n_items"):
        Coverage(k=1).value(Lists.of([[1]]))


def test_a_cutoff_beyond_every_list():
    hits, out = Hits.of([[True, False, True]], relevant=[2]), np.empty(1)
    for denominator in ("min_k", "list"):
        MAP(k=1 << 62, denominator=denominator).score(hits, out)
        assert out[0] == pytest.approx((1 + 2 / 3) / 2)


def test_hits_round_trip():
    flags = np.random.default_rng(0).random((9, 130)) < 0.3
    hits = Hits.of(flags, relevant=np.full(9, 200))
    assert hits.bits.shape == (9, 3)
    assert hits.n_users == 9
    for k in (1, 64, 65, 130):
        assert (hits.at(k) == flags[:, :k]).all()
    assert not hits.at(300)[:, 130:].any()
    assert hits.at(300).shape == (9, 300)


USER_METRICS = [metric() for metric in METRICS if issubclass(metric, UserMetric)]
USER_METRICS += [metric(gain="linear") for metric in (NDCG, DCG)]
EVERYTHING = SideInformation(
    popularity=np.array([2, 1]),
    n_users=3,
    history=History(np.array([0, 1]), np.array([1], dtype=np.int32), 2),
    categories=Categories.of([("x",), ("y",)]),
    vectors=np.ones((2, 1), dtype=np.float32),
)
WHOLE = Hits.of(
    [[True]],
    relevant=[1],
    ranks=Ranks(np.array([0, 1]), np.zeros(1, np.int32), np.zeros(1, np.int32), np.array([2], np.int32)),
    targets=Targets(np.array([0, 1]), np.zeros(1, np.int32), np.zeros(1, np.int32), np.ones(1, np.float32)),
    items=np.zeros((1, 1), dtype=np.int32),
    side=EVERYTHING,
    rows=np.zeros(1, dtype=np.int64),
)


@pytest.mark.parametrize("metric", USER_METRICS, ids=lambda metric: metric.label)
def test_hits_that_lack_what_a_metric_reads_are_refused(metric):
    out = np.empty(1)
    metric.score(WHOLE, out)
    assert np.isfinite(out).all()
    parts = [part for part in ("targets", "items") if part in metric.reads]
    parts += ["ranks"] if "target_ranks" in metric.required else []
    parts += ["side"] if set(metric.required) & EVERYTHING.known else []
    for part in parts:
        with pytest.raises(HarnessError, match=re.escape(metric.label)):
            metric.score(dataclasses.replace(WHOLE, **{part: None}), out)


@pytest.mark.parametrize("metric", [DebiasedRecall(), DebiasedDCG()])
def test_debiased_metrics_refuse_hits_without_popularity(metric):
    unknown = dataclasses.replace(WHOLE, side=dataclasses.replace(EVERYTHING, popularity=None, n_users=None))
    with pytest.raises(HarnessError, match=f"{metric.label} needs item popularity"):
        metric.score(unknown, np.empty(1))


# Metrics that read listed items are measured on arrays alone, whose lists reach the cutoff.
CUT = [metric for metric in USER_METRICS if metric.cutoff is not None and "items" not in metric.reads]


@pytest.mark.parametrize("metric", CUT, ids=repr)
def test_memory_does_not_grow_with_the_cutoff(metric):
    deep, out = dataclasses.replace(metric, k=20_000_000), np.empty(1)
    deep.score(WHOLE, out)
    tracemalloc.start()
    try:
        deep.score(WHOLE, out)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 100_000


@pytest.mark.parametrize("metric", [DebiasedRecall, DebiasedDCG])
def test_gamma_has_a_range(metric):
    assert metric(gamma=0.0).gamma == 0.0
    assert metric(gamma=10.0).gamma == 10.0
    for gamma in (-0.1, 10.1, float("nan"), float("inf")):
        with pytest.raises(ValidationError, match=r"gamma is .*; use 0 to 10"):
            metric(gamma=gamma)
