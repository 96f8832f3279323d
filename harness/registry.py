"""Names of components to their classes, loaded when asked for.

Built-in components stand in one literal table, so that looking a name up imports nothing but the
module that holds it. The extension points also take entry points of installed packages, in the
groups ``harness.metrics``, ``harness.models``, ``harness.sources``, ``harness.splits`` and
``harness.tests``.
"""

from __future__ import annotations

import functools
import importlib
import importlib.metadata
from typing import Any

from harness.errors import HarnessError, did_you_mean

BUILT_IN: dict[str, dict[str, str]] = {
    "metrics": {
        "recall": "harness.metrics.hit_shares:Recall",
        "precision": "harness.metrics.hit_shares:Precision",
        "f1": "harness.metrics.hit_shares:F1",
        "hit_rate": "harness.metrics.hit_shares:HitRate",
        "r_precision": "harness.metrics.hit_shares:RPrecision",
        "ndcg": "harness.metrics.cumulated_gain:NDCG",
        "dcg": "harness.metrics.cumulated_gain:DCG",
        "map": "harness.metrics.ranking:MAP",
        "mrr": "harness.metrics.ranking:MRR",
        "rbp": "harness.metrics.ranking:RBP",
        "mean_rank": "harness.metrics.exact_ranks:MeanRank",
        "mean_percentile_rank": "harness.metrics.exact_ranks:MeanPercentileRank",
        "auc": "harness.metrics.exact_ranks:AUC",
        "reciprocal_rank": "harness.metrics.exact_ranks:ReciprocalRank",
        "coverage": "harness.metrics.coverage:Coverage",
        "user_coverage": "harness.metrics.coverage:UserCoverage",
        "gini": "harness.metrics.concentration:Gini",
        "shannon_entropy": "harness.metrics.concentration:ShannonEntropy",
        "tail_share": "harness.metrics.popularity_groups:TailShare",
        "diversity": "harness.metrics.diversity:Diversity",
        "intra_list_diversity": "harness.metrics.intra_list:IntraListDiversity",
        "novelty": "harness.metrics.novelty:Novelty",
        "epc": "harness.metrics.novelty:EPC",
        "efd": "harness.metrics.novelty:EFD",
        "unexpectedness": "harness.metrics.novelty:Unexpectedness",
        "serendipity": "harness.metrics.novelty:Serendipity",
        "average_popularity": "harness.metrics.popularity_bias:AveragePopularity",
        "aplt": "harness.metrics.popularity_bias:APLT",
        "aclt": "harness.metrics.popularity_bias:ACLT",
        "pop_reo": "harness.metrics.popularity_groups:PopREO",
        "pop_rsp": "harness.metrics.popularity_groups:PopRSP",
        "popularity_lift": "harness.metrics.popularity_groups:PopularityLift",
        "calibration": "harness.metrics.calibration:Calibration",
        "debiased_recall": "harness.metrics.debiased:DebiasedRecall",
        "debiased_dcg": "harness.metrics.debiased:DebiasedDCG",
    },
    "models": {
        "random": "harness.models.random:Random",
        "popularity": "harness.models.popularity:Popularity",
        "item_knn": "harness.models.item_knn:ItemKNN",
        "ease": "harness.models.ease:EASE",
        "pure_svd": "harness.models.pure_svd:PureSVD",
        "sequential": "harness.models.sequential:Sequential",
        "generative": "harness.models.generative:Generative",
        "two_tower": "harness.models.two_tower:TwoTower",
        "predictions": "harness.models.prediction_file:PredictionFile",
        "torch": "harness.models.foreign.torch_model:TorchModel",
        "vectors": "harness.models.foreign.vectors_model:UserItemVectors",
        "python": "harness.models.foreign.python_model:PythonModel",
        "mlflow": "harness.models.foreign.mlflow_model:MLflowModel",
    },
    "sources": {
        "ml-100k": "harness.data.catalogue:MovieLens100K",
        "ta-feng": "harness.data.ta_feng:TaFeng",
        "synthetic": "harness.data.synthetic:Synthetic",
    },
    "splits": {
        "leave_last_out": "harness.data.last_splits:LeaveLastOut",
        "user_time": "harness.data.last_splits:UserTime",
        "global_time": "harness.data.time_splits:GlobalTime",
        "random": "harness.data.random_splits:RandomSplit",
        "k_fold": "harness.data.random_splits:KFold",
        "user_holdout": "harness.data.user_splits:UserHoldout",
        "fixed": "harness.data.fixed_splits:FixedSplit",
    },
    "filters": {
        "min_rating": "harness.data.rating_filters:MinRating",
        "k_core": "harness.data.count_filters:KCore",
        "counts": "harness.data.count_filters:Counts",
        "time_window": "harness.data.time_filters:TimeWindow",
        "items": "harness.data.id_filters:Items",
        "users": "harness.data.id_filters:Users",
        "duplicates": "harness.data.duplicate_filters:Duplicates",
    },
    "tests": {
        "paired_t": "harness.statistics.paired:PairedT",
    },
}

