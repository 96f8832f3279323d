"""The numbers of the reference models equal those recorded in `tests/golden/runs`.

Shares of counts are compared to the bit, and so are the lists of the models whose scores are counts or hashes. Other
values may differ in the last bits between processors. Those of EASE may differ by the hit of one user: LAPACK inverts
its matrix.
"""

from __future__ import annotations

import hashlib
import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

import harness
from harness.data import Synthetic

FOLDER = Path(__file__).parents[1] / "golden" / "runs"
GOLDEN = json.loads((FOLDER / "ml-100k.json").read_text())
SYNTHETIC = json.loads((FOLDER / "synthetic.json").read_text())
SHARES_OF_COUNTS = ("recall", "precision", "hit_rate")


def digest_of(table):
    """Return the SHA-256 of a table, column after column."""
    digest = hashlib.sha256()
    for name in table.columns:
        column = table[name].to_numpy()
        digest.update(name.encode())
        digest.update("\n".join(column).encode() if column.dtype == object else np.ascontiguousarray(column).tobytes())
    return digest.hexdigest()


def values_per_user(folder):
    table = pd.read_parquet(folder / "per_user.parquet")
    return table[[name for name in table.columns if name == "user" or name.startswith(SHARES_OF_COUNTS)]]


def lists(folder):
    return pd.read_parquet(folder / "predictions.parquet")[["user", "item", "rank"]]


def recorded(key):
    return [pytest.param(kind, golden[key], id=kind) for kind, golden in GOLDEN.items() if key in golden]


@pytest.mark.parametrize(("kind", "values"), recorded("values"))
def test_the_value_of_each_metric(ml_100k_runs, kind, values):
    measured = {value.label: value.value for value in ml_100k_runs[kind].table.values}
    assert measured == pytest.approx(values, rel=1e-12, abs=1.1e-3 if kind == "ease" else 0)


@pytest.mark.parametrize(("kind", "digest"), recorded("values_per_user"))
def test_the_values_per_user(ml_100k_runs, kind, digest):
    assert digest_of(values_per_user(ml_100k_runs[kind].folder)) == digest


@pytest.mark.parametrize(("kind", "digest"), recorded("lists"))
def test_the_lists(ml_100k_runs, kind, digest):
    assert digest_of(lists(ml_100k_runs[kind].folder)) == digest


@pytest.mark.parametrize("kind", SYNTHETIC)
def test_each_family_of_metrics_and_slices_on_synthetic_data(tmp_path, kind):
    Synthetic(users=400, items=150, interactions=6000, clusters=8, seed=3).read().interactions.frame().to_parquet(
        tmp_path / "plays.parquet"
    )
    (tmp_path / "items.csv").write_text("item,kinds\n" + "".join(f"{i},a{i % 7}|b{i % 3}\n" for i in range(150)))
    experiment = yaml.safe_load((FOLDER / "synthetic.yaml").read_text()) | {
        "model": {"kind": kind, "fit": {"on": "train"}, "checkpoint": f"{tmp_path}/model.safetensors"},
        "report": {"directory": str(tmp_path)},
        "tracking": {"enabled": False},
    }
    experiment["dataset"] |= {"path": f"{tmp_path}/plays.parquet"}
    experiment["dataset"]["items"] |= {"path": f"{tmp_path}/items.csv"}
    (tmp_path / "experiment.yaml").write_text(yaml.safe_dump(experiment))

    run = harness.run(tmp_path / "experiment.yaml", quiet=True)

    assert numbers_of(run.folder) == pytest.approx(SYNTHETIC[kind], rel=1e-9, nan_ok=True)


def numbers_of(folder):
    """Return the numbers of a run by name: metrics, their bounds under ties, and the metrics of slices."""
    results = json.loads((folder / "results.json").read_text())
    numbers = {}
    for row in results["metrics"]:
        for key in ("value", "std", "ci_low", "ci_high"):
            numbers[f"{row['label']} {key}"] = row[key]
        numbers |= {f"{row['label']} {key}": value for key, value in (row.get("ties") or {}).items()}
    for table in results["slices"]:
        for group in table["groups"]:
            for label, value in group["metrics"].items():
                numbers[f"{table['name']} {group['group']} {label}"] = value["value"]
    return {name: math.nan if number is None else number for name, number in numbers.items()}
