"""A run on a cluster of several worker processes, one of which is killed: the same bytes as without."""

from __future__ import annotations

import hashlib
import logging
import os
import signal
import threading
import time

import pytest
from distributed import LocalCluster

import harness
from harness import storage

EXPERIMENT = """
name: cluster/{name}
dataset:
  catalog: {{kind: synthetic, users: 50000, items: 300}}
  split: {{kind: leave_last_out}}
model: {{kind: item_knn, checkpoint: {folder}/knn.safetensors, params: {{neighbours: 20}}, fit: {{on: train}}}}
runner: {{k: 10, parallel: {parallel}}}
evaluation:
  metrics: [recall, ndcg, auc, coverage, diversity, novelty, unexpectedness, pop_rsp, {{kind: ndcg, k: 30}}]
  cutoffs: [5, 10]
  parallel: {evaluated}
tracking: {{experiment: cluster, enabled: false}}
report: {{directory: {folder}/reports}}
"""


def run(folder, name, parallel="null", evaluated="{backend: threading}"):
    path = folder / f"{name}.yaml"
    path.write_text(EXPERIMENT.format(name=name, folder=folder, parallel=parallel, evaluated=evaluated))
    return harness.run(harness.load_experiment(path), quiet=True)


def digests(result):
    names = ("predictions.parquet", "target_ranks.parquet", "per_user.parquet")
    return [hashlib.sha256((result.folder / name).read_bytes()).hexdigest() for name in names]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_killed_worker_costs_its_shards_only(tmp_path):
    here = run(tmp_path, "here")
    with LocalCluster(
        n_workers=3,
        threads_per_worker=1,
        processes=True,
        dashboard_address="127.0.0.1:0",
        silence_logs=logging.CRITICAL,
    ) as cluster:
        storage.prune_cache()
        killed = []

        def kill():
            """Kill a worker once the first shard is there."""
            until = time.monotonic() + 120
            while time.monotonic() < until and not killed:
                if list(storage.cache_folder().rglob("shard-*")):
                    pid = next(iter(cluster.workers.values())).process.pid
                    os.kill(pid, signal.SIGKILL)
                    killed.append(pid)
                time.sleep(0.005)

        watcher = threading.Thread(target=kill)
        watcher.start()
        on = f"{{backend: dask, address: '{cluster.scheduler_address}'}}"
        there = run(tmp_path, "there", parallel=on, evaluated=on)
        watcher.join()
        until = time.monotonic() + 30
        while len(cluster.scheduler.workers) < 3 and time.monotonic() < until:
            time.sleep(0.05)
    assert killed
    assert there.results["timings"]["users_from_cache"] == 0
    assert digests(there) == digests(here)
    assert there.results["metrics"] == here.results["metrics"]
    assert not list(storage.cache_folder().rglob("job"))
