"""Run every benchmark and write what they print into ``benchmarks/README.md``: ``python -m benchmarks``."""

from __future__ import annotations

import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).parent
SCRIPTS = {
    "evaluator.py": "Metrics, beside one fused hand-written pass over the same arrays and peers, in the same run",
    "stored.py": "Stored predictions, from a file to results",
    "topk.py": "The best items of each user, beside the bare product of the same tiles and beside others",
    "scale.py": "A million users and a hundred thousand items, from vectors to metrics",
    "report.py": "Pages of runs and comparisons, beside their limits",
    "comparisons.py": "Comparisons, beside scipy's permutation test on the same differences",
    "data.py": "Data, beside plain pandas doing the same steps",
    "reading.py": "Files of interactions, beside pandas",
    "modules.py": "Building blocks, beside loops in plain Python and the bare functions of torch",
    "fitting.py": "EASE's matrix, inverted in short steps, beside one call of LAPACK",
    "sequential.py": "Lists of a sequential model, by the last position, beside a forward over all positions",
    "generative.py": "Constrained beam search, beside the bare products that it needs and a plain implementation",
    "tracking.py": "MLflow, from the finished files of a run to the finished run in a store that is a file",
    "commands.py": "Commands, from the shell to their end",
}
PACKAGES = ("numba", "numpy", "torch", "mlflow")


def section(script: str, title: str, flags: list[str]) -> str:
    """Return the section of one script, in its own process."""
    command = [sys.executable, str(HERE / script), *flags]
    finished = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return f"## {title}\n\n`python benchmarks/{script}`\n\n{finished.stdout.strip()}\n"


def main() -> None:
    flags = sys.argv[1:]
    sections = [section(script, title, flags) for script, title in SCRIPTS.items()]
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    head = (
        "# Benchmarks\n\n"
        "Written by `make bench`. Figures are of one machine and of its minute; what carries over is the ratio to the\n"
        "peer or the limit that was run beside it.\n\n"
        f"Python {platform.python_version()}, {versions}.\n"
    )
    text = "\n".join([head, *sections])
    print(text)
    if "--quick" not in flags:
        (HERE / "README.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
