"""How long a user waits: the help text, and an evaluation of EASE on ml-100k from its checkpoint."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
EXPERIMENT = ROOT / "experiments" / "ml-100k" / "ease.yaml"


def seconds(*arguments: str, folder: str) -> float:
    """Return the wall time of a command in its own process."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-m", "harness", *arguments], cwd=folder, check=True, capture_output=True)
    return time.perf_counter() - start


def main(*, quick: bool) -> None:
    """Print a table of seconds."""
    repeats = 2 if quick else 5
    with tempfile.TemporaryDirectory() as folder:
        bare = min(_bare(folder) for _ in range(repeats))
        helped = min(seconds("--help", folder=folder) for _ in range(repeats))
        seconds("eval", str(EXPERIMENT), folder=folder)
        again = min(seconds("eval", str(EXPERIMENT), "--force", folder=folder) for _ in range(repeats))
        read_back = min(seconds("eval", str(EXPERIMENT), folder=folder) for _ in range(repeats))
    rows = [
        ("an empty Python program", bare, None),
        ("`harness --help`", helped, 0.5),
        ("`harness eval` of EASE on ml-100k, checkpoint there, `--force`, MLflow and report included", again, 15.0),
        ("the same, finished before", read_back, None),
    ]
    lines = ["| command | seconds | limit | share of the limit |", "|---|---|---|---|"]
    for what, took, limit in rows:
        share = "" if limit is None else f"{took / limit:.0%}"
        lines.append(f"| {what} | {took:.2f} | {'' if limit is None else limit} | {share} |")
    print("\n".join(lines))


def _bare(folder: str) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", ""], cwd=folder, check=True)
    return time.perf_counter() - start


if __name__ == "__main__":
    main(quick="--quick" in sys.argv)
