"""The values of TorchMetrics' retrieval metrics.

pip install torchmetrics==1.9.0 torch==2.13.0 numpy==2.4.6
python make_torchmetrics.py
"""

from __future__ import annotations

REQUIREMENTS = ["torchmetrics==1.9.0", "torch==2.13.0", "numpy==2.4.6"]


def main() -> None:
    import torch
    from common import CUTOFFS, Values, catalogue, load, write
    from torchmetrics.retrieval import (
        RetrievalAUROC,
        RetrievalFallOut,
        RetrievalHitRate,
        RetrievalMAP,
        RetrievalMRR,
        RetrievalNormalizedDCG,
        RetrievalPrecision,
        RetrievalRecall,
        RetrievalRPrecision,
    )

    data = load()
    # The library sees pairs of a score and a target only, so what is not listed exists for it only if it is given.
    pairs = {
        "listed": {user: [(item, score) for item, score in rows] for user, rows in data["predictions"].items()},
        "catalogue": {user: catalogue(data, user) for user in data["users"]},
    }
    at_k = {
        "RetrievalPrecision": (RetrievalPrecision, {}),
        "RetrievalPrecision(adaptive_k=True)": (RetrievalPrecision, {"adaptive_k": True}),
        "RetrievalRecall": (RetrievalRecall, {}),
        "RetrievalHitRate": (RetrievalHitRate, {}),
        "RetrievalMAP": (RetrievalMAP, {}),
        "RetrievalMRR": (RetrievalMRR, {}),
        "RetrievalNormalizedDCG": (RetrievalNormalizedDCG, {}),
        "RetrievalNormalizedDCG (graded)": (RetrievalNormalizedDCG, {}),
        "RetrievalFallOut": (RetrievalFallOut, {}),
        "RetrievalAUROC": (RetrievalAUROC, {}),
    }
    values = Values()

    def add(entry: str, cutoff: str, metric: type, options: dict, section: str) -> None:
        rows = pairs[section]
        users = sorted(rows)
        scores = torch.tensor([score for user in users for _, score in rows[user]])
        gains = [data["truth"].get(user, {}).get(item, 0) for user in users for item, _ in rows[user]]
        target = torch.tensor(gains)
        if "graded" not in entry:
            target = (target > 0).long()
        indexes = torch.tensor([data["users"][user] for user in users for _ in rows[user]])
        mean = metric(**options)
        mean.update(scores, target, indexes=indexes)
        each = None
        if options.get("empty_target_action") != "skip":
            every = metric(**options, aggregation=lambda found, dim=None: found)
            every.update(scores, target, indexes=indexes)
            each = dict(zip(users, every.compute().tolist(), strict=True))
        values.add(entry, cutoff, mean.compute().item(), each)

    for section in pairs:
        for entry, (metric, options) in at_k.items():
            for k in [*CUTOFFS, None]:
                add(f"{entry} [{section}]", str(k or "all"), metric, {"top_k": k, **options}, section)
        add(f"RetrievalRPrecision [{section}]", "all", RetrievalRPrecision, {}, section)
        for action in ("skip", "pos"):
            for entry in ("RetrievalPrecision", "RetrievalRecall", "RetrievalMAP", "RetrievalNormalizedDCG"):
                for k in CUTOFFS:
                    options = {"top_k": k, "empty_target_action": action}
                    add(
                        f"{entry}(empty_target_action={action!r}) [{section}]", str(k), at_k[entry][0], options, section
                    )
    write("torchmetrics", REQUIREMENTS, values)


if __name__ == "__main__":
    main()
