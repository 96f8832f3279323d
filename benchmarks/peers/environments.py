"""Run a peer over lists in a virtual environment of its own, so that its pins are no concern of ours.

The environments are made at the first run and kept under ``$HARNESS_CACHE/benchmarks``, or under the
user's cache folder. To try one: ``python benchmarks/peers/environments.py rectools --users 20000``.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import Any

import numpy as np

from harness.storage import cache_folder

HERE = Path(__file__).resolve().parent
PINS = {
    "rectools": ["rectools==0.19.0", "numpy==1.26.4", "pandas==2.3.3", "scipy==1.17.1"],
    "ranx": ["ranx==0.3.21", "numba==0.68.1", "numpy==2.4.6", "pandas==2.3.3"],
    "pytrec_eval": ["pytrec-eval-terrier==0.5.11", "numpy==2.4.6"],
    "replay": ["replay-rec==0.22.0", "numpy==2.4.6", "pandas==2.3.3", "polars==1.44.2"],
    "torchmetrics": ["torchmetrics==1.9.0", "numpy==2.4.6", "torch==2.13.0"],
}
USERS = {"rectools": 100_000, "ranx": 100_000, "pytrec_eval": 100_000, "replay": 100_000, "torchmetrics": 2_000}
TOLERANCE = 1e-6  # torchmetrics computes in single precision


def environment(name: str) -> Path:
    """Return the interpreter of a peer's environment, made if it is not there yet.

    The folder is named after the pins and the Python, so that a changed pin makes another environment. A
    file written last says that it is whole: one whose installation was broken off is made again.
    """
    pins = PINS[name]
    key = hashlib.sha256("\n".join([sys.version, *pins]).encode()).hexdigest()[:12]
    folder = cache_folder() / "benchmarks" / f"{name}-{key}"
    whole = folder / "whole"
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not whole.exists():
        print(f"making the environment of {name} in {folder}", file=sys.stderr)
        venv.create(folder, clear=True, with_pip=True, symlinks=os.name != "nt")
        try:
            subprocess.run([python, "-m", "pip", "install", "--quiet", *pins], check=True, stdout=sys.stderr)
        except subprocess.CalledProcessError:
            shutil.rmtree(folder)
            raise
        whole.touch()
    return python


def save_lists(path: Path, items: np.ndarray, indptr: np.ndarray, relevant: np.ndarray, *, users: int) -> None:
    """Write what a peer reads: the first users' lists, in falling order, with scores, and relevant items."""
    k = items.shape[1]
    np.savez(
        path,
        items=items[:users].astype(np.int32),
        scores=np.tile(np.arange(k, 0, -1, dtype=np.int32), (len(items[:users]), 1)),
        indptr=indptr[: users + 1].astype(np.int32),
        relevant=relevant[: indptr[: users + 1][-1]].astype(np.int32),
    )


def run_peer(name: str, lists: Path, *, repeats: int = 3) -> dict[str, Any]:
    """Return what a peer's script wrote about the lists of an ``.npz`` file.

    That is ``library``, ``version``, ``users``, the ``form`` of input that was fastest with its best
    ``seconds``, its ``conversion_seconds`` and its ``values``, what the library ``lacks`` and where it
    ``differs``, and the same of ``other_forms``.
    """
    python = environment(name)
    variables = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "PYTHONHOME")}
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "result.json"
        command = [python, HERE / f"run_{name}.py", lists, "--json", result, "--repeats", str(repeats)]
        subprocess.run(command, check=True, stdout=sys.stderr, env=variables)
        return json.loads(result.read_text(encoding="utf-8"))


def random_lists(users: int, *, k: int = 20, relevant: int = 5) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return lists, and relevant items of which about a quarter are in them, none of either twice a user."""
    rng = np.random.default_rng(0)
    starts, steps = rng.integers(0, 50_000, (users, 1)), rng.integers(1, 2_000, (users, 1))
    items = (starts + steps * np.arange(k + relevant)) % 50_000
    lists, wanted = items[:, :k].copy(), items[:, k:].copy()
    rows, places = np.nonzero(rng.random(wanted.shape) < 0.25)
    wanted[rows, places] = lists[rows, rng.integers(0, k // relevant, len(rows)) * relevant + places]
    return lists, np.arange(0, users * relevant + 1, relevant), wanted.reshape(-1)


def plain_values(items: np.ndarray, indptr: np.ndarray, relevant: np.ndarray) -> dict[str, float]:
    """Return the means that a peer should find, by the definitions and with nothing but numpy."""
    counts = np.diff(indptr)
    wanted = np.repeat(np.arange(len(items)), counts) * 2**32 + relevant
    hits = np.isin(np.arange(len(items))[:, None] * 2**32 + items, wanted)
    discounts = 1 / np.log2(np.arange(items.shape[1]) + 2)
    values = {}
    for k in (5, 10, 20):
        found = hits[:, :k].sum(axis=1)
        ideal = np.cumsum(discounts)[np.minimum(counts, k) - 1]
        values[f"recall@{k}"] = np.mean(found / counts)
        values[f"precision@{k}"] = np.mean(found / k)
        values[f"ndcg@{k}"] = np.mean(hits[:, :k] @ discounts[:k] / ideal)
        values[f"hit_rate@{k}"] = np.mean(found > 0)
    return values


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("peers", nargs="*", default=list(PINS), metavar="peer", help=", ".join(PINS))
    parser.add_argument("--users", type=int, help="how many; each peer has a number of its own")
    parser.add_argument("--repeats", type=int, default=3, help="rounds, of which the best counts")
    chosen = parser.parse_args()
    if unknown := set(chosen.peers) - set(PINS):
        parser.error(f"no such peer: {', '.join(sorted(unknown))}")
    for name in chosen.peers:
        users = chosen.users or USERS[name]
        arrays = random_lists(users)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "lists.npz"
            save_lists(path, *arrays, users=users)
            result = run_peer(name, path, repeats=chosen.repeats)
        expected = plain_values(*arrays)
        for form, timed in {result["form"]: result, **result["other_forms"]}.items():
            off = {k: abs(v - expected[k]) for k, v in timed["values"].items() if k not in result["differs"]}
            print(
                f"{result['library']} {result['version']}, {form}: {users:,} users in {timed['seconds']:.3f} s, "
                f"{users / timed['seconds']:,.0f} users/s; conversion {timed['conversion_seconds']:.2f} s; "
                f"{len(off)} values off by at most {max(off.values()):.1e}"
            )
            assert max(off.values()) <= TOLERANCE
        print(f"  lacks {result['lacks'] or 'nothing'}, differs in {result['differs'] or 'nothing'}")


if __name__ == "__main__":
    main()
