"""How long pages take: a run of ml-100k, a run of a million users, a comparison of 20 runs, beside their limits.

Run ``python benchmarks/report.py``, or with ``--quick`` for a tenth of the users.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import harness
from harness.errors import HarnessWarning
from harness.pipeline import ComparisonOptions, compare_runs

MANY, COMPARED, RUNS = 1_000_000, (10_000, 100_000), 20  # users, users of comparisons, their runs
ITEMS, LENGTH = 20_000, 20
SMALL_LIMIT, MANY_LIMIT, COMPARISON_LIMIT = 4.0, 25.0, 15.0  # seconds
PAGE = 3.0  # MB
ML_100K = """
name: ml-100k/ease
dataset:
  catalog: ml-100k
  filters: [{kind: min_rating, value: 4}, {kind: k_core, users: 5, items: 5}]
  split: {kind: leave_last_out, validation: true, ties: shuffle}
model: {kind: ease, checkpoint: ease.safetensors, params: {l2: 100.0}, fit: {on: train_validation}}
tracking: {enabled: false}
"""
LISTS = """
name: {name}
dataset: {{path: data.parquet, split: {{kind: leave_last_out}}}}
model: {{kind: predictions, checkpoint: {name}.parquet}}
runner: {{k: {length}}}
evaluation: {{metrics: {metrics}, cutoffs: {cutoffs}, primary: "ndcg@10"}}
tracking: {{enabled: false}}
"""
FIFTY = ("recall", "precision", "ndcg", "hit_rate", "mrr", "map", "f1", "rbp", "coverage", "gini")  # x 5 cutoffs


def shell(*arguments, folder):
    """Return the seconds of a command from the shell to its end."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-m", "harness", *arguments], check=True, cwd=folder, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def row(what, seconds, limit, page):
    size = page.stat().st_size / 1e6
    print(f"| {what} | {seconds:.1f} | {limit:g} s | {seconds / limit:.0%} | {size:.2f} MB of {PAGE:g} |", flush=True)


def write_data(users, folder):
    """Write four interactions per user."""
    rng = np.random.default_rng(0)
    rows = pd.DataFrame({"user": np.repeat(np.arange(users), 4), "item": rng.integers(0, ITEMS, 4 * users)})
    rows = rows.drop_duplicates(["user", "item"])
    rows["timestamp"] = np.arange(len(rows))
    rows.to_parquet(folder / "data.parquet")
    return rows


def write_lists(rows, folder, name, *, found, seed):
    """Write lists that hold the last item of a share of the users."""
    rng = np.random.default_rng(seed)
    last = rows.groupby("user").tail(1).set_index("user")["item"]
    seen = rows.groupby("user").head(3)
    users = len(last)
    lists = (rng.integers(0, ITEMS, (users, 1)) + np.arange(LENGTH) * 37) % ITEMS
    hits = np.flatnonzero(rng.random(users) < found)
    lists[hits, rng.integers(0, LENGTH, len(hits))] = last.to_numpy()[hits]
    table = pd.DataFrame(
        {
            "user": np.repeat(last.index.to_numpy(), LENGTH),
            "item": lists.ravel(),
            "rank": np.tile(np.arange(1, LENGTH + 1), users),
        }
    ).drop_duplicates(["user", "item"])
    known = pd.MultiIndex.from_frame(seen[["user", "item"]])
    table = table[~pd.MultiIndex.from_frame(table[["user", "item"]]).isin(known)]
    table.to_parquet(folder / f"{name}.parquet")


def run_lists(folder, name, *, metrics, cutoffs):
    text = LISTS.format(name=name, length=LENGTH, metrics=list(metrics), cutoffs=list(cutoffs))
    (folder / f"{name}.yaml").write_text(text)
    return harness.run(folder / f"{name}.yaml", quiet=True).folder


def compare_lists(users):
    """Compare 20 runs of lists of so many users."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.chdir(folder)
        rows = write_data(users, folder)
        folders = []
        for place in range(RUNS):
            write_lists(rows, folder, f"run{place}", found=0.2 + place / 100, seed=place)
            folders.append(str(run_lists(folder, f"run{place}", metrics=FIFTY, cutoffs=(1, 3, 5, 10, 20))))
        options = ComparisonOptions(name="all", quiet=True, track=False)
        compare_runs(folders[:2], options=options)  # compiles or reads kernels
        start = time.perf_counter()
        found = compare_runs(folders, options=options)
        seconds = time.perf_counter() - start
        what = f"comparison of {RUNS} runs of {users:,} users, {found.comparison.values.shape[1] - 1} metrics"
        row(what, seconds, COMPARISON_LIMIT, found.folder / "comparison.html")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the users")
    small = 10 if parser.parse_args().quick else 1
    print(f"{platform.machine()}, {os.cpu_count()} threads, Python {platform.python_version()}\n")
    print("| what | seconds | limit | of the limit | page |")
    print("|---|---|---|---|---|")
    warnings.simplefilter("ignore", HarnessWarning)  # made-up data has findings
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.chdir(folder)
        (folder / "ease.yaml").write_text(ML_100K)
        shell("eval", "ease.yaml", "--quiet", folder=folder)
        run = Path("reports/ml-100k/ease")
        row("harness report of ml-100k", shell("report", run, folder=folder), SMALL_LIMIT, run / "report.html")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.chdir(folder)
        rows = write_data(MANY // small, folder)
        write_lists(rows, folder, "many", found=0.3, seed=0)
        run = run_lists(folder, "many", metrics=FIFTY[:6], cutoffs=(1, 5, 10, 20))
        seconds = shell("report", run, folder=folder)
        row(f"harness report of {MANY // small:,} users", seconds, MANY_LIMIT, run / "report.html")
    for users in COMPARED:
        compare_lists(users // small)
    os.chdir("/")


if __name__ == "__main__":
    main()
