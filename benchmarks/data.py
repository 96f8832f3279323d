"""How fast data is read, filtered and split, beside plain pandas doing the same steps.

Run ``python benchmarks/data.py``, or with ``--quick`` for a fiftieth of the rows. Each measurement is a
process of its own, so that peaks of memory do not mix.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CORE = 5
PARQUET_LIMIT, MEMORY_LIMIT, CSV_LIMIT = 40.0, 6.0, 4.0  # seconds, GiB, seconds


def make(folder, rows, csv_rows):
    """Write generated interactions as parquet and CSV."""
    from harness.data import Synthetic

    for name, count in (("parquet", rows), ("csv", csv_rows)):
        users = max(count // 20, 10)
        data = Synthetic(users=users, items=max(users // 5, 10), interactions=count, clusters=min(500, users // 5 or 1))
        frame = data.read().interactions.frame()
        if name == "parquet":
            frame.to_parquet(folder / "rows.parquet", index=False)
        else:
            frame.to_csv(folder / "rows.csv", index=False)


def ours_parquet(folder):
    from harness.data import KCore, LeaveLastOut, apply_filters, read_table

    rows = apply_filters(read_table(folder / "rows.parquet"), [KCore(users=CORE, items=CORE)]).interactions
    split = LeaveLastOut().split(rows)
    return {part: len(split.part(part)) for part in ("train", "validation", "test")}


def pandas_parquet(folder):
    import pandas as pd

    rows = pd.read_parquet(folder / "rows.parquet")
    while True:
        users, items = rows["user"].map(rows["user"].value_counts()), rows["item"].map(rows["item"].value_counts())
        enough = (users >= CORE) & (items >= CORE)
        if enough.all():
            break
        rows = rows[enough]
    rows = rows.sort_values(["user", "timestamp"])
    place = rows.groupby("user").cumcount(ascending=False)
    length = rows.groupby("user")["item"].transform("size")
    test, validation = (place == 0) & (length >= 2), (place == 1) & (length >= 3)
    return {"train": int((~test & ~validation).sum()), "validation": int(validation.sum()), "test": int(test.sum())}


def ours_csv(folder):
    from harness.data import read_table

    return {"rows": len(read_table(folder / "rows.csv"))}


def pandas_csv(folder):
    import pandas as pd

    rows = pd.read_csv(folder / "rows.csv")
    # The same result: codes into the distinct ids.
    return {"rows": len(pd.factorize(rows["user"])[0]) and len(pd.factorize(rows["item"])[0])}


STEPS = {"ours_parquet": ours_parquet, "pandas_parquet": pandas_parquet, "ours_csv": ours_csv, "pandas_csv": pandas_csv}


def one(step, folder):
    """Print the time, peak memory and outcome of a step, libraries imported before."""
    import pandas as pd  # noqa: F401

    import harness.data  # noqa: F401

    start = time.perf_counter()
    found = STEPS[step](Path(folder))
    seconds = time.perf_counter() - start
    print(json.dumps([seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20), found]))


def measured(step, folder, repeats):
    """Return the best time of a step, its peak memory in GiB, and what it found."""
    command = [sys.executable, __file__, "--step", step, "--folder", str(folder)]
    runs = [
        json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout) for _ in range(repeats)
    ]
    return min(run[0] for run in runs), max(run[1] for run in runs), runs[0][2]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a fiftieth of the rows")
    parser.add_argument("--step", choices=STEPS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step:
        one(options.step, options.folder)
        return
    rows, csv_rows = (400_000, 20_000) if options.quick else (20_000_000, 1_000_000)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make(folder, rows, csv_rows)
        results = {step: measured(step, folder, 1 if "parquet" in step else 3) for step in STEPS}
    assert results["ours_parquet"][2] == results["pandas_parquet"][2]
    assert results["ours_csv"][2] == results["pandas_csv"][2]
    print("| what | seconds | limit | peak, GiB | limit | of plain pandas' time |")
    print("|---|---|---|---|---|---|")
    what = f"{rows:,} rows, parquet to split ({CORE}-core, leave last out)"
    (taken, peak, _), (other, other_peak, _) = results["ours_parquet"], results["pandas_parquet"]
    print(f"| {what} | {taken:.1f} | {PARQUET_LIMIT:.0f} | {peak:.1f} | {MEMORY_LIMIT:.0f} | {taken / other:.0%} |")
    print(f"| plain pandas, the same steps | {other:.1f} | - | {other_peak:.1f} | - | - |")
    (taken, peak, _), (other, other_peak, _) = results["ours_csv"], results["pandas_csv"]
    print(f"| {csv_rows:,} rows of CSV, read | {taken:.2f} | {CSV_LIMIT:.0f} | {peak:.1f} | - | {taken / other:.0%} |")
    print(f"| plain pandas, the same rows | {other:.2f} | - | {other_peak:.1f} | - | - |")


if __name__ == "__main__":
    main()
