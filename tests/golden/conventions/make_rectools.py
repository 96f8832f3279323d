"""The values of RecTools.

pip install rectools==0.19.0 numpy==1.26.4 pandas==2.3.3
python make_rectools.py
"""

from __future__ import annotations

REQUIREMENTS = ["rectools==0.19.0", "numpy==1.26.4", "pandas==2.3.3"]


def main() -> None:
    import pandas as pd
    from common import CUTOFFS, Values, load, write
    from rectools import Columns
    from rectools.metrics import MAP, MCC, MRR, NDCG, Accuracy, F1Beta, HitRate, Precision, Recall

    data = load()
    reco = pd.DataFrame(
        [
            (user, item, rank)
            for user, rows in data["predictions"].items()
            for rank, (item, _) in enumerate(rows, start=1)
        ],
        columns=[Columns.User, Columns.Item, Columns.Rank],
    )
    interactions = pd.DataFrame(
        [(user, item) for user, gains in data["truth"].items() for item in gains],
        columns=[Columns.User, Columns.Item],
    )
    metrics = {
        "Precision": (Precision, {}),
        "Precision(r_precision=True)": (Precision, {"r_precision": True}),
        "Recall": (Recall, {}),
        "F1Beta": (F1Beta, {}),
        "F1Beta(beta=2)": (F1Beta, {"beta": 2.0}),
        "HitRate": (HitRate, {}),
        "MAP": (MAP, {}),
        "MAP(divide_by_k=True)": (MAP, {"divide_by_k": True}),
        "MRR": (MRR, {}),
        "NDCG": (NDCG, {}),
        "NDCG(divide_by_achievable=True)": (NDCG, {"divide_by_achievable": True}),
        "NDCG(log_base=10)": (NDCG, {"log_base": 10}),
        "Accuracy": (Accuracy, {}),
        "MCC": (MCC, {}),
    }
    values = Values()
    for entry, (metric, options) in metrics.items():
        inputs = (reco, interactions)
        if entry in ("Accuracy", "MCC"):
            inputs += (list(data["items"]),)
        for k in CUTOFFS:
            one = metric(k=k, **options)
            values.add(entry, k, one.calc(*inputs), one.calc_per_user(*inputs).to_dict())
    write("rectools", REQUIREMENTS, values)


if __name__ == "__main__":
    main()
