"""The values of RePlay.

pip install replay-rec==0.22.0 numpy==2.4.6 pandas==2.3.3 polars==1.44.2 torch==2.13.0 lightning==2.6.6
python make_replay.py
"""

from __future__ import annotations

REQUIREMENTS = [
    "replay-rec==0.22.0",
    "numpy==2.4.6",
    "pandas==2.3.3",
    "polars==1.44.2",
    "torch==2.13.0",
    "lightning==2.6.6",
]


def main() -> None:
    import torch
    from common import CUTOFFS, Values, load, write
    from replay.metrics import MAP, MRR, NDCG, HitRate, PerUser, Precision, Recall, RocAuc
    from replay.metrics.torch_metrics_builder import TorchMetricsBuilder

    data = load()
    recommendations = {user: [(item, score) for item, score in rows] for user, rows in data["predictions"].items()}
    truth = {user: list(gains) for user, gains in data["truth"].items()}
    values = Values()
    for metric in (Precision, Recall, HitRate, MAP, MRR, NDCG, RocAuc):
        name = metric.__name__
        means = metric(CUTOFFS)(recommendations, truth)
        users = metric(CUTOFFS, mode=PerUser())(recommendations, truth)
        for k in CUTOFFS:
            values.add(name, k, means[f"{name}@{k}"], users[f"{name}-PerUser@{k}"])

    # The builder that RePlay uses while it trains takes a table of item numbers, the same number for every user:
    # here short lists are filled with -2 and short truths with -1, which never match.
    listed = torch.full((len(data["users"]), max(CUTOFFS)), -2)
    relevant = torch.full((len(data["users"]), max(map(len, truth.values()))), -1)
    for user, row in data["users"].items():
        for place, (item, _) in enumerate(data["predictions"].get(user, [])[: max(CUTOFFS)]):
            listed[row, place] = data["items"][item]
        for place, item in enumerate(truth.get(user, [])):
            relevant[row, place] = data["items"][item]
    names = ["recall", "precision", "ndcg", "map", "mrr"]
    everyone = torch.ones(len(data["users"]), dtype=torch.bool)
    for suffix, rows in (("", everyone), (", users with truth only", (relevant >= 0).any(dim=1))):
        builder = TorchMetricsBuilder(names, CUTOFFS)
        builder.add_prediction(listed[rows], relevant[rows])
        found = builder.get_metrics()
        for name in names:
            for k in CUTOFFS:
                values.add(f"TorchMetricsBuilder {name}{suffix}", k, found[f"{name}@{k}"])
    write("replay", REQUIREMENTS, values)


if __name__ == "__main__":
    main()
