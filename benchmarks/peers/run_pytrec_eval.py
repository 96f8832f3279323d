"""pytrec_eval over the benchmark's lists: ``RelevanceEvaluator.evaluate`` of dictionaries, and the means.

The evaluator itself, which holds the relevant items, counts as conversion. It gives values of single
users; the means of the others are part of their time, so the library's own mean of them is part of this.
"""

from __future__ import annotations

import pytrec_eval
from peer_timing import CUTOFFS, Form, Lists, main

NAMES = {"recall": "recall", "P": "precision", "ndcg_cut": "ndcg", "success": "hit_rate"}


def dictionaries(lists: Lists) -> tuple[pytrec_eval.RelevanceEvaluator, dict]:
    scores = lists.scores.astype(float).tolist()
    run = {
        str(user): dict(zip(map(str, items), scores[user], strict=True))
        for user, items in enumerate(lists.items.tolist())
    }
    relevant = {str(user): dict.fromkeys(map(str, items), 1) for user, items in enumerate(lists.relevant_of_users())}
    wanted = {f"{measure}.{','.join(map(str, CUTOFFS))}" for measure in NAMES}
    return pytrec_eval.RelevanceEvaluator(relevant, wanted), run


def measure(given: tuple[pytrec_eval.RelevanceEvaluator, dict]) -> dict[str, float]:
    evaluator, run = given
    of_users = evaluator.evaluate(run).values()
    return {
        f"{name}@{k}": pytrec_eval.compute_aggregated_measure(
            f"{measure}_{k}", [values[f"{measure}_{k}"] for values in of_users]
        )
        for k in CUTOFFS
        for measure, name in NAMES.items()
    }


if __name__ == "__main__":
    main("pytrec_eval", "pytrec-eval-terrier", {"evaluate of dictionaries, and means": Form(dictionaries, measure)})
