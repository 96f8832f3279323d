"""Experiment files: read YAML, validate it and report errors with file and line."""

from harness.experiment.base_files import load_base_file
from harness.experiment.benchmark import Benchmark, check_comparable, is_benchmark, load_benchmark
from harness.experiment.candidate_settings import CandidateSettings
from harness.experiment.comparison_settings import (
    ComparisonSettings,
    changes_comparison,
    check_overrides,
    overrides_of_runs,
    recorded_settings,
)
from harness.experiment.components import component_of
from harness.experiment.conventions import CONVENTIONS, Convention, convention_of, rules_of
from harness.experiment.expected_value import ExpectedValue
from harness.experiment.experiment import COMPARISONS, Experiment, run_folder
from harness.experiment.json_schema import benchmark_schema, experiment_schema
from harness.experiment.load import as_experiment, load_experiment
from harness.experiment.metric_expansion import expand_metrics
from harness.experiment.output_settings import ReportSettings, TrackingSettings
from harness.experiment.overrides import override_keys
from harness.experiment.runner_settings import RunnerSettings
from harness.experiment.sections import (
    DatasetSettings,
    EvaluationSettings,
    FitSettings,
    ModelSettings,
    StatisticsSettings,
)
from harness.experiment.seeds import seed_experiments
from harness.experiment.slice_settings import SliceSettings
from harness.experiment.table_settings import (
    CategoriesSettings,
    ColumnNames,
    ItemsSettings,
    UsersSettings,
    VectorsSettings,
)
from harness.experiment.trial_settings import TrialSettings
from harness.experiment.validation_errors import FaultError

__all__ = [
    "COMPARISONS",
    "CONVENTIONS",
    "Benchmark",
    "CandidateSettings",
    "CategoriesSettings",
    "ColumnNames",
    "ComparisonSettings",
    "Convention",
    "DatasetSettings",
    "EvaluationSettings",
    "ExpectedValue",
    "Experiment",
    "FaultError",
    "FitSettings",
    "ItemsSettings",
    "ModelSettings",
    "ReportSettings",
    "RunnerSettings",
    "SliceSettings",
    "StatisticsSettings",
    "TrackingSettings",
    "TrialSettings",
    "UsersSettings",
    "VectorsSettings",
    "as_experiment",
    "benchmark_schema",
    "changes_comparison",
    "check_comparable",
    "check_overrides",
    "component_of",
    "convention_of",
    "expand_metrics",
    "experiment_schema",
    "is_benchmark",
    "load_base_file",
    "load_benchmark",
    "load_experiment",
    "override_keys",
    "overrides_of_runs",
    "recorded_settings",
    "rules_of",
    "run_folder",
    "seed_experiments",
]
