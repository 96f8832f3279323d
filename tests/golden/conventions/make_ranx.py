"""The values of ranx.

pip install ranx==0.3.21 numpy==2.4.6 numba==0.68.1 pandas==3.1.1
python make_ranx.py
"""

from __future__ import annotations

REQUIREMENTS = ["ranx==0.3.21", "numpy==2.4.6", "numba==0.68.1", "pandas==3.1.1"]
AT_K = ["precision", "recall", "f1", "hit_rate", "hits", "mrr", "map", "dcg", "dcg_burges", "ndcg", "ndcg_burges"]


def main() -> None:
    from common import CUTOFFS, Values, load, write
    from ranx import Qrels, Run, evaluate

    data = load()
    values = Values()

    def add(suffix: str, gains: dict, section: str, metrics: list[str], level: str = "") -> None:
        for metric in metrics:
            # A Run keeps what it was made comparable to, so each metric gets a new one.
            run = Run({user: dict(rows) for user, rows in data[section].items()})
            mean = evaluate(Qrels(gains), run, f"{metric}{level}", make_comparable=True)
            entry, _, cutoff = metric.partition("@")
            values.add(f"{entry}{level}{suffix}", cutoff or "all", mean, dict(run.scores[f"{metric}{level}"]))

    at_k = [f"{metric}@{k}" for metric in AT_K for k in CUTOFFS]
    graded = [f"{metric}@{k}" for metric in ("dcg", "dcg_burges", "ndcg", "ndcg_burges") for k in CUTOFFS]
    whole_list = [*AT_K, "r-precision"]
    binary = {user: dict.fromkeys(gains, 1) for user, gains in data["truth"].items()}
    add("", binary, "predictions", at_k + whole_list + ["rbp.80"])
    add(" (graded)", data["truth"], "predictions", [*graded, "dcg", "dcg_burges", "ndcg", "ndcg_burges"])
    # With a level of 2, a user may have no relevant item left.
    by_level = [f"{metric}@{k}" for metric in ("precision", "recall", "map", "mrr", "ndcg") for k in CUTOFFS]
    add(" (graded)", data["truth"], "predictions", [*by_level, "r-precision"], level="-l2")
    add(" (ties)", binary, "ties", at_k + whole_list)
    write("ranx", REQUIREMENTS, values)


if __name__ == "__main__":
    main()
