"""A convention's numbers are those of its library, which the library itself has written to tests/golden/conventions."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import harness
from harness import CONVENTIONS, HarnessError, TopK, Truth

GOLDEN = Path(__file__).parents[1] / "golden" / "conventions"
INPUT = json.loads((GOLDEN / "input.json").read_text())
CUTOFFS = (1, 3, 5, 10)
USUAL = {
    "recall": "recall",
    "precision": "precision",
    "hit_rate": "hit_rate",
    "map": "map",
    "mrr": "mrr",
    "ndcg": "ndcg",
}
# Our metric, with a map for what has no cutoff or other options, to the library's entry.
ENTRIES: dict[str, list[tuple[str | dict[str, object], str]]] = {
    "trec_eval": [
        ("recall", "recall"), ("precision", "P"), ("hit_rate", "success"), ("map", "map_cut"), ("ndcg", "ndcg_cut"),
        ("r_precision", "Rprec"),
    ],
    "ranx": [
        *USUAL.items(), ("f1", "f1"), ("r_precision", "r-precision"), ("dcg", "dcg"),
        ({"kind": "rbp", "k": 12}, "rbp.80"),
    ],
    "rectools": [
        ("recall", "Recall"), ("precision", "Precision"), ("hit_rate", "HitRate"), ("map", "MAP"), ("mrr", "MRR"),
        ("ndcg", "NDCG"), ("f1", "F1Beta"),
        ({"kind": "ndcg", "ideal": "min_k"}, "NDCG(divide_by_achievable=True)"),
        ({"kind": "map", "denominator": "k"}, "MAP(divide_by_k=True)"),
        ({"kind": "precision", "denominator": "min_k"}, "Precision(r_precision=True)"),
    ],
    "replay": [
        ("recall", "Recall"), ("precision", "Precision"), ("hit_rate", "HitRate"), ("map", "MAP"), ("mrr", "MRR"),
        ("ndcg", "NDCG"),
    ],
    "lenskit": [
        (name, f"{entry} [users with both]")
        for name, entry in {
            "recall": "Recall", "precision": "Precision", "hit_rate": "Hit", "map": "AveragePrecision",
            "mrr": "RecipRank", "ndcg": "NDCG", "dcg": "DCG", "rbp": "RBP",
        }.items()
    ],
    "torchmetrics": [
        (name, f"Retrieval{entry} [catalogue]")
        for name, entry in {
            "recall": "Recall", "precision": "Precision", "hit_rate": "HitRate", "map": "MAP", "mrr": "MRR",
            "ndcg": "NormalizedDCG", "r_precision": "RPrecision",
        }.items()
    ],
    "recbole": [
        ("recall", "Recall"), ("precision", "Precision"), ("hit_rate", "Hit"), ("map", "MAP"), ("mrr", "MRR"),
        ("ndcg", "NDCG"),
    ],
    "implicit": [
        ("precision", "ranking_metrics_at_k precision"), ("map", "ranking_metrics_at_k map"),
        ("ndcg", "ranking_metrics_at_k ndcg"),
    ],
}  # fmt: skip
GRADED: dict[str, list[tuple[dict[str, object], str]]] = {
    "trec_eval": [({"kind": "ndcg", "gain": "linear"}, "ndcg_cut (graded)")],
    "ranx": [
        ({"kind": "ndcg", "gain": "linear"}, "ndcg (graded)"),
        ({"kind": "ndcg", "gain": "exp2"}, "ndcg_burges (graded)"),
    ],
    "lenskit": [({"kind": "ndcg", "gain": "linear"}, "NDCG(gain='rating') [users with both]")],
    "torchmetrics": [({"kind": "ndcg", "gain": "linear"}, "RetrievalNormalizedDCG (graded) [catalogue]")],
}
# Libraries that compute in single precision.
TOLERANCE = {"torchmetrics": 1e-6}


def golden(library):
    return json.loads((GOLDEN / f"{library}.json").read_text())


def frames(section="predictions", *, graded=False):
    rows = [
        (user, item, score, place)
        for user, listed in INPUT[section].items()
        for place, (item, score) in enumerate(listed, start=1)
    ]
    predictions = pd.DataFrame(rows, columns=["user", "item", "score", "rank"])
    truth = pd.DataFrame(
        [(user, item, gain) for user, gains in INPUT["truth"].items() for item, gain in gains.items()],
        columns=["user", "item", "gain"],
    )
    return predictions, truth if graded else truth[["user", "item"]]


def check(library, spec, entry, predictions, truth):
    stored = golden(library)
    kind = spec if isinstance(spec, str) else spec["kind"]
    whole_list = set(stored["values"][entry]) == {"all"}
    for k in stored["values"][entry]:
        metric = {"kind": kind} if isinstance(spec, str) else dict(spec)
        if not whole_list and k == "all":
            continue
        if kind != "r_precision" and k != "all":
            metric["k"] = int(k)
        table = harness.evaluate(predictions, truth, metrics=[metric], convention=library)
        value = table.values[0]
        tolerance = TOLERANCE.get(library, 1e-9)
        theirs = stored.get("per_user", {}).get(entry, {}).get(k)
        if theirs is None:
            assert value.value == pytest.approx(stored["values"][entry][k], abs=tolerance), (entry, k)
            continue
        ours = dict(zip(table.users.tolist(), table.user_values[value.label].tolist(), strict=True))
        for user, expected in ours.items():
            assert expected == pytest.approx(theirs[user], abs=tolerance), (entry, k, user)
        if library != "torchmetrics":  # which counts users without truth, unless they are skipped
            assert value.value == pytest.approx(stored["values"][entry][k], abs=tolerance), (entry, k)


def test_every_convention_has_golden_values():
    assert sorted(ENTRIES) == sorted(CONVENTIONS)
    for name, convention in CONVENTIONS.items():
        stored = golden(name)
        assert stored["version"] in convention.compared_with
        usual = {"recall", "precision", "ndcg", "hit_rate", "map", "mrr", "f1", "r_precision", "dcg", "rbp"}
        tested = {spec if isinstance(spec, str) else spec["kind"] for spec, _ in ENTRIES[name]}
        assert usual - tested == set(convention.lacks)


@pytest.mark.parametrize(("library", "spec", "entry"), [(one, *pair) for one in ENTRIES for pair in ENTRIES[one]])
def test_equals_the_library(library, spec, entry):
    check(library, spec, entry, *frames())


@pytest.mark.parametrize(("library", "spec", "entry"), [(one, *pair) for one in GRADED for pair in GRADED[one]])
def test_graded_relevance_equals_the_library(library, spec, entry):
    check(library, spec, entry, *frames(graded=True))


@pytest.mark.parametrize(
    ("spec", "entry"), [("ndcg", "ndcg_cut (ties)"), ("precision", "P (ties)"), ("r_precision", "Rprec (ties)")]
)
def test_ties_equal_trec_eval(spec, entry):
    check("trec_eval", spec, entry, *frames("ties"))


def test_torchmetrics_skips_users_without_relevant_items():
    stored = golden("torchmetrics")["values"]
    predictions, truth = frames()
    for name, entry in (("recall", "Recall"), ("precision", "Precision"), ("map", "MAP"), ("ndcg", "NormalizedDCG")):
        theirs = stored[f"Retrieval{entry}(empty_target_action='skip') [catalogue]"]
        for k in CUTOFFS:
            table = harness.evaluate(predictions, truth, metrics=[{"kind": name, "k": k}], convention="torchmetrics")
            assert table.values[0].value == pytest.approx(theirs[str(k)], abs=1e-6)


def test_what_is_stated_goes_before_the_convention():
    predictions, truth = frames()
    ours = harness.evaluate(predictions, truth, metrics=["ndcg"], cutoffs=[10])["ndcg@10"].value
    stated = harness.evaluate(
        predictions, truth, metrics=[{"kind": "ndcg", "ideal": "min_k"}], cutoffs=[10], convention="rectools"
    )
    assert stated["ndcg@10"].value == ours
    theirs = harness.evaluate(predictions, truth, metrics=["ndcg"], cutoffs=[10], convention="rectools").values[0]
    assert theirs.label == "ndcg[ideal=full_k]@10"
    assert theirs.variant["ideal"] == "full_k"
    assert theirs.value < ours
    counted = harness.evaluate(
        predictions, truth, metrics=["recall"], cutoffs=[10], convention="trec_eval", without_predictions="zero"
    )
    assert counted["recall@10"].n_users == 37
    dropped = harness.evaluate(predictions, truth, metrics=["recall"], cutoffs=[10], convention="trec_eval")
    assert dropped["recall@10"].n_users == 35


def test_unknown_conventions_are_reported():
    lists, truth = TopK(np.array([[1]])), Truth.from_lists([[1]])
    with pytest.raises(HarnessError, match=r"unknown convention 'rectool'\. Did you mean 'rectools'"):
        harness.evaluate(lists, truth, convention="rectool")


def test_in_an_experiment(small):
    changes = ["evaluation.convention=rectools", "evaluation.metrics=[ndcg,map,recall]", "evaluation.primary=ndcg@10"]
    result = harness.run(harness.load_experiment(small, changes), quiet=True)
    label = "ndcg[ideal=full_k]@10"
    assert result.results["experiment"]["evaluation"]["primary"] == label
    assert result.table[label].variant["ideal"] == "full_k"
    report = (result.folder / "report.html").read_text()
    assert "rectools" in report
    assert "full_k" in report
    with pytest.raises(HarnessError, match=r"unknown convention 'recbol'\. Did you mean 'recbole'"):
        harness.load_experiment(small, ["evaluation.convention=recbol"])
