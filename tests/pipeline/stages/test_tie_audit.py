"""Rules of ties, and what runs and comparisons say of them."""

from __future__ import annotations

import pandas as pd
import pytest
import pytrec_eval

import harness
from harness import HarnessError, pipeline

# Popularity on little data ties all the time.
POPULARITY = ["model={kind: popularity, checkpoint: %s, fit: {on: train_validation}}", "name=small/popularity"]


def run(small, *changes, model=POPULARITY):
    options = [model[0] % (small.parent / "popularity.safetensors"), *model[1:]] if model else []
    return harness.run(harness.load_experiment(small, [*options, *changes]), quiet=True)


def test_a_run_tells_how_far_ties_can_move_it(small):
    result = run(small)
    ties = result.table["ndcg@10"].ties
    assert ties.worst < ties.expected < ties.best
    audit = next(one for one in result.results["audits"] if one["name"] == "score_ties")
    ranks = pd.read_parquet(result.folder / "target_ranks.parquet")
    across = ranks[(ranks["above"] < 10) & (ranks["above"] + ranks["tied"] >= 10) & (ranks["tied"] > 0)]
    assert audit["count"] == across["user"].nunique() > 0
    assert f"{ties.worst:.4f} and {ties.best:.4f}" in audit["sentence"]
    assert audit["severity"] == "warning"
    assert f"{ties.expected:.4f}".lstrip("0") in (result.folder / "report.html").read_text().replace("0.", ".")
    row = next(row for row in result.results["metrics"] if row["label"] == "ndcg@10")
    assert row["ties"] == {"worst": ties.worst, "expected": ties.expected, "best": ties.best}
    assert run(small).was_finished
    assert run(small).table["ndcg@10"].ties == ties


@pytest.mark.parametrize("backend", ["threading", "loky"])
def test_modes_are_the_ends_of_the_range(small, backend):
    ties = run(small).table["ndcg@10"].ties
    for mode in ("worst", "expected", "best"):
        result = run(small, f"evaluation.ties={mode}", f"evaluation.parallel.backend={backend}", "evaluation.slices=[]")
        assert result.table["ndcg@10"].value == pytest.approx(getattr(ties, mode), abs=1e-12)
        assert result.table["ndcg@10"].variant["ties"] == mode
        assert "ties" not in result.table["coverage@10"].variant


def test_trec_eval_reads_the_exported_run_alike(small):
    metrics = "evaluation.metrics=[ndcg,mrr,hit_rate,{kind: map, denominator: relevant}]"
    result = run(small, metrics, "evaluation.ties=trec_eval", "runner.k=20")
    lists = pd.read_parquet(result.folder / "predictions.parquet")
    held = pd.read_parquet(result.folder / "target_ranks.parquet")
    evaluator = pytrec_eval.RelevanceEvaluator(
        {user: dict.fromkeys(part["item"], 1) for user, part in held.groupby("user")}, {"ndcg_cut.10", "success.10"}
    )
    expected = pd.DataFrame(
        evaluator.evaluate(
            {
                user: dict(zip(part["item"], map(float, part["score"]), strict=True))
                for user, part in lists.groupby("user")
            }
        )
    ).T
    per_user = result.table.per_user.set_index("user")
    pd.testing.assert_series_equal(per_user["ndcg@10"], expected["ndcg_cut_10"], check_names=False, atol=1e-12)
    assert result.table["hit_rate@10"].value == pytest.approx(expected["success_10"].mean())
    assert run(small, metrics, "runner.k=20").table["ndcg@10"].value != result.table["ndcg@10"].value


def test_a_comparison_warns_where_ties_may_be_all_there_is(small):
    one = run(small)
    other = run(small, "runner.seed=5", "name=small/other")
    comparison = pipeline.compare_runs([str(one.folder), str(other.folder)]).comparison
    assert comparison.notes[0].startswith("warning: ndcg@10 of small/other and small/popularity differ by")
    assert "the order of ties may explain the whole difference" in comparison.notes[0]
    ease = run(small, model=None)
    apart = pipeline.compare_runs([str(ease.folder), str(one.folder)]).comparison
    ties, difference = one.table["ndcg@10"].ties, abs(ease.table["ndcg@10"].value - one.table["ndcg@10"].value)
    assert any(note.startswith("warning") for note in apart.notes) == (ties.width > difference)


def test_a_file_of_predictions_tells_as_far_as_its_scores_do(small):
    made = run(small, "runner.k=30")
    changes = [f"model={{kind: predictions, checkpoint: {made.folder / 'predictions.parquet'}}}", "name=small/file"]
    result = run(small, *changes, "evaluation.cutoffs=[3, 10]", model=None)
    whole = run(small, "runner.k=30", "evaluation.cutoffs=[3, 10]").table
    ties = result.table["ndcg@3"].ties
    # Groups that end inside lists of 30 are known whole.
    assert ties.worst == pytest.approx(whole["ndcg@3"].ties.worst, abs=1e-12)
    assert ties.best == pytest.approx(whole["ndcg@3"].ties.best, abs=1e-12)
    with pytest.raises(HarnessError, match="ties 'expected' needs the exact ranks"):
        run(small, *changes, "evaluation.ties=expected", model=None)


def test_graded_gains_are_ratings(small):
    metrics = "evaluation.metrics=[{kind: ndcg, gain: exp2}, ndcg]"
    split = "dataset.split={kind: random, test: 0.4}"
    result = run(small, metrics, split, model=None)
    data = pd.read_csv(small.parent / "data.csv")
    held = pd.read_parquet(result.folder / "target_ranks.parquet").merge(data, on=["user", "item"])
    lists = pd.read_parquet(result.folder / "predictions.parquet")
    truth = held.rename(columns={"rating": "gain"})[["user", "item", "gain"]]
    again = harness.evaluate(lists, truth, metrics=[{"kind": "ndcg", "gain": "exp2", "k": 10}])
    assert result.table["ndcg[gain=exp2]@10"].value == pytest.approx(again.values[0].value, abs=1e-12)
    assert result.table["ndcg@10"].value != result.table["ndcg[gain=exp2]@10"].value
    data.drop(columns="rating").to_csv(small.parent / "data.csv", index=False)
    with pytest.raises(HarnessError, match=r"needs graded relevance, and the data set has no ratings"):
        run(small, metrics, split, model=None)


def test_cutoffs_beyond_the_lists(small):
    long = run(small, "evaluation.metrics=[ndcg,recall,mrr]", "evaluation.cutoffs=[5, 20]", "runner.k=20", model=None)
    short = run(small, "evaluation.metrics=[ndcg,recall,mrr]", "evaluation.cutoffs=[5, 20]", "runner.k=5", model=None)
    for label in ("ndcg@5", "recall@20", "mrr@20"):
        assert short.table[label].value == pytest.approx(long.table[label].value, abs=1e-12)
    assert short.table["mrr@20"].variant["ties"] == "expected"
    assert short.table["mrr@5"].variant == long.table["mrr@5"].variant