# Filters are built in alone: a new one belongs into the project, where it is tested and audited.
EXTENSION_POINTS = ("metrics", "models", "sources", "splits", "tests")

SINGULAR = {
    "metrics": "metric",
    "models": "model",
    "sources": "data set",
    "splits": "split",
    "filters": "filter",
    "tests": "test",
}


@functools.cache
def table(group: str) -> dict[str, str]:
    """Return name to ``module:class`` for a group, entry points included.

    Raises
    ------
    HarnessError
        An installed package claims a name that is taken.
    """
    known = dict(BUILT_IN[group])
    if group in EXTENSION_POINTS:
        for point in importlib.metadata.entry_points(group=f"harness.{group}"):
            if known.get(point.name, point.value) != point.value:
                raise HarnessError(
                    f"two {group} are called '{point.name}': {known[point.name]} and {point.value}. "
                    "Rename the plug-in's, or uninstall one of the two packages."
                )
            known[point.name] = point.value
    return known


def names(group: str) -> list[str]:
    """Return the sorted names of a group's components."""
    return sorted(table(group))


def load(group: str, name: str) -> Any:
    """Import and return the class that a name stands for.

    Raises
    ------
    HarnessError
        No component of the group has that name.

    Examples
    --------
    >>> load("metrics", "ndcg").__name__
    'NDCG'
    """
    known = table(group)
    if name not in known:
        raise HarnessError(f"unknown {SINGULAR[group]} {name!r}. {did_you_mean(name, known)}")
    if BUILT_IN[group].get(name) == known[name]:
        return _import(known[name])
    try:
        component = _import(known[name])
    except Exception as error:  # a stranger's module may raise anything
        raise HarnessError(
            f"cannot load the {SINGULAR[group]} '{name}' from {known[name]}: {type(error).__name__}: {error}. "
            "Mend or uninstall the package that brings it."
        ) from error
    if getattr(component, "__pydantic_config__", {}).get("extra") != "forbid":
        raise HarnessError(
            f"the {SINGULAR[group]} '{name}' from {known[name]} is not a pydantic dataclass that forbids unknown keys. "
            "Declare it with @pydantic.dataclasses.dataclass(frozen=True, config={'extra': 'forbid', 'strict': True})."
        )
    return component


def kind_of(group: str, component: Any) -> str:
    """Return the name that a component is registered under.

    Raises
    ------
    HarnessError
        Its class is not registered in the group.

    Examples
    --------
    >>> kind_of("tests", load("tests", "paired_t")())
    'paired_t'
    """
    cls = type(component)
    # The name of the class says which module to look into; an alias takes importing them all.
    likely = sorted(table(group).items(), key=lambda entry: not entry[1].endswith(f":{cls.__name__}"))
    for name, _ in likely:
        if load(group, name) is cls:
            return name
    raise HarnessError(
        f"{cls.__module__}.{cls.__name__} is not a registered {SINGULAR[group]}. "
        f"Known: {', '.join(names(group))}; others come by an entry point in the group harness.{group}."
    )


def _import(target: str) -> Any:
    module, _, attribute = target.partition(":")
    return functools.reduce(getattr, attribute.split("."), importlib.import_module(module))
