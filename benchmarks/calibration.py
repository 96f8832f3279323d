"""Measure by simulation how often tests, intervals and verdicts are wrong.

Run ``make calibration`` (about six minutes on two cores), or ``python benchmarks/calibration.py --draws 200``
for a rough answer. docs/calibration.md holds the figures. Each row simulates runs for which the truth is known, and
counts; the binomial error of a share of .05 in 2,000 draws is .005.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from pathlib import Path

import numpy as np
from scipy import stats

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import harness
from harness import TopK, Truth
from harness.artifacts import MetricTable, MetricValue
from harness.intervals import mean_interval
from harness.statistics import PairedSample, PairedT, Permutation
from harness.statistics.bootstrap import Bootstrap
from harness.statistics.family import corrected_results
from harness.statistics.item_clusters import ItemClusters
from harness.statistics.mcnemar import McNemar
from harness.statistics.non_inferiority import gate_metrics
from harness.statistics.seed_components import SeedValues, crossed_bootstrap, seed_error
from harness.statistics.sign import Sign
from harness.statistics.wilcoxon import Wilcoxon

DRAWS = 2_000
FLIPS = 2_000  # per simulated test
LEVEL = 0.05
LARGE = 100_000  # users of the largest simulations, which have a tenth of the draws


def table(values):
    """Return the values of a run in one metric."""
    users = np.arange(len(values))
    value = MetricValue("ndcg@10", "ndcg", 10, {}, "accuracy", True, float(values.mean()), n_users=len(values))
    return MetricTable((value,), {"ndcg@10": values}, users, 0.95, {})


def keys_of(users):
    return np.arange(users, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)


def graded(rng, users, share=0.16):
    """NDCG-like values of one relevant item: the share of hits, each with the gain of a random rank up to 10."""
    ranks = rng.integers(1, 11, users)
    return np.where(rng.random(users) < share, 1 / np.log2(ranks + 1), 0.0)


def symmetric(rng, users):
    """Two runs of the same quality."""
    return graded(rng, users), graded(rng, users)


def skewed(rng, users):
    """Two runs of equal means: the candidate loses a little for many users and wins much for few."""
    base = rng.random(users) * 0.2 + 0.3
    draw = rng.random(users)
    return base + np.where(draw < 0.02, 0.6, np.where(draw < 0.14, -0.1, 0.0)), base


def binary(rng, users):
    """Hits of two runs of the same quality."""
    return (rng.random(users) < 0.16) * 1.0, (rng.random(users) < 0.16) * 1.0


def share(name, wrong, draws, note=""):
    print(f"| {name} | {wrong / draws:.3f} | {draws:,} | {note} |", flush=True)


def head(title):
    print(f"\n### {title}\n\n| what | share | draws | expected |\n|---|---:|---:|---|", flush=True)


def levels(draws):
    head("Level of the tests: false findings at 5%")
    tests = {
        "t": PairedT(seed=0),
        "permutation": Permutation(seed=0, flips=FLIPS),
        "bootstrap": Bootstrap(seed=0),
        "wilcoxon": Wilcoxon(seed=0),
        "sign": Sign(seed=0),
        "mcnemar": McNemar(seed=0),
    }
    for null in (symmetric, skewed, binary):
        for users in (50, 1_000, LARGE):
            repeats = draws if users < LARGE else max(draws // 10, 1)
            for name, test in tests.items():
                if (name == "mcnemar") != (null is binary) and not (null is binary and name in ("t", "permutation")):
                    continue
                if name == "bootstrap" and (users == 50 or users == LARGE):
                    continue  # refused below 100 users with a difference; slow, and like t, with many
                rng = np.random.default_rng(1)
                # scipy computes Wilcoxon's test of few users with ties by permutations.
                own = max(draws // 10, 1) if name == "wilcoxon" and users == 50 else repeats
                wrong = 0
                for _ in range(own):
                    sample = PairedSample(*null(rng, users), keys_of(users))
                    wrong += test.test(sample, confidence=1 - LEVEL).p_value < LEVEL
                expected = "0.05 or less"
                if null is skewed and name in ("wilcoxon", "sign"):
                    expected = "another null hypothesis"
                elif null is skewed and users == 50:
                    expected = "too few differences, which a comparison warns of"
                share(f"{name}, {null.__name__} null, {users:,} users", wrong, own, expected)


def families(draws):
    head("Family-wise error: any false finding, 20 equally good candidates, 500 users")
    for correction in ("maxt", "holm", "bonferroni", "none"):
        rng, wrong = np.random.default_rng(2), 0
        for _ in range(draws):
            base = graded(rng, 500)
            common = graded(rng, 500)  # candidates resemble each other
            samples = []
            for _ in range(20):
                own = np.where(rng.random(500) < 0.7, common, graded(rng, 500))
                samples.append(PairedSample(own, base, keys_of(500)))
            found = corrected_results(
                samples,
                test=Permutation(seed=0, flips=FLIPS),
                correction=correction,
                confidence=1 - LEVEL,
                seed=0,
                spread=1.0,
            )
            wrong += any(row.simultaneous_low > 0 or row.simultaneous_high < 0 for row in found)
        share(correction, wrong, draws, "0.05" if correction != "none" else "above 0.05: not corrected")


def means(draws):
    head("Intervals of means: share that misses the true mean (95%)")
    for hit_share in (0.02, 0.1, 0.5):
        for users in (50, 200, 1_000):
            rng, missed, by_t = np.random.default_rng(3), 0, 0
            truth = hit_share * float(np.mean(1 / np.log2(np.arange(1, 11) + 1)))
            for _ in range(draws):
                values = graded(rng, users, hit_share)
                found = mean_interval(values, confidence=0.95, in_unit_interval=True)
                missed += not found.low <= truth <= found.high
                half = stats.t.ppf(0.975, users - 1) * values.std(ddof=1) / math.sqrt(users)
                by_t += abs(values.mean() - truth) > half
            share(f"Wilson, hit share {hit_share}, {users:,} users", missed, draws, f"0.05; t: {by_t / draws:.3f}")


def items(draws):
    head("Other items: two halves of a catalogue of 400 items disagree, 1,000 users")
    rng, by_users, by_both = np.random.default_rng(4), 0, 0
    repeats = max(draws // 2, 1)
    for _ in range(repeats):
        popularity = rng.dirichlet(np.full(400, 0.3))
        relevant = rng.choice(400, 1_000, p=popularity)
        effects = rng.choice([-1, 0, 1], 400, p=[0.15, 0.7, 0.15])
        # Some users of an item differ from the others.
        values = np.where(rng.random(1_000) < 0.7, effects[relevant], rng.choice([-1, 0, 1], 1_000, p=[0.1, 0.8, 0.1]))
        halves = rng.permutation(400) < 200
        found = [half_of(values[part], relevant[part]) for part in (halves[relevant], ~halves[relevant])]
        gap = found[0][0] - found[1][0]
        by_users += abs(gap) > 1.96 * math.hypot(found[0][1], found[1][1])
        df = min(found[0][3], found[1][3])
        by_both += abs(gap) > stats.t.ppf(0.975, df) * math.hypot(found[0][2], found[1][2])
    share("intervals over users", by_users, repeats, "above 0.05: users share items")
    share("intervals over users and items", by_both, repeats, "0.05")


def half_of(values, relevant):
    truth = Truth.from_lists([[int(item)] for item in relevant])
    tables = {
        name: harness.evaluate(
            TopK(np.where(values == sign, relevant, 400)[:, None]), truth, metrics=["recall"], cutoffs=[1], by_item=True
        )
        for name, sign in (("new", 1), ("base", -1))
    }
    differences = tables["new"].user_values["recall@1"] - tables["base"].user_values["recall@1"]
    errors = ItemClusters.of(tables).errors("recall@1", [("new", "base")], [differences])
    over_users = differences.std(ddof=1) / math.sqrt(len(differences))
    return differences.mean(), over_users, errors.standard_errors[0], errors.df


def seeds(draws):
    head("Seeds: share of intervals that miss the true difference of the algorithms (95%)")
    for count in (3, 5):
        rng = np.random.default_rng(5)
        missed = {"users alone": 0, "variance components": 0, "crossed bootstrap": 0}
        repeats = max(draws // 10, 1)
        for draw in range(draws):
            base = rng.normal(0, 0.3, 150)
            models = [
                SeedValues(base + rng.normal(0, 0.02, (count, 1)) + rng.normal(0, 0.1, (count, 150))) for _ in "ab"
            ]
            difference = models[0].mean - models[1].mean
            found = seed_error(*models)
            missed["variance components"] += abs(difference) > stats.t.ppf(0.975, found.df) * found.standard_error
            missed["users alone"] += abs(difference) > stats.t.ppf(0.975, 149) * found.over_users
            if draw < repeats:
                low, high = crossed_bootstrap(*models, confidence=0.95, seed=draw)
                missed["crossed bootstrap"] += not low <= 0 <= high
        for name, wrong in missed.items():
            expected = "above 0.05: seeds are ignored" if name == "users alone" else "0.05"
            share(f"{name}, {count} seeds", wrong, repeats if name == "crossed bootstrap" else draws, expected)


def gates(draws):
    head("Gate: passes of a candidate that is worse by exactly the margin, and of an equal one")
    rng, wrong, right, promised = np.random.default_rng(6), 0, 0, 0.0
    margin, users = 0.02, 500
    for _ in range(draws):
        base = graded(rng, users)
        equal = np.where(rng.random(users) < 0.5, base, graded(rng, users))
        lost = (rng.random(users) < 0.5) & (equal > 0)
        loss = margin / (0.5 * 0.16 * float(np.mean(1 / np.log2(np.arange(1, 11) + 1))))
        worse = np.where(lost, equal * (1 - loss), equal)
        tables = {name: table(values) for name, values in (("b", base), ("e", equal), ("w", worse))}
        wrong += gate_metrics(tables["w"], tables["b"], {"ndcg@10": margin}, most_gain=9.0, seed=0)[0].status == "pass"
        found = gate_metrics(tables["e"], tables["b"], {"ndcg@10": margin}, most_gain=9.0, seed=0)[0]
        right += found.status == "pass"
        promised += found.chance_if_equal
    share("a candidate worse by the margin passes", wrong, draws, "0.05 or less")
    share("an equal candidate passes", right, draws, f"as the gate says: {promised / draws:.3f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=DRAWS)
    draws = parser.parse_args().draws
    start = time.perf_counter()
    for simulate in (levels, families, means, items, seeds, gates):
        simulate(draws)
    print(f"\n{time.perf_counter() - start:,.0f} s", flush=True)


if __name__ == "__main__":
    main()
