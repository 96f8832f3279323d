"""The values of LensKit.

pip install lenskit==2025.8.1 numpy==2.4.6 pandas==2.3.3
python make_lenskit.py
"""

from __future__ import annotations

REQUIREMENTS = ["lenskit==2025.8.1", "numpy==2.4.6", "pandas==2.3.3"]


def main() -> None:
    import numpy as np
    from common import CUTOFFS, Values, load, write
    from lenskit.data import ItemList, ItemListCollection
    from lenskit.metrics import DCG, NDCG, RBP, Hit, Precision, Recall, RecipRank, RunAnalysis
    from lenskit.metrics.ranking import AveragePrecision, LogRankWeight

    data = load()

    def output(users: list[str]) -> ItemListCollection:
        lists = ItemListCollection(["user_id"])
        for user in users:
            rows = data["predictions"].get(user, [])
            items, scores = [item for item, _ in rows], np.array([score for _, score in rows], dtype=float)
            lists.add(ItemList(item_ids=items, scores=scores, ordered=True), user_id=user)
        return lists

    test = ItemListCollection(["user_id"])
    for user, gains in data["truth"].items():
        test.add(ItemList(item_ids=list(gains), rating=np.array(list(gains.values()), dtype=float)), user_id=user)

    standard = LogRankWeight(offset=1)
    metrics = {
        "Precision": (Precision, {}),
        "Recall": (Recall, {}),
        "Hit": (Hit, {}),
        "RecipRank": (RecipRank, {}),
        "AveragePrecision": (AveragePrecision, {}),
        "NDCG": (NDCG, {}),
        "NDCG(gain='rating')": (NDCG, {"gain": "rating"}),
        "NDCG(weight=LogRankWeight(offset=1))": (NDCG, {"weight": standard}),
        "NDCG(weight=LogRankWeight(offset=1), gain='rating')": (NDCG, {"weight": standard, "gain": "rating"}),
        "NDCG(discount=np.log2)": (NDCG, {"discount": np.log2}),
        "DCG": (DCG, {}),
        "DCG(gain='rating')": (DCG, {"gain": "rating"}),
        "RBP": (RBP, {}),
        "RBP(normalize=True)": (RBP, {"normalize": True}),
    }
    values = Values()

    def add(suffix: str, users: list[str], names: list[str]) -> None:
        for entry in names:
            metric, options = metrics[entry]
            for k in [*CUTOFFS, None]:
                one = metric(k, **options)
                analysis = RunAnalysis(one)
                found = analysis.measure(output(users), test)
                missing = found.list_metrics(fill_missing=False)[one.label].to_dict()
                cutoff = k or "all"
                values.add(f"{entry}{suffix}", cutoff, found.list_summary().loc[one.label, "mean"], missing)
                # The other mean that the library gives: NaN where one list has none.
                values.add(f"{entry}{suffix}, global_metrics", cutoff, found.global_metrics()[one.label])

    # At a user without truth these two end in an error.
    anyone = [entry for entry in metrics if entry not in ("AveragePrecision", "DCG(gain='rating')")]
    emptied = [entry for entry in metrics if entry != "RBP(normalize=True)"]  # an error at an empty list
    both = sorted(set(data["predictions"]) & set(data["truth"]))
    add("", sorted(data["predictions"]), anyone)
    add(" [users with truth, empty lists too]", sorted(data["truth"]), emptied)
    add(" [users with both]", both, list(metrics))
    write("lenskit", REQUIREMENTS, values)


if __name__ == "__main__":
    main()
