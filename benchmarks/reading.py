"""How fast files of interactions are read, beside pandas and a dictionary of ids.

Run ``python benchmarks/reading.py``, or with ``--quick`` for a tenth of the rows.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from harness.data import read_table

LIMIT = 4.0  # seconds for a million rows of CSV


def make(folder: Path, rows: int, many: int) -> None:
    """Write the files."""
    rng = np.random.default_rng(0)
    text = pd.DataFrame(
        {
            "user": np.char.add("A", rng.integers(0, 200_000, rows).astype(str)),
            "item": np.char.add("B", rng.integers(0, 50_000, rows).astype(str)),
            "timestamp": rng.integers(1_300_000_000, 1_700_000_000, rows),
            "rating": rng.integers(1, 6, rows),
        }
    )
    text.to_csv(folder / "text.csv", index=False)
    text.to_json(folder / "text.jsonl", orient="records", lines=True)
    numbers = pd.DataFrame(
        {
            "user": rng.integers(0, 1_000_000, many),
            "item": rng.integers(0, 1_000_000, many),
            "timestamp": rng.integers(1_300_000_000, 1_700_000_000, many),
        }
    )
    numbers.to_parquet(folder / "numbers.parquet")


def with_pandas(path: Path) -> None:
    """Read a file and number its ids, as a script would."""
    if path.suffix == ".csv":
        frame = pd.read_csv(path)
    elif path.suffix == ".jsonl":
        frame = pd.read_json(path, lines=True)
    else:
        frame = pd.read_parquet(path)
    for name in ("user", "item"):
        pd.factorize(frame[name], sort=True)


def one(reader: str, path: Path) -> None:
    """Print the seconds of one reading and the most memory that its process had, in GB."""
    start = time.perf_counter()
    with_pandas(path) if reader == "pandas" else read_table(path)
    took = time.perf_counter() - start
    print(took, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6)


def measured(reader: str, path: Path, repeats: int) -> tuple[float, float]:
    """Return the best seconds and the memory of readings in processes of their own."""
    command = [sys.executable, __file__, "--one", reader, str(path)]
    runs = [subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout for _ in range(repeats)]
    pairs = [tuple(map(float, run.split())) for run in runs]
    return min(pair[0] for pair in pairs), max(pair[1] for pair in pairs)


def main(*, quick: bool) -> None:
    """Print a table of seconds and memory."""
    lines = ["| what | seconds | GB at most | pandas and factorize, seconds | GB |", "|---|---|---|---|---|"]
    rows, many = (100_000, 2_000_000) if quick else (1_000_000, 20_000_000)
    files = {
        f"{rows:,} rows of CSV, ids of text": "text.csv",
        f"{rows:,} rows of JSON lines": "text.jsonl",
        f"{many:,} rows of parquet, ids of integers": "numbers.parquet",
    }
    with tempfile.TemporaryDirectory() as folder:
        # In a process of its own: a child's peak of memory begins at that of its parent.
        subprocess.run([sys.executable, __file__, "--make", folder, str(rows), str(many)], check=True)
        for what, name in files.items():
            ours, peer = (measured(reader, Path(folder) / name, 3) for reader in ("harness", "pandas"))
            lines.append(f"| {what} | {ours[0]:.2f} | {ours[1]:.2f} | {peer[0]:.2f} | {peer[1]:.2f} |")
    print("\n".join(lines))
    print(f"\nThe limit for a million rows of CSV is {LIMIT:.0f} s.")


if __name__ == "__main__":
    if "--one" in sys.argv:
        one(sys.argv[-2], Path(sys.argv[-1]))
    elif "--make" in sys.argv:
        make(Path(sys.argv[-3]), int(sys.argv[-2]), int(sys.argv[-1]))
    else:
        main(quick="--quick" in sys.argv)
