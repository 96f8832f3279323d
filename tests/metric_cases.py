"""Cases of metrics: each test file in ``tests/metrics`` declares those of its metric, and walkers find them here.

A built-in metric in ``harness/metrics/<module>.py`` has its cases in ``tests/metrics/test_<module>.py``: cases worked
by hand, an oracle (the definition in plain Python), and the facts that its class has to state.
"""

from __future__ import annotations

import dataclasses
import functools
import importlib
import typing
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pytest
from oracles.exact_ranks import mean_over_orders

import harness
from harness import Categories, History, SideInformation, TargetRanks, TopK, Truth, registry
from harness.metrics import UserMetric

N_ITEMS = 30
SIDE = {"popularity", "history", "categories", "vectors"}
# Six items: the first two are the head (12 of 15 interactions), the others the tail; nobody had the last.
KNOWN = {
    "popularity": [8, 4, 1, 1, 1, 0],
    "users": 8,
    "history": [[0], [0, 1]],
    "categories": [{"x"}, {"x", "y"}, {"y"}, {"z"}, set(), {"x", "z"}],
    "vectors": [[1.0, 0.0], [2.0, 0.0], [0.0, 3.0], [-1.0, 0.0], [0.0, 0.0], None],
}


class ListCase(NamedTuple):
    """Lists, relevant items, and the value of a metric of them; with ``KNOWN`` for metrics of side information."""

    lists: list[list[int]]
    truth: list[list[int]]
    k: int
    value: float
    n_items: int = N_ITEMS
    options: Mapping[str, Any] = {}


class RankCase(NamedTuple):
    """Scores of all items (None: not a candidate), relevant items, and the value of a metric of exact ranks."""

    scores: list[float | None]
    relevant: list[int]
    value: float


@dataclasses.dataclass(frozen=True)
class MetricCases:
    """All that the tests need to know about a metric.

    Parameters
    ----------
    metric
        Its name.
    oracle
        Its definition in plain Python. Per-user metrics: ``(ranked, relevant, k, **options)``; metrics over all lists:
        ``(lists, k, n_items, **options)``. Metrics of side information: ``(ranked, relevant, user, k, known,
        **options)`` or ``(users, k, known, **options)``, with ``known`` as ``KNOWN``, and ``users`` as lists, relevant
        items and number of each. Metrics of exact ranks: ``(order, relevant)``, for one order of the candidates.
    by_hand
        Cases worked on paper.
    family, higher_is_better, lower, upper
        What the class has to state.
    rises_with_k
        Whether it cannot fall when more ranks are looked at.
    """

    metric: str
    oracle: Callable[..., float]
    by_hand: Sequence[ListCase | RankCase]
    family: str = "accuracy"
    higher_is_better: bool = True
    lower: float = 0.0
    upper: float = 1.0
    rises_with_k: bool = False

    @property
    def kind(self) -> Any:
        """The class."""
        return registry.load("metrics", self.metric)

    @property
    def per_user(self) -> bool:
        return issubclass(self.kind, UserMetric)

    @property
    def reads_side(self) -> bool:
        return bool(SIDE & set(self.kind().required))

    @property
    def reads_ranks(self) -> bool:
        return "target_ranks" in self.kind.needs

    @property
    def has_cutoff(self) -> bool:
        return self.kind().cutoff is not None

    def label(self, k: int, **options: Any) -> str:
        return self.kind(**({"k": k} if self.has_cutoff else {}), **options).label

    def of_scores(self, scores: Sequence[float | None], relevant: Sequence[int]) -> float:
        """The oracle of a metric of exact ranks: the mean over all orders of ties."""
        return mean_over_orders(self.oracle, scores, relevant)

    def variants(self) -> list[dict[str, Any]]:
        """Each option at each of its other values. Gains and samples have tests of their own."""
        kinds = typing.get_type_hints(self.kind)
        found: list[dict[str, Any]] = []
        for option in dataclasses.fields(self.kind):
            others = {float: (0.3, 0.95), int: (2, 5)}.get(kinds[option.name], typing.get_args(kinds[option.name]))
            if option.name not in {"k", "gain", "sample", "base"}:
                found += [{option.name: value} for value in others if value != option.default]
        return [*found, {"base": "2"}] if "base" in kinds else found

    def check(self, case: ListCase | RankCase) -> None:
        """Fail unless the metric has the value of a case worked by hand."""
        if isinstance(case, RankCase):
            table = measure_ranks([(case.scores, case.relevant)], [self.metric])
            assert self.of_scores(case.scores, case.relevant) == pytest.approx(case.value, abs=1e-15)
        else:
            spec = {"kind": self.metric, **case.options}
            known = KNOWN if self.reads_side else None
            table = measure(case.lists, case.truth, [spec], [case.k], n_items=case.n_items, known=known)
        assert table.values[0].value == pytest.approx(case.value, abs=1e-12 if self.reads_side else 1e-15)

    def check_random(self) -> None:
        """Fail unless the metric equals its oracle on random lists, with each of its options."""
        rng = np.random.default_rng(sum(map(ord, self.metric)))
        if self.reads_ranks:
            users = [(rng.integers(0, 4, 5).tolist(), sorted({0, int(rng.integers(5))})) for _ in range(30)]
            values = measure_ranks(users, [self.metric]).user_values[self.metric]
            np.testing.assert_allclose(values, [self.of_scores(*user) for user in users], rtol=0, atol=1e-12)
            return
        known = random_side(rng) if self.reads_side else None
        n_items = len(known["popularity"]) if known else N_ITEMS
        n_users = len(known["history"]) if known else 40
        lists = rng.integers(-1, n_items, (n_users, 6)).tolist()
        truth = [rng.integers(0, n_items, rng.integers(1, 8)).tolist() for _ in range(n_users)]
        specs = [{"kind": self.metric, **options} for options in ({}, *self.variants())]
        table = measure(lists, truth, specs, [1, 4], n_items=n_items, known=known)
        for options in ({}, *self.variants()):
            for k in (1, 4):
                self.compare(table, lists, truth, k, n_items=n_items, known=known, options=options)

    def compare(self, table, lists, truth, k, *, n_items, known, options, tolerance=1e-14):
        """Fail unless a table has the values of the oracle, for all users with relevant items."""
        label = self.label(k, **options)
        oracle = functools.partial(self.oracle, **options)
        users = [(ranked, truth[user], user) for user, ranked in enumerate(lists) if truth[user]]
        # Vectors are compared in single precision.
        tolerance = 1e-6 if self.reads_side else tolerance
        if self.per_user:
            if known is None:
                expected = np.array([oracle(ranked, relevant, k) for ranked, relevant, _ in users], dtype=np.float64)
            else:
                expected = np.array([oracle(*user, k=k, known=known) for user in users], dtype=np.float64)
            if options.get("average") == "micro":
                expected /= k  # the mean over users of the denominator k
            np.testing.assert_allclose(
                table.user_values[label], expected, rtol=tolerance * bool(known), atol=tolerance, err_msg=label
            )
            assert table[label].value == pytest.approx(expected.mean(), rel=tolerance, abs=tolerance), label
        else:
            arguments = {"k": k, "known": known} if known else {"k": k, "n_items": n_items}
            expected = oracle(users if known else [ranked for ranked, _, _ in users], **arguments)
            assert table[label].value == pytest.approx(expected, abs=1e-12 if known else tolerance), label


