"""How fast sign flips and comparisons are, beside scipy's permutation test on the same differences.

Run ``python benchmarks/comparisons.py``, or with ``--quick`` for a tenth of the users. scipy draws a hundredth of the
flips, and its time is multiplied. (A file named statistics.py here would hide Python's own module from all benchmarks.)
"""

from __future__ import annotations

import argparse
import itertools
import os
import platform
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import harness
from harness import TopK, Truth
from harness.artifacts import MetricTable, MetricValue
from harness.pipeline import ComparisonOptions, compare_runs
from harness.statistics.sign_flips import flip_signs

FLIPS, FEWER = 10_000, 100
GRADED, SINGLE, PAIRED, TEN = 20_000, 1_000_000, 200_000, 100_000  # users
METRICS, RUNS = 12, 10
ITEMS = 20_000
GRADED_LIMIT, SINGLE_LIMIT, PAIRED_LIMIT, TEN_LIMIT, ROBUST_LIMIT = 0.5, 2.0, 90.0, 10.0, 10.0  # seconds
FASTER = 300  # times scipy's permutation test at least
MEMORY = 4.0  # GB


def keys_of(users):
    return np.arange(users, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)


def timed(call, repeats=3):
    """Return the best time of a few calls, after one that compiles or reads kernels."""
    taken = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        taken.append(time.perf_counter() - start)
    return min(taken)


def max_t(values, contrasts=None):
    """Everything that a family needs: p-values, adjusted p-values and the critical value of its intervals."""
    found = flip_signs(values, keys_of(len(values)), contrasts=contrasts, flips=FLIPS)
    return found.p_values, found.max_p_values, found.max_critical_value(0.05)


def graded(users, columns, rng):
    """Values of metrics of several relevant items: many different ones, zero for most users."""
    values = rng.random((users, columns)) * (rng.random((users, 1)) < 0.4)
    return np.ascontiguousarray(values)


def single(users, rng):
    """Differences of twelve metrics of one relevant item per user, from its ranks under two runs."""
    cutoffs = (5, 10, 20)

    def values():
        ranks = rng.geometric(0.02, users)
        columns = []
        for k in cutoffs:
            hit = ranks <= k
            columns += [hit * 1.0, hit / k, hit / np.log2(ranks + 1), hit / ranks]
        return np.stack(columns, axis=1)

    return values() - values()


def table(values, users):
    labels = [f"m{column}@10" for column in range(values.shape[1])]
    rows = tuple(
        MetricValue(
            label, "m", 10, {}, "accuracy", True, float(column.mean()), n_users=len(column), lower=0.0, upper=1.0
        )
        for label, column in zip(labels, values.T, strict=True)
    )
    columns = {label: np.ascontiguousarray(column) for label, column in zip(labels, values.T, strict=True)}
    return MetricTable(rows, columns, users, 0.95, {})


def by_scipy(values):
    """One column of the same test by scipy, over a hundredth of the flips."""
    for column in values.T:
        stats.permutation_test(
            (column,),
            lambda sample, axis: sample.mean(axis=axis),
            permutation_type="samples",
            n_resamples=FLIPS // FEWER,
            vectorized=True,
            batch=50,
        )


def measured_runs(users, rng):
    """Tables of runs with one to three relevant items per user, contributions of items included."""
    sizes = rng.integers(1, 4, users)
    indptr = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    truth = Truth(indptr, rng.integers(0, ITEMS, indptr[-1]).astype(np.int32))
    tables = {}
    for run in range(RUNS):
        lists = rng.integers(0, ITEMS, (users, 20)).astype(np.int32)
        found = rng.random(users) < 0.3  # the first relevant item is in the list
        lists[np.flatnonzero(found), rng.integers(0, 20, found.sum())] = truth.items[indptr[:-1]][found]
        tables[f"run {run}"] = harness.evaluate(
            TopK(lists),
            truth,
            metrics=["recall", "precision", "ndcg", "hit_rate", "mrr", "map", "f1", "rbp"],
            cutoffs=[1, 5, 10, 20],
            by_item=True,
        )
    return tables


