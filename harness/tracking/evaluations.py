"""Find all evaluations of a split in MLflow."""

from __future__ import annotations

from collections.abc import Iterator

from harness.tracking import tracking_store
from harness.tracking.mlflow_names import safe_name

_PAGE = 1000  # runs per request


def evaluations_of(split: str, *, part: str, store: str | None = None) -> list[str | None]:
    """Return the evaluation fingerprint of each finished run of a part of a split.

    Parameters
    ----------
    split
        The fingerprint ``split`` of a record.
    part
        ``test`` or ``validation``.
    store
        A tracking URI; None for ``MLFLOW_TRACKING_URI``, else ``sqlite:///mlflow.db``.

    Raises
    ------
    TrackingError
        The store cannot be used.
    """
    uri = tracking_store.resolve(store)
    file = tracking_store.database(uri)
    if file is not None and not file.exists():
        return []
    return list(_found(uri, split, part))


def _found(uri: str, split: str, part: str) -> Iterator[str | None]:
    wanted = (
        f"tags.`harness.fingerprint.split` = '{safe_name(split)}' and params.`evaluation.part` = '{safe_name(part)}' "
        "and attributes.status = 'FINISHED'"
    )
    with tracking_store.opened(uri) as client:
        experiments = [experiment.experiment_id for experiment in client.search_experiments()]
        token = None
        while experiments:
            page = client.search_runs(experiments, wanted, max_results=_PAGE, page_token=token)
            for run in page:
                yield run.data.tags.get("harness.fingerprint")
            token = page.token
            if not token:
                return
