"""How fast metrics are, beside the practical limit: one fused hand-written pass over the same arrays.

Run ``python benchmarks/evaluator.py``, or with ``--quick`` for a tenth of the users.
"""

from __future__ import annotations

import argparse
import os
import platform
import time
from concurrent.futures import ThreadPoolExecutor

import numba
import numpy as np

import harness
from harness.metrics import Diversity, Lists

K, RELEVANT, N_ITEMS, CUTOFFS = 20, 5, 50_000, (5, 10, 20)
METRICS = ("recall", "precision", "ndcg", "hit_rate")
EVALUATE_LIMIT = 2.5  # times the fused pass
DIVERSITY_LIMIT = 2.5  # seconds
DIVERSITY_USERS, DIVERSITY_K = 100_000, 10


@numba.njit(nogil=True)
def fused_pass(lists, indptr, relevant, cutoffs, discounts, ideal, start, stop, out):
    """Write the twelve values of each user: nothing is checked, counted or summarised."""
    for user in range(start, stop):
        first, last = indptr[user], indptr[user + 1]
        hits, gain, column = 0, 0.0, 0
        for rank in range(lists.shape[1]):
            for place in range(first, last):
                if relevant[place] == lists[user, rank]:
                    hits += 1
                    gain += discounts[rank]
                    break
            if rank + 1 == cutoffs[column // 4]:
                out[user, column] = hits / (last - first)
                out[user, column + 1] = hits / (rank + 1)
                out[user, column + 2] = gain / ideal[min(rank + 1, last - first)]
                out[user, column + 3] = 1.0 if hits > 0 else 0.0
                column += 4
                if column == 4 * len(cutoffs):
                    break


def make_case(users, rng):
    """Return lists and relevant items, none of them twice, with a quarter of the relevant in the list."""
    start, step = rng.integers(0, N_ITEMS, size=(users, 1)), rng.integers(1, N_ITEMS // (K + RELEVANT), size=(users, 1))
    items = ((start + step * np.arange(K + RELEVANT)) % N_ITEMS).astype(np.int32)
    lists, relevant = items[:, :K].copy(), items[:, K:].copy()
    rows, places = np.nonzero(rng.random((users, RELEVANT)) < 0.25)
    relevant[rows, places] = lists[rows, rng.integers(0, K // RELEVANT, len(rows)) * RELEVANT + places]
    return lists, np.arange(0, users * RELEVANT + 1, RELEVANT), relevant.reshape(-1)


def popular_lists(users, k, exponent, rng):
    """Return lists of k distinct items whose popularity is rank to the minus exponent."""
    share = np.cumsum(np.arange(1, N_ITEMS + 1) ** -exponent)
    share /= share[-1]
    lists = np.empty((users, k), dtype=np.int32)
    for user in range(users):
        drawn = np.empty(0, dtype=np.int64)
        while len(drawn) < k:
            more = np.searchsorted(share, rng.random(4 * k))
            both = np.concatenate([drawn, more])
            drawn = both[np.sort(np.unique(both, return_index=True)[1])]
        lists[user] = drawn[:k]
    return lists


def seconds(*functions, repeats):
    """Return each function's best time; they take turns, so that a busy machine slows all alike."""
    best = [float("inf")] * len(functions)
    for _ in range(repeats):
        for place, function in enumerate(functions):
            start = time.perf_counter()
            function()
            best[place] = min(best[place], time.perf_counter() - start)
    return best


def compare_with_the_limit(users, repeats, threads):
    lists, indptr, relevant = make_case(users, np.random.default_rng(0))
    topk, truth = harness.TopK(lists), harness.Truth(indptr, relevant)
    discounts = 1 / np.log2(np.arange(K) + 2.0)
    ideal = np.concatenate([[0], np.cumsum(discounts)])
    cutoffs = np.array(CUTOFFS)
    bounds = np.linspace(0, users, threads + 1).astype(int)

    def limit():
        out = np.empty((users, len(METRICS) * len(CUTOFFS)))
        arguments = (lists, indptr, relevant, cutoffs, discounts, ideal)
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(lambda start, stop: fused_pass(*arguments, start, stop, out), bounds[:-1], bounds[1:]))
        return out

    def ours():
        table = harness.evaluate(
            topk, truth, metrics=METRICS, cutoffs=CUTOFFS, n_items=N_ITEMS, n_jobs=threads, confidence=0.95
        )
        return table, table.summary()

    values, table = limit(), ours()[0]
    for place, k in enumerate(CUTOFFS):
        for column, name in enumerate(METRICS):
            assert np.allclose(values[:, 4 * place + column], table.user_values[f"{name}@{k}"], rtol=0, atol=1e-12)
    return seconds(limit, ours, repeats=repeats)


def diversity_seconds(users, exponent, repeats):
    lists = Lists.of(popular_lists(users, DIVERSITY_K, exponent, np.random.default_rng(1)), n_items=N_ITEMS)
    metric = Diversity(k=DIVERSITY_K)
    metric.value(lists)
    return seconds(lambda: metric.value(lists), repeats=repeats)[0]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a tenth of the users, fewer repeats")
    quick = parser.parse_args().quick
    repeats = 3 if quick else 7
    users = 100_000 if quick else 1_000_000
    lists = DIVERSITY_USERS // 10 if quick else DIVERSITY_USERS
    threads = os.cpu_count() or 1
    print(f"{platform.machine()}, {threads} threads, Python {platform.python_version()}, best of {repeats}\n")
    limit, ours = compare_with_the_limit(users, repeats, threads)
    print("| what | seconds | users/s | limit | of the limit |")
    print("|---|---|---|---|---|")
    print(f"| one fused pass, {users:,} x {K}, 12 values a user | {limit:.3f} | {users / limit:,.0f} | - | - |")
    print(
        f"| harness.evaluate and summary, the same arrays | {ours:.3f} | {users / ours:,.0f} "
        f"| {EVALUATE_LIMIT:g} x the fused pass | {ours / limit:.2f} x the fused pass |"
    )
    for exponent in (0.8, 1.0):
        taken = diversity_seconds(lists, exponent, repeats)
        limited = f"{DIVERSITY_LIMIT:g} s" if exponent == 0.8 and not quick else "-"
        share = f"{taken / DIVERSITY_LIMIT:.0%}" if exponent == 0.8 and not quick else "-"
        what = f"diversity, {lists:,} x {DIVERSITY_K}, popularity rank^-{exponent}"
        print(f"| {what} | {taken:.3f} | {lists / taken:,.0f} | {limited} | {share} |")


if __name__ == "__main__":
    main()
