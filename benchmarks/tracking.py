"""What MLflow adds to a run: from the finished files to the finished run in a store that is a file."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

import harness

LIMIT = 3.0  # seconds
ITEMS = 1_000
USERS = 10_000  # the most whose values are sent as a table of MLflow

# A process that has what a run has when its files are written. It logs the run, then another one.
PROGRAM = """
import dataclasses, sys, time
from pathlib import Path
import harness.pipeline
from harness.pipeline.run_folder.run_files import read_run
run, store = read_run(Path(sys.argv[1])), sys.argv[2]
start = time.perf_counter()
from harness import tracking
tracking.track_run(run.record, run.folder, experiment_name="bench", store=store)
first = time.perf_counter() - start
other = dataclasses.replace(run.record, created="2000-01-01T00:00:00Z")
start = time.perf_counter()
tracking.track_run(other, run.folder, experiment_name="bench", store=store)
print(first, time.perf_counter() - start)
"""


def finished_run(folder: Path, users: int) -> Path:
    """Return the folder of a finished run of the popularity baseline on random interactions."""
    rng = np.random.default_rng(0)
    rows = pd.DataFrame({"user": np.repeat(np.arange(users), 4), "item": rng.integers(0, ITEMS, 4 * users)})
    rows = rows.drop_duplicates().assign(timestamp=0)
    rows["timestamp"] = np.arange(len(rows))
    rows.to_parquet(folder / "data.parquet")
    experiment = folder / "popularity.yaml"
    experiment.write_text(
        f"name: popularity\ndataset: {{path: {folder}/data.parquet, split: {{kind: leave_last_out}}}}\n"
        f"model: {{kind: popularity, checkpoint: {folder}/popularity.safetensors, fit: {{on: train_validation}}}}\n"
        f"runner: {{k: 20}}\nreport: {{directory: {folder}/reports}}\ntracking: {{enabled: false}}\n"
        "evaluation: {metrics: [ndcg, recall, precision, hit_rate, mrr, map], cutoffs: [1, 5, 10, 20]}\n"
    )
    return harness.run(experiment, quiet=True).folder


def seconds(run: Path, store: Path) -> tuple[float, float]:
    """Return the seconds of the first and the second run that one process logs."""
    store.parent.mkdir(exist_ok=True)
    command = [sys.executable, "-c", PROGRAM, str(run), f"sqlite:///{store}"]
    finished = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=store.parent)
    first, second = map(float, finished.stdout.split())
    return first, second


def main(*, quick: bool) -> None:
    """Print a table of seconds."""
    repeats = 1 if quick else 3
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        run = finished_run(folder, USERS)
        new = [seconds(run, folder / f"store-{repeat}" / "mlflow.db") for repeat in range(repeats)]
        known = [seconds(run, folder / "store-0" / "mlflow.db") for _ in range(repeats)]
    rows = [
        ("the first run of a store, making its tables and importing mlflow included", min(first for first, _ in new)),
        ("a run in a store that exists, importing mlflow included", min(first for first, _ in known)),
        ("another run in the same process", min(second for _, second in new)),
    ]
    print(f"{platform.machine()}, {os.cpu_count()} threads, {USERS:,} users, 24 metrics, best of {repeats}\n")
    print("| what MLflow adds on sqlite | seconds | limit | of the limit |")
    print("|---|---|---|---|")
    for what, took in rows:
        print(f"| {what} | {took:.2f} | {LIMIT:g} s | {took / LIMIT:.0%} |")


if __name__ == "__main__":
    main(quick="--quick" in sys.argv)
