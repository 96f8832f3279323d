"""A YAML file to a validated, frozen experiment, with errors that name file and line."""

from harness.experiment.benchmark import Benchmark, check_comparable, is_benchmark, load_benchmark
from harness.experiment.candidates import Candidates
from harness.experiment.components import component_of
from harness.experiment.conventions import CONVENTIONS, Convention, convention_of, rules_of
from harness.experiment.experiment import Experiment
from harness.experiment.faults import FaultError
from harness.experiment.load import load_experiment
from harness.experiment.metrics import expand_metrics
from harness.experiment.rules import DEFAULT_RULES, Rules, Ties, WithoutPredictions
from harness.experiment.runner import Runner
from harness.experiment.schema import (
    Dataset,
    Evaluation,
    Expectation,
    Fit,
    Model,
    Report,
    Statistics,
    Tracking,
)
from harness.experiment.slices import Slice
from harness.experiment.tables import Categories, Columns, Items, Users, Vectors
from harness.experiment.trial import Trial

__all__ = [
    "CONVENTIONS",
    "DEFAULT_RULES",
    "Benchmark",
    "Candidates",
    "Categories",
    "Columns",
    "Convention",
    "Dataset",
    "Evaluation",
    "Expectation",
    "Experiment",
    "FaultError",
    "Fit",
    "Items",
    "Model",
    "Report",
    "Rules",
    "Runner",
    "Slice",
    "Statistics",
    "Ties",
    "Tracking",
    "Trial",
    "Users",
    "Vectors",
    "WithoutPredictions",
    "check_comparable",
    "component_of",
    "convention_of",
    "expand_metrics",
    "is_benchmark",
    "load_benchmark",
    "load_experiment",
    "rules_of",
]