def robust_row(users, folder):
    """Two runs of stored lists, judged again under all choices."""
    rng = np.random.default_rng(1)
    rows = pd.DataFrame(
        {"user": np.repeat(np.arange(users), 4), "item": rng.integers(0, ITEMS, 4 * users), "timestamp": 0}
    ).drop_duplicates(["user", "item"])
    rows["timestamp"] = np.arange(len(rows))
    rows.to_parquet(folder / "data.parquet")
    folders = []
    for kind in ("popularity", "random"):
        text = (
            f"name: {kind}\ndataset: {{path: {folder}/data.parquet, split: {{kind: leave_last_out}}}}\n"
            f"model: {{kind: {kind}, checkpoint: {folder}/{kind}.safetensors, fit: {{on: train_validation}}}}\n"
            f"runner: {{k: 20}}\nreport: {{directory: {folder}/reports}}\ntracking: {{enabled: false}}\n"
            "evaluation: {metrics: [ndcg, recall], cutoffs: [1, 5, 10, 20]}\n"
        )
        (folder / f"{kind}.yaml").write_text(text)
        folders.append(str(harness.run(folder / f"{kind}.yaml", quiet=True).folder))
    options = ComparisonOptions(quiet=True, track=False)
    plain = timed(lambda: compare_runs(folders, options=options), repeats=2)
    robust = ComparisonOptions(quiet=True, track=False, robustness=True)
    found = compare_runs(folders, options=robust).robustness
    seconds = timed(lambda: compare_runs(folders, options=robust), repeats=2) - plain
    row(f"--robustness of 2 runs of {users:,} users, {len(found.variants)} variants", seconds, ROBUST_LIMIT)


def row(what, seconds, limit, note=""):
    print(f"| {what} | {seconds:.2f} | {limit:g} s | {seconds / limit:.0%} | {note} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the users")
    small = 10 if parser.parse_args().quick else 1
    rng = np.random.default_rng(0)
    print(f"{platform.machine()}, {os.cpu_count()} threads, Python {platform.python_version()}, {FLIPS:,} flips\n")
    print("| what | seconds | limit | of the limit | beside |")
    print("|---|---|---|---|---|")
    max_t(graded(200, METRICS, rng))
    max_t(single(2_000, rng))
    values = graded(GRADED // small, METRICS, rng) - graded(GRADED // small, METRICS, rng)
    ours = timed(lambda: max_t(values))
    theirs = FEWER * timed(lambda: by_scipy(values), repeats=1)
    ratio = (
        f"scipy.stats.permutation_test, without maxT: {theirs:,.0f} s, {theirs / ours:,.0f} times (at least {FASTER})"
    )
    row(f"maxT of {len(values):,} users x {METRICS} metrics", ours, GRADED_LIMIT, ratio)
    values = single(SINGLE // small, rng)
    seconds = timed(lambda: max_t(values))
    row(f"maxT of {len(values):,} users x {METRICS} metrics, one relevant item each", seconds, SINGLE_LIMIT)
    runs = np.concatenate([graded(PAIRED // small, METRICS, rng) for _ in range(RUNS)], axis=1)
    pairs = [
        (one * METRICS + metric, other * METRICS + metric)
        for one, other in itertools.combinations(range(RUNS), 2)
        for metric in range(METRICS)
    ]
    seconds = timed(lambda: max_t(runs, np.array(pairs)), repeats=1)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    what = f"maxT of {len(runs):,} users x {METRICS} metrics x {len(pairs) // METRICS} pairs"
    row(what, seconds, PAIRED_LIMIT, f"peak memory {memory:.1f} GB (limit {MEMORY:g})")
    tables = measured_runs(TEN // small, rng)
    seconds = timed(lambda: harness.compare(tables, primary="ndcg@10"), repeats=2)
    labels = len(next(iter(tables.values())).user_values)
    what = f"harness.compare of {RUNS} runs of {TEN // small:,} users, {labels} metrics, two-way errors"
    row(what, seconds, TEN_LIMIT)
    with tempfile.TemporaryDirectory() as folder:
        robust_row(TEN // small, Path(folder))


if __name__ == "__main__":
    main()
