"""Fuzz the harness: ``make fuzz``, or ``make fuzz ARGS="--only results --first 17 --inputs 1"`` for one input again."""

from __future__ import annotations

import argparse
import json
import logging
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from fuzz.campaign import Outcome, attempts
from fuzz.kinds import KINDS

_SHOWN = 20
_SECONDS = 20  # that an input may take


def main() -> int:
    """Run the inputs of each kind in a process of their own, print what became of them, and return the exit code."""
    parser = argparse.ArgumentParser(prog="fuzz", description=__doc__)
    parser.add_argument("--inputs", type=int, default=20_000, help="number of inputs, over all kinds")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", choices=list(KINDS), help="fuzz one kind alone")
    parser.add_argument("--first", type=int, default=0, help="number of the first input of each kind")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.worker is not None:
        _work(chosen.only, chosen.seed, chosen.first, chosen.inputs, Path(chosen.worker))
        return 0
    kinds = [chosen.only] if chosen.only else list(KINDS)
    count = -(-chosen.inputs // len(kinds))
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        outcomes = list(pool.map(lambda kind: _in_processes(kind, chosen.seed, chosen.first, count), kinds))
    for kind, outcome in zip(kinds, outcomes, strict=True):
        print(
            f"{kind:13} {outcome.accepted:7,} accepted {outcome.refused:7,} refused {len(outcome.failures):5,} failed"
        )
    failures = [failure for outcome in outcomes for failure in outcome.failures]
    for failure in failures[:_SHOWN]:
        print(f"\n{failure}")
    if len(failures) > _SHOWN:
        print(f"\nand {len(failures) - _SHOWN:,} more")
    return 1 if failures else 0


def _in_processes(kind: str, seed: int, first: int, count: int) -> Outcome:
    """Return what became of the inputs; one that ends the process counts as failed, and the next go on."""
    total, end = Outcome(), first + count
    with tempfile.TemporaryDirectory() as name:
        state = Path(name) / "state.json"
        while first < end:
            arguments = ["--only", kind, "--seed", str(seed), "--first", str(first), "--inputs", str(end - first)]
            environment = os.environ | {"HARNESS_CACHE": f"{name}/cache", "OMP_NUM_THREADS": "1"}
            done = subprocess.run([sys.executable, "-m", "fuzz", *arguments, "--worker", str(state)], env=environment)
            found = json.loads(state.read_text(encoding="utf-8"))
            total.accepted += found["accepted"]
            total.refused += found["refused"]
            total.failures += found["failures"]
            first = found["next"]
            if done.returncode != 0:
                total.failures.append(f"{kind} {first}: the process ended with {done.returncode}")
                first += 1
    return total


def _work(kind: str, seed: int, first: int, count: int, state: Path) -> None:
    """Try inputs a hundred at a time, and write after each input how far this is."""
    logging.getLogger("harness").setLevel(logging.CRITICAL)
    total, end = Outcome(), first + count

    def save(number: int) -> None:
        state.write_text(json.dumps(vars(total) | {"next": number}), encoding="utf-8")

    save(first)
    for start in range(first, end, 100):
        found = attempts(kind, seed=seed, first=start, count=min(100, end - start), seconds=_SECONDS, started=save)
        total.accepted += found.accepted
        total.refused += found.refused
        total.failures += found.failures
    save(end)


if __name__ == "__main__":
    sys.exit(main())
