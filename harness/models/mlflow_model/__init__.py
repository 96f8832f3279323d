"""Models that are stored in MLflow."""
