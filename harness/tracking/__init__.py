"""Send finished runs and comparisons to MLflow, and find them there."""

from harness.tracking.evaluations import evaluations_of
from harness.tracking.mlflow_comparisons import track_comparison
from harness.tracking.mlflow_names import curve_name, metric_name
from harness.tracking.mlflow_runs import find_run, track_run
from harness.tracking.run_files_of_store import download_run
from harness.tracking.tracked_runs import TrackedRun
from harness.tracking.tracking_store import check_store
from harness.tracking.user_interface import interface_address, serve, served_by

__all__ = [
    "TrackedRun",
    "check_store",
    "curve_name",
    "download_run",
    "evaluations_of",
    "find_run",
    "interface_address",
    "metric_name",
    "serve",
    "served_by",
    "track_comparison",
    "track_run",
]
