"""The sections ``tracking`` and ``report``: where results go."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from harness.experiment.value_types import Text

MOST_EXAMPLES = 1_000  # users in a page


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class TrackingSettings:
    """The section ``tracking``: logging to MLflow.

    Parameters
    ----------
    experiment
        Name of the MLflow experiment.
    enabled
        Whether to log runs.
    per_user
        Whether to upload per-user values and the other tables that hold ids of users.
    """

    experiment: Text
    enabled: bool = True
    per_user: bool = True


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class ReportSettings:
    """The section ``report``: results are written to ``directory/<name>/``.

    Parameters
    ----------
    directory
        Folder of the reports.
    examples
        Number of users whose histories and lists the report shows, or their external ids; 0 for none.
    ids
        ``plain``, or ``pseudonym``: the page numbers the users instead of showing their ids.
    """

    directory: Text = "reports"
    examples: (
        Annotated[int, Field(ge=0, le=MOST_EXAMPLES)]
        | Annotated[tuple[int | Text, ...], Field(strict=False, max_length=MOST_EXAMPLES)]
    ) = 20
    ids: Literal["plain", "pseudonym"] = "plain"
