"""Runs in MLflow: sent after their files are on disk, found again by their fingerprint."""

from harness.tracking.mlflow_names import curve_name, metric_name
from harness.tracking.mlflow_runs import Tracked, find_run, track_run

__all__ = ["Tracked", "curve_name", "find_run", "metric_name", "track_run"]
