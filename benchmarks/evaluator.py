"""How fast metrics are, beside the practical limit, one fused hand-written pass over the same arrays, and peers.

Run ``python benchmarks/evaluator.py``, or with ``--quick`` for a tenth of the users. Each peer runs in an environment
of its own, made at the first run (3 GB together); ``--no-peers`` leaves them out. A peer takes the first users alone,
as many as its speed allows, and its values are compared with ours on the same users.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numba
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))

from peers.environments import USERS, run_peer, save_lists

import harness
from harness.metrics import Diversity, Lists

K, RELEVANT, N_ITEMS, CUTOFFS = 20, 5, 50_000, (5, 10, 20)
METRICS = ("recall", "precision", "ndcg", "hit_rate")
EVALUATE_LIMIT = 2.5  # times the fused pass
DIVERSITY_USERS, DIVERSITY_K = 100_000, 10
DIVERSITY_LIMITS = {"rank^-0.8": 2.5, "rank^-1.0": 15.0, "the popularity baseline": 15.0}  # seconds
SAMPLED_USERS, SAMPLED_PAIRS, SAMPLED_LIMIT = 3_000_000, 1_000_000, 2.0
PEER_LIMITS = {"rectools": 15, "ranx": 50, "pytrec_eval": 50, "replay": 50}  # times as fast at least
COMPILE_LIMIT = 3.0  # seconds, of the longest kernel at the first call
# Printed by a process whose cache of compiled code is empty: the whole first call, and the longest compilation.
FIRST_CALL = """
import json, time
import numba.core.event as event
import numpy as np
with event.install_recorder("numba:compile") as record:
    import harness
    lists = np.random.default_rng(0).integers(0, 100, (50, 20))
    start = time.perf_counter()
    harness.evaluate(harness.TopK(lists), harness.Truth.from_lists([[1, 2]] * 50), n_items=100)
    whole = time.perf_counter() - start
began, longest = {}, ("", 0.0)
for moment, what in record.buffer:
    key = (id(what.data["dispatcher"]), str(what.data["args"]))
    if what.is_start:
        began.setdefault(key, []).append(moment)
    else:
        taken = what.data["dispatcher"].py_func.__name__, moment - began[key].pop()
        longest = max(longest, taken, key=lambda named: named[1])
print(json.dumps([whole, *longest]))
"""


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


def popularity_baseline(users, k, rng):
    """Return the lists of a popularity baseline: the most popular items that each user has not had yet."""
    share = np.cumsum(1.0 / np.arange(1, N_ITEMS + 1))
    lists = np.empty((users, k), dtype=np.int32)
    for user in range(users):
        had = set(np.searchsorted(share / share[-1], rng.random(50)).tolist())
        item, found = 0, 0
        while found < k:
            if item not in had:
                lists[user, found] = item
                found += 1
            item += 1
    return lists


def diversity_rows(users, quick, repeats):
    rng = np.random.default_rng(1)
    cases = {
        "rank^-0.8": popular_lists(users, DIVERSITY_K, 0.8, rng),
        "rank^-1.0": popular_lists(users, DIVERSITY_K, 1.0, rng),
        "the popularity baseline": popularity_baseline(users, DIVERSITY_K, rng),
    }
    for name, lists in cases.items():
        taken = list_seconds(Diversity(k=DIVERSITY_K), lists, repeats)
        yield (
            f"diversity, {users:,} x {DIVERSITY_K}, {name}, exact",
            users,
            taken,
            None if quick else DIVERSITY_LIMITS[name],
        )
    many = SAMPLED_USERS // 10 if quick else SAMPLED_USERS
    lists = (N_ITEMS * rng.random((many, DIVERSITY_K)) ** 3).astype(np.int32)
    taken = list_seconds(Diversity(k=DIVERSITY_K, sample=SAMPLED_PAIRS), lists, repeats)
    what = f"diversity, {many:,} x {DIVERSITY_K}, a sample of {SAMPLED_PAIRS:,} pairs"
    yield what, many, taken, None if quick else SAMPLED_LIMIT


def list_seconds(metric, lists, repeats):
    given = Lists.of(lists, n_items=N_ITEMS)
    metric.value(given)
    return seconds(lambda: metric.value(given), repeats=repeats)[0]


def first_call():
    """Return the seconds of a call without compiled code, the longest kernel and its seconds, and those of a second."""
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"NUMBA_CACHE_DIR": folder}
        command = [sys.executable, "-c", FIRST_CALL]
        runs = [
            json.loads(subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout)
            for _ in range(2)
        ]
    return (*runs[0], runs[1][0])


def peer_rows(rate, repeats, quick):
    """Yield a row a peer: its users a second, and how many times as fast we are; its values must be ours."""
    lists, indptr, relevant = make_case(max(USERS.values()), np.random.default_rng(0))
    for name, users in USERS.items():
        taken = users // 10 if quick else users
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "lists.npz"
            save_lists(path, lists, indptr, relevant, users=taken)
            found = run_peer(name, path, repeats=repeats)
        ours = harness.evaluate(
            harness.TopK(lists[:taken]),
            harness.Truth(indptr[: taken + 1], relevant[: indptr[taken]]),
            metrics=METRICS,
            cutoffs=CUTOFFS,
        )
        for label, value in found["values"].items():
            if label not in found["differs"]:
                assert abs(ours[label].value - value) < 1e-6, (name, label)
        limit = f"{PEER_LIMITS[name]} x" if name in PEER_LIMITS else "-"
        for form, times in ({found["form"]: found} | found["other_forms"]).items():
            speed = found["users"] / times["seconds"]
            conversion = f"{times['conversion_seconds']:.1f} s for {found['users']:,}"
            what = f"{found['library']} {found['version']}, {form}"
            yield f"| {what} | {speed:,.0f} | {conversion} | {limit} | {rate / speed:,.0f} x |"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a tenth of the users, fewer repeats")
    parser.add_argument("--no-peers", action="store_true", help="ours and the limit alone")
    arguments = parser.parse_args()
    quick, peers = arguments.quick, not arguments.no_peers
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
    for what, count, taken, limited in diversity_rows(lists, quick, repeats):
        bound, share = ("-", "-") if limited is None else (f"{limited:g} s", f"{taken / limited:.0%}")
        print(f"| {what} | {taken:.3f} | {count / taken:,.0f} | {bound} | {share} |")
    whole, kernel, longest, again = first_call()
    print(
        f"| first call, nothing compiled: {whole:.1f} s in all, then {again:.1f} s; longest kernel `{kernel}` "
        f"| {longest:.2f} | - | {COMPILE_LIMIT:g} s | {longest / COMPILE_LIMIT:.0%} |"
    )
    if peers:
        print(
            "\nEach peer runs in an environment of its own on the first users of the same arrays, best of 3; its\n"
            "values agree with ours to 1e-6. ranx takes bare arrays where all users have equally many relevant items;\n"
            "`Qrels` and `Run` are its usual way."
        )
        print("\n| peer, the same 12 values | users/s | conversion before | we are to be | we are |")
        print("|---|---|---|---|---|")
        for row in peer_rows(users / ours, 3, quick):
            print(row)


if __name__ == "__main__":
    main()
