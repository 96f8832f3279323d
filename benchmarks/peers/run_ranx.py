"""ranx over the benchmark's lists: ``evaluate`` of its ``Qrels`` and ``Run``, and of bare arrays.

Most programs pass the objects, with ids of text; arrays are taken too, and spare it their conversion at
every call. Values of single users are not saved in the run, a loop in Python that no mean needs.
"""

from __future__ import annotations

import numpy as np
from peer_timing import LABELS, Form, Lists, main
from ranx import Qrels, Run, evaluate


def objects(lists: Lists) -> tuple[Qrels, Run]:
    scores = lists.scores.astype(float).tolist()
    run = {
        str(user): dict(zip(map(str, items), scores[user], strict=True))
        for user, items in enumerate(lists.items.tolist())
    }
    relevant = {str(user): dict.fromkeys(map(str, items), 1) for user, items in enumerate(lists.relevant_of_users())}
    return Qrels(relevant), Run(run)


def arrays(lists: Lists) -> tuple[np.ndarray, np.ndarray]:
    """Return ids beside relevance and beside scores, which takes equally many relevant items a user."""
    relevant = lists.relevant.reshape(len(lists.items), -1)
    assert (np.diff(lists.indptr) == relevant.shape[1]).all(), "users differ in their number of relevant items"
    return (
        np.stack([relevant, np.ones_like(relevant)], axis=2).astype(float),
        np.stack([lists.items, lists.scores], axis=2).astype(float),
    )


def measure(given: tuple) -> dict[str, float]:
    qrels, run = given
    return evaluate(qrels, run, list(LABELS), save_results_in_run=False)


if __name__ == "__main__":
    forms = {"evaluate of Qrels and Run": Form(objects, measure), "evaluate of arrays": Form(arrays, measure)}
    main("ranx", "ranx", forms)
