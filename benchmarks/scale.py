"""A million users through prediction and evaluation on one machine: time of each phase, and memory.

Run ``python benchmarks/scale.py``, or with ``--quick`` for a twentieth of the users. Users and items are
random vectors; lists are made in shards on disk, then written as predictions.parquet and measured.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from harness.artifacts import History, RecommendationTask, TopK, Truth, Vocabulary
from harness.evaluation import merge_shards, score_shard
from harness.execution import Parallel, map_shards
from harness.experiment import expand_metrics
from harness.memory import peak_memory
from harness.pipeline.run_folder import result_tables
from harness.runner import Options, Shards, compute_topk

USERS, ITEMS, WIDTH, K, SEEN = 1_000_000, 100_000, 64, 20, 20
LIMIT = 8e9  # bytes
METRICS = ("recall", "precision", "ndcg", "hit_rate", "coverage")


class Towers:
    """Random vectors of users and items."""

    def __init__(self, users, items):
        rng = np.random.default_rng(0)
        self._users = rng.standard_normal((users, WIDTH), dtype=np.float32)
        self._items = rng.standard_normal((items, WIDTH), dtype=np.float32)

    def user_vectors(self, batch):
        """Return the vectors of a batch of users."""
        return torch.from_numpy(self._users[batch.users])

    def item_vectors(self):
        """Return the vectors of all items."""
        return torch.from_numpy(self._items)


def task_of(users):
    rng = np.random.default_rng(1)
    seen = rng.integers(0, ITEMS, users * SEEN, dtype=np.int32)
    truth = rng.integers(0, ITEMS, users, dtype=np.int32)
    ids = Vocabulary(np.arange(users))
    return RecommendationTask(
        users=np.arange(users),
        truth=Truth(np.arange(users + 1), truth, users=ids.ids),
        history=History(np.arange(0, users * SEEN + 1, SEEN), seen, ITEMS),
        user_ids=ids,
        item_ids=Vocabulary(np.arange(ITEMS)),
        k=K,
    )


def parts(shards):
    for (start, stop), found in zip(shards.bounds, shards, strict=True):
        yield (
            TopK(found.items, found.scores, shards.task.user_ids.ids[start:stop]),
            shards.task.truth.rows(np.arange(start, stop)),
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a twentieth of the users")
    users = USERS // 20 if parser.parse_args().quick else USERS
    task, model = task_of(users), Towers(users, ITEMS)
    seconds, metrics = {}, expand_metrics(METRICS, (5, 10, 20))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shards = Shards(folder, "0" * 64, task)
        start = time.perf_counter()
        for index in shards.missing:
            shards.write(index, compute_topk(model, shards.part(index), Options()))
        seconds["lists and exact ranks, in shards on disk"] = time.perf_counter() - start
        start = time.perf_counter()
        with result_tables.parquet_writer(folder / "predictions.parquet", rows=users * K) as write:
            for topk, _ in parts(shards):
                write(result_tables.predictions_table(topk, task.item_ids))
        seconds["predictions.parquet"] = time.perf_counter() - start
        start = time.perf_counter()

        def score(part):
            return score_shard(*part, metrics=metrics, n_items=ITEMS, parallel=Parallel(n_jobs=1))

        def scored():
            group = []
            for part in parts(shards):
                group.append(part)
                if len(group) == Parallel().workers:
                    yield from map_shards(score, group, parallel=Parallel())
                    group = []
            yield from map_shards(score, group, parallel=Parallel())

        table = merge_shards(scored(), metrics=metrics)
        result_tables.write_parquet(
            folder / "per_user.parquet", pa.Table.from_pandas(table.per_user, preserve_index=False)
        )
        seconds["metrics and per_user.parquet"] = time.perf_counter() - start
    chance = K / (ITEMS - SEEN)
    hits = table["hit_rate@20"].value
    assert abs(hits - chance) < 5 * np.sqrt(chance / users), (hits, chance)
    print(f"{users:,} users x {ITEMS:,} items x {WIDTH}, k = {K}, {len(metrics)} metrics\n")
    print("| phase | seconds | users/s |")
    print("|---|---|---|")
    for what, taken in seconds.items():
        print(f"| {what} | {taken:.1f} | {users / taken:,.0f} |")
    total, peak = sum(seconds.values()), peak_memory()
    print(f"| all of it | {total:.1f} | {users / total:,.0f} |")
    vectors = (users + ITEMS) * WIDTH * 4
    print(f"\nAt most {peak / 1e9:.2f} GB, of which vectors {vectors / 1e9:.2f}; the limit is {LIMIT / 1e9:.0f} GB.")


if __name__ == "__main__":
    main()
