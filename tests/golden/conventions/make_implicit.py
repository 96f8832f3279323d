"""The values of implicit's evaluation.

pip install implicit==0.7.3 numpy==2.4.6 scipy==1.17.1
python make_implicit.py
"""

from __future__ import annotations

REQUIREMENTS = ["implicit==0.7.3", "numpy==2.4.6", "scipy==1.17.1"]


def main() -> None:
    import numpy as np
    from common import CUTOFFS, Values, load, write
    from implicit.evaluation import (
        AUC_at_k,
        mean_average_precision_at_k,
        ndcg_at_k,
        precision_at_k,
        ranking_metrics_at_k,
    )
    from scipy.sparse import csr_matrix

    data = load()
    users, items = data["users"], data["items"]

    class Listed:
        """A model whose recommendations are the given lists; a short one is filled with -1, as no item."""

        def recommend(self, userid: np.ndarray, user_items: csr_matrix, N: int) -> tuple[np.ndarray, np.ndarray]:
            names = list(users)
            ids = np.full((len(userid), N), -1, dtype=np.int32)
            scores = np.full((len(userid), N), -np.inf, dtype=np.float32)
            for row, user in enumerate(userid):
                for place, (item, score) in enumerate(data["predictions"].get(names[user], [])[:N]):
                    ids[row, place], scores[row, place] = items[item], score
            return ids, scores

    rows = [users[user] for user, gains in data["truth"].items() for _ in gains]
    columns = [items[item] for gains in data["truth"].values() for item in gains]
    shape = (len(users), len(items))
    test = csr_matrix((np.ones(len(rows), dtype=np.float32), (rows, columns)), shape=shape)
    train = csr_matrix(shape, dtype=np.float32)
    alone = {
        "precision_at_k": precision_at_k,
        "mean_average_precision_at_k": mean_average_precision_at_k,
        "ndcg_at_k": ndcg_at_k,
        "AUC_at_k": AUC_at_k,
    }
    values = Values()
    for k in CUTOFFS:
        options = {"K": k, "show_progress": False, "num_threads": 1}
        for name, value in ranking_metrics_at_k(Listed(), train, test, **options).items():
            values.add(f"ranking_metrics_at_k {name}", k, value)
        for name, function in alone.items():
            values.add(name, k, function(Listed(), train, test, **options))
    write("implicit", REQUIREMENTS, values)


if __name__ == "__main__":
    main()
