"""Registry of components: find the class of a metric, model, data source, split, filter or test by its name.

Built-in components are listed in one literal table, so that a look-up imports only the module of the component. The
extension points also use entry points of installed packages, in the groups ``harness.metrics``, ``harness.models``,
``harness.readers``, ``harness.sources``,
``harness.splits`` and ``harness.tests``.
"""

from __future__ import annotations

import functools
import importlib
import importlib.metadata
from typing import Any

from harness.errors import HarnessError, did_you_mean

BUILT_IN: dict[str, dict[str, str]] = {
    "metrics": {
        "recall": "harness.metrics.recall:Recall",
        "precision": "harness.metrics.precision:Precision",
        "f1": "harness.metrics.f1:F1",
        "hit_rate": "harness.metrics.hit_rate:HitRate",
        "r_precision": "harness.metrics.r_precision:RPrecision",
        "ndcg": "harness.metrics.ndcg:NDCG",
        "dcg": "harness.metrics.ndcg:DCG",
        "map": "harness.metrics.map:MAP",
        "mrr": "harness.metrics.mrr:MRR",
        "rbp": "harness.metrics.rbp:RBP",
        "mean_rank": "harness.metrics.mean_rank:MeanRank",
        "mean_percentile_rank": "harness.metrics.mean_percentile_rank:MeanPercentileRank",
        "auc": "harness.metrics.auc:AUC",
        "reciprocal_rank": "harness.metrics.reciprocal_rank:ReciprocalRank",
        "coverage": "harness.metrics.coverage:Coverage",
        "user_coverage": "harness.metrics.user_coverage:UserCoverage",
        "gini": "harness.metrics.gini:Gini",
        "shannon_entropy": "harness.metrics.shannon_entropy:ShannonEntropy",
        "tail_share": "harness.metrics.tail_share:TailShare",
        "diversity": "harness.metrics.diversity:Diversity",
        "intra_list_diversity": "harness.metrics.intra_list_diversity:IntraListDiversity",
        "novelty": "harness.metrics.novelty:Novelty",
        "epc": "harness.metrics.epc:EPC",
        "efd": "harness.metrics.efd:EFD",
        "unexpectedness": "harness.metrics.unexpectedness:Unexpectedness",
        "serendipity": "harness.metrics.serendipity:Serendipity",
        "average_popularity": "harness.metrics.average_popularity:AveragePopularity",
        "aplt": "harness.metrics.aplt:APLT",
        "aclt": "harness.metrics.aclt:ACLT",
        "pop_reo": "harness.metrics.pop_reo:PopREO",
        "pop_rsp": "harness.metrics.pop_rsp:PopRSP",
        "popularity_lift": "harness.metrics.popularity_lift:PopularityLift",
        "calibration": "harness.metrics.calibration:Calibration",
        "debiased_recall": "harness.metrics.debiased_recall:DebiasedRecall",
        "debiased_dcg": "harness.metrics.debiased_dcg:DebiasedDCG",
    },
    "models": {
        "random": "harness.models.baselines.random:Random",
        "popularity": "harness.models.baselines.popularity:Popularity",
        "item_knn": "harness.models.baselines.item_knn:ItemKNN",
        "ease": "harness.models.baselines.ease:EASE",
        "pure_svd": "harness.models.baselines.pure_svd:PureSVD",
        "sequential": "harness.models.neural.sequential:Sequential",
        "generative": "harness.models.generative.generative:Generative",
        "two_tower": "harness.models.neural.two_tower:TwoTower",
        "predictions": "harness.models.external.prediction_file:PredictionFile",
        "torch": "harness.models.torch_module.torch_model:TorchModel",
        "vectors": "harness.models.vectors.vectors_model:UserItemVectors",
        "python": "harness.models.python_object.python_model:PythonModel",
        "mlflow": "harness.models.mlflow_model.mlflow_model:MLflowModel",
    },
    # By the suffix of the file name.
    "readers": {
        "csv": "harness.data.readers.delimited:CsvReader",
        "tsv": "harness.data.readers.delimited:TsvReader",
        "inter": "harness.data.readers.delimited:AtomicReader",
        "item": "harness.data.readers.delimited:AtomicReader",
        "user": "harness.data.readers.delimited:AtomicReader",
        "dat": "harness.data.readers.delimited:DatReader",
        "jsonl": "harness.data.readers.json_lines:JsonLinesReader",
        "ndjson": "harness.data.readers.json_lines:JsonLinesReader",
        "json": "harness.data.readers.json_lines:JsonLinesReader",
        "parquet": "harness.data.readers.parquet:ParquetReader",
        "pq": "harness.data.readers.parquet:ParquetReader",
    },
    "sources": {
        "ml-100k": "harness.data.sources.movielens:MovieLens100K",
        "ta-feng": "harness.data.sources.ta_feng:TaFeng",
        "synthetic": "harness.data.sources.synthetic:Synthetic",
    },
    "splits": {
        "leave_last_out": "harness.data.splits.leave_last_out:LeaveLastOut",
        "user_time": "harness.data.splits.user_time:UserTime",
        "global_time": "harness.data.splits.global_time:GlobalTime",
        "random": "harness.data.splits.random_split:RandomSplit",
        "k_fold": "harness.data.splits.k_fold:KFold",
        "user_holdout": "harness.data.splits.user_holdout:UserHoldout",
        "fixed": "harness.data.splits.fixed_split:FixedSplit",
    },
    "filters": {
        "min_rating": "harness.data.filters.min_rating:MinRating",
        "k_core": "harness.data.filters.k_core:KCore",
        "counts": "harness.data.filters.counts:Counts",
        "time_window": "harness.data.filters.time_window:TimeWindow",
        "items": "harness.data.filters.id_lists:ItemFilter",
        "users": "harness.data.filters.id_lists:UserFilter",
        "duplicates": "harness.data.filters.duplicates:Duplicates",
    },
    "tests": {
        "t": "harness.statistics.paired_t:PairedT",
        "permutation": "harness.statistics.permutation:Permutation",
        "bootstrap": "harness.statistics.bootstrap:Bootstrap",
        "mcnemar": "harness.statistics.mcnemar:McNemar",
        "wilcoxon": "harness.statistics.wilcoxon:Wilcoxon",
        "sign": "harness.statistics.sign:Sign",
        "tukey_hsd": "harness.statistics.tukey_hsd:TukeyHSD",
    },
}

