"""A YAML file to a validated, frozen experiment, with errors that name file and line."""

from harness.experiment.base_files import load_base_file
from harness.experiment.benchmark import Benchmark, check_comparable, is_benchmark, load_benchmark
from harness.experiment.candidate_settings import Candidates
from harness.experiment.comparison_settings import (
    ComparisonSettings,
    changes_comparison,
    check_overrides,
    overrides_of_runs,
    recorded_settings,
)
from harness.experiment.components import component_of
from harness.experiment.conventions import CONVENTIONS, Convention, convention_of, rules_of
from harness.experiment.experiment import COMPARISONS, Experiment, run_folder
from harness.experiment.load import as_experiment, load_experiment
from harness.experiment.metric_expansion import expand_metrics
from harness.experiment.overrides import override_keys
from harness.experiment.rules import DEFAULT_RULES, Rules, Ties, WithoutPredictions
from harness.experiment.runner_settings import Runner
from harness.experiment.sections import (
    Dataset,
    Evaluation,
    Expectation,
    Fit,
    Model,
    Report,
    Statistics,
    Tracking,
)
from harness.experiment.slice_settings import Slice
from harness.experiment.table_settings import Categories, Columns, Items, Users, Vectors
from harness.experiment.trial_settings import TrialSettings
from harness.experiment.validation_errors import FaultError

__all__ = [
    "COMPARISONS",
    "CONVENTIONS",
    "DEFAULT_RULES",
    "Benchmark",
    "Candidates",
    "Categories",
    "Columns",
    "ComparisonSettings",
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
    "TrialSettings",
    "Users",
    "Vectors",
    "WithoutPredictions",
    "as_experiment",
    "changes_comparison",
    "check_comparable",
    "check_overrides",
    "component_of",
    "convention_of",
    "expand_metrics",
    "is_benchmark",
    "load_base_file",
    "load_benchmark",
    "load_experiment",
    "override_keys",
    "overrides_of_runs",
    "recorded_settings",
    "rules_of",
    "run_folder",
]
