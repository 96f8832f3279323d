"""Send finished runs to MLflow, and find them there by their fingerprint."""

from harness.tracking.evaluations import evaluations_of
from harness.tracking.mlflow_names import curve_name, metric_name
from harness.tracking.mlflow_runs import TrackedRun, find_run, track_run
from harness.tracking.run_files_of_store import download_run

__all__ = ["TrackedRun", "curve_name", "download_run", "evaluations_of", "find_run", "metric_name", "track_run"]