def measure(lists, truth, metrics, cutoffs, *, n_items=N_ITEMS, known=None, n_jobs=1):
    """Measure lists, with side information where something is known."""
    return harness.evaluate(
        TopK(np.array(lists)),
        Truth.from_lists(truth),
        metrics=list(metrics),
        cutoffs=list(cutoffs),
        n_items=n_items if known is None else None,
        side=None if known is None else side_of(known, len(lists)),
        n_jobs=n_jobs,
    )


def measure_ranks(users, metrics):
    """Measure metrics of exact ranks from the scores of all items."""
    truth = Truth.from_lists([relevant for _, relevant in users])
    lists = TopK(np.full((len(users), 1), -1))
    return harness.evaluate(lists, truth, metrics=list(metrics), cutoffs=[1], target_ranks=ranks_of(users))


def ranks_of(users):
    """Count the exact ranks from the scores of all items."""
    above, tied, candidates = [], [], []
    for scores, relevant in users:
        known = [score for score in scores if score is not None]
        candidates.append(len(known))
        for item in relevant:
            score = scores[item]
            above.append(-1 if score is None else sum(other > score for other in known))
            tied.append(-1 if score is None else sum(other == score for other in known) - 1)
    return TargetRanks(*(np.array(each, dtype=np.int32) for each in (above, tied, candidates)))


def side_of(known, n_users):
    """Return side information of what is known, for the first users."""
    history = known["history"][:n_users]
    indptr = np.cumsum([0, *map(len, history)])
    vectors = [[np.nan] * 2 if vector is None else vector for vector in known["vectors"]]
    return SideInformation(
        popularity=np.array(known["popularity"]),
        n_users=known["users"],
        history=History(indptr, np.array([item for some in history for item in some], np.int32), len(vectors)),
        categories=Categories.of([sorted(names) for names in known["categories"]]),
        vectors=np.array(vectors, dtype=np.float32).reshape(len(vectors), 2),
    )


def random_side(rng, n_items=9, n_users=12):
    """Return popularity, histories, categories and vectors at random."""
    return {
        "popularity": rng.integers(0, n_users, n_items).tolist(),
        "users": n_users,
        "history": [rng.integers(0, n_items, rng.integers(0, 6)).tolist() for _ in range(n_users)],
        "categories": [set(rng.choice(list("xyz"), rng.integers(0, 3)).tolist()) for _ in range(n_items)],
        "vectors": [None if rng.random() < 0.2 else rng.normal(size=2).tolist() for _ in range(n_items)],
    }


@functools.cache
def cases_of(metric: str) -> MetricCases:
    """Return the cases that the test file of a built-in metric declares.

    Raises
    ------
    LookupError
        There is no test file, or it declares no cases of the metric.
    """
    module = registry.BUILT_IN["metrics"][metric].partition(":")[0].rpartition(".")[2]
    try:
        tests = importlib.import_module(f"metrics.test_{module}")
    except ModuleNotFoundError as error:
        raise LookupError(f"the metric {metric} has no test file tests/metrics/test_{module}.py") from error
    for value in vars(tests).values():
        if isinstance(value, MetricCases) and value.metric == metric:
            return value
    raise LookupError(f"tests/metrics/test_{module}.py declares no MetricCases of {metric}")


def oracle_of(metric: str) -> Callable[..., float]:
    """Return the definition of a metric in plain Python."""
    return cases_of(metric).oracle


def all_cases() -> list[MetricCases]:
    """Return the cases of all built-in metrics, by name."""
    return [cases_of(name) for name in sorted(registry.BUILT_IN["metrics"])]