# All filters are built in: a new one belongs in the project, where it is tested and audited.
EXTENSION_POINTS = ("metrics", "models", "readers", "sources", "splits", "tests")

# The base class of each group whose components state facts about themselves.
_BASES = {
    "metrics": "harness.metrics.metric:Metric",
    "models": "harness.artifacts.model_config:ModelConfig",
    "splits": "harness.artifacts.split_rule:SplitRule",
}

SINGULAR = {
    "metrics": "metric",
    "models": "model",
    "readers": "reader",
    "sources": "data set",
    "splits": "split",
    "filters": "filter",
    "tests": "test",
}


@functools.cache
def table(group: str) -> dict[str, str]:
    """Return the ``module:class`` of each name of a group, including entry points.

    Raises
    ------
    HarnessError
        An installed package uses a name that is taken.
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
    """Import and return the class with a name.

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
    except Exception as error:  # a plug-in may raise anything
        raise HarnessError(
            f"cannot load the {SINGULAR[group]} '{name}' from {known[name]}: {type(error).__name__}: {error}. "
            "Repair or uninstall the package that provides it."
        ) from error
    # A reader has no options.
    if group != "readers" and getattr(component, "__pydantic_config__", {}).get("extra") != "forbid":
        raise HarnessError(
            f"the {SINGULAR[group]} '{name}' from {known[name]} is not a pydantic dataclass that forbids unknown keys. "
            "Declare it with @pydantic.dataclasses.dataclass(frozen=True, config={'extra': 'forbid', 'strict': True})."
        )
    if group in _BASES:
        _complete(component, _import(_BASES[group]), f"the {SINGULAR[group]} '{name}' from {known[name]}")
    return component


def kind_of(group: str, component: Any) -> str:
    """Return the name that a component is registered under.

    Raises
    ------
    HarnessError
        Its class is not registered in the group.

    Examples
    --------
    >>> kind_of("tests", load("tests", "t")())
    't'
    """
    cls = type(component)
    # The name of the class tells the module to import; an alias needs all of them.
    likely = sorted(table(group).items(), key=lambda entry: not entry[1].endswith(f":{cls.__name__}"))
    for name, _ in likely:
        if load(group, name) is cls:
            return name
    raise HarnessError(
        f"{cls.__module__}.{cls.__name__} is not a registered {SINGULAR[group]}. "
        f"Known: {', '.join(names(group))}; add one of your own by an entry point in the group harness.{group}."
    )


def _complete(component: Any, base: type, what: str) -> None:
    """Give a class of another package the defaults of the facts that it does not state; metrics must derive.

    Models and splits of other packages were never asked to derive from a base class.
    """
    if base in component.__mro__:
        return
    if base.__name__ == "Metric":
        raise HarnessError(f"{what} does not derive from harness.metrics.UserMetric or harness.metrics.ListMetric.")
    for fact, default in vars(base).items():
        if not fact.startswith("_") and not hasattr(component, fact):
            setattr(component, fact, default)


def _import(target: str) -> Any:
    module, _, attribute = target.partition(":")
    return functools.reduce(getattr, attribute.split("."), importlib.import_module(module))
