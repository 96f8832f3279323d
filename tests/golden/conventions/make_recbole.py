"""The values of RecBole's evaluator, on scores that give the lists; nothing is trained.

pip install recbole==1.2.1 numpy==1.26.4 scipy==1.11.4 torch==2.13.0 pandas==3.0.6 setuptools==80.10.2
python make_recbole.py
"""

from __future__ import annotations

REQUIREMENTS = [
    "recbole==1.2.1",
    "numpy==1.26.4",
    "scipy==1.11.4",
    "torch==2.13.0",
    "pandas==3.0.6",
    "setuptools==80.10.2",
]
METRICS = ["Recall", "MRR", "NDCG", "Hit", "Precision", "MAP"]


def main() -> None:
    import torch
    from common import CUTOFFS, Values, catalogue, load, write
    from recbole.config import Config
    from recbole.evaluator import Collector, Evaluator

    data = load()
    values = Values()

    def evaluate(users: list[str], decimals: int | None) -> dict[str, float]:
        # A Config also gives numpy back the names (np.float, ...) that the metrics need.
        options = {"topk": CUTOFFS, "metrics": METRICS, "use_gpu": False}
        if decimals is not None:
            options["metric_decimal_place"] = decimals
        config = Config(model="Pop", dataset="none", config_dict=options)
        collector = Collector(config)
        scores = torch.full((len(users), len(data["items"])), float("nan"))
        relevant = []
        for row, user in enumerate(users):
            for item, score in catalogue(data, user):
                scores[row, data["items"][item]] = score
            relevant += [(row, data["items"][item]) for item in data["truth"].get(user, {})]
        rows, columns = torch.tensor(relevant).T
        collector.eval_batch_collect(scores, None, rows, columns)
        return Evaluator(config).evaluate(collector.get_data_struct())

    tested = sorted(data["truth"])  # RecBole's loaders give users with test items only
    each = {user: evaluate([user], 17) for user in tested}
    means, rounded = evaluate(tested, 17), evaluate(tested, None)
    everyone = evaluate(list(data["users"]), 17)
    for metric in METRICS:
        for k in CUTOFFS:
            key = f"{metric.lower()}@{k}"
            values.add(metric, k, means[key], {user: each[user][key] for user in tested})
            values.add(f"{metric} (default metric_decimal_place)", k, rounded[key])
            values.add(f"{metric} (users without truth too)", k, everyone[key])
    write("recbole", REQUIREMENTS, values)


if __name__ == "__main__":
    main()
