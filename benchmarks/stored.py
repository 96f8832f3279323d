"""From stored predictions of a million users to results.json and per_user.parquet: time and memory.

Run ``python benchmarks/stored.py``, or with ``--quick`` for a tenth of the users. Interactions and predictions
are files of parquet that this writes first; reading and splitting the interactions is part of the time.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

USERS, K, RELEVANT, HISTORY, N_ITEMS = 1_000_000, 20, 5, 5, 50_000
SECONDS, BYTES = 15.0, 3e9
EXPERIMENT = """
name: stored/benchmark
dataset:
  path: {data}
  split: {{kind: leave_last_out, n: 5}}
model: {{kind: predictions, checkpoint: {predictions}}}
evaluation:
  metrics: [recall, precision, ndcg, hit_rate]
  cutoffs: [5, 10, 20]
report: {{directory: {reports}}}
tracking: {{experiment: stored, enabled: false}}
"""
# The child tells of its own peak; the parent's would hold the files that it wrote.
SCORE = (
    "import resource, sys; sys.argv = ['harness', 'eval', sys.argv[1], '--quiet', '--force']\n"
    "from harness.cli import main\n"
    "try:\n    main()\n"
    "finally:\n    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024, file=sys.stderr)\n"
)


def write_files(folder, users):
    """Write ten interactions a user, the last five of which are held out, and lists of twenty with some of these."""
    rng = np.random.default_rng(0)
    width = HISTORY + RELEVANT + K
    start, step = rng.integers(0, N_ITEMS, (users, 1)), rng.integers(1, N_ITEMS // width, (users, 1))
    items = ((start + step * np.arange(width)) % N_ITEMS).astype(np.int32)
    done = items[:, : HISTORY + RELEVANT]
    lists = items[:, HISTORY + RELEVANT :].copy()
    rows, places = np.nonzero(rng.random((users, RELEVANT)) < 0.25)
    lists[rows, rng.integers(0, K // RELEVANT, len(rows)) * RELEVANT + places] = done[rows, HISTORY + places]
    ids = np.arange(users, dtype=np.int64)
    pq.write_table(
        pa.table(
            {
                "user": np.repeat(ids, done.shape[1]),
                "item": done.reshape(-1),
                "timestamp": np.tile(np.arange(done.shape[1]), users),
            }
        ),
        folder / "data.parquet",
    )
    pq.write_table(
        pa.table(
            {
                "user": np.repeat(ids, K),
                "item": lists.reshape(-1),
                "score": np.tile(np.arange(K, 0, -1, dtype=np.float32), users),
            }
        ),
        folder / "predictions.parquet",
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a tenth of the users")
    users = USERS // 10 if parser.parse_args().quick else USERS
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_files(folder, users)
        experiment = folder / "experiment.yaml"
        paths = {"data": folder / "data.parquet", "predictions": folder / "predictions.parquet"}
        experiment.write_text(EXPERIMENT.format(**paths, reports=folder / "reports"))
        best, peak = float("inf"), 0
        for _ in range(3):
            start = time.perf_counter()
            done = subprocess.run(
                [sys.executable, "-c", SCORE, str(experiment)], capture_output=True, text=True, check=False
            )
            if done.returncode:
                raise SystemExit(done.stderr)
            best, peak = min(best, time.perf_counter() - start), max(peak, int(done.stderr.splitlines()[-1]))
        results = json.loads((folder / "reports/stored/benchmark/results.json").read_text())
        assert results["protocol"]["users"] == users
        assert (folder / "reports/stored/benchmark/per_user.parquet").exists()
    print("| what | measured | limit | of the limit |")
    print("|---|---|---|---|")
    what = f"`harness eval` of {users:,} x {K} stored predictions, 12 metrics, the process and all files included"
    print(f"| {what} | {best:.1f} s | {SECONDS:g} s | {best / SECONDS:.0%} |")
    print(f"| its peak memory | {peak / 1e9:.2f} GB | {BYTES / 1e9:g} GB | {peak / BYTES:.0%} |")
    print("\n" + ", ".join(f"{phase} {seconds:.1f} s" for phase, seconds in results["timings"]["phases"].items()))


if __name__ == "__main__":
    main()
