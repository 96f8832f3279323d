"""The schema of ``results.json``: what readers rely on, with its types. Other keys may hold anything."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError


class _Part(BaseModel):
    model_config = ConfigDict(strict=True, allow_inf_nan=False)


class _Ties(_Part):
    worst: float
    expected: float
    best: float


class _Metric(_Part):
    label: str
    name: str
    k: int | None
    variant: dict[str, Any]
    family: str
    higher_is_better: bool
    value: float | None
    std: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    n_users: int | None = None
    ties: _Ties | None = None


class _Statistics(_Part):
    confidence: Annotated[float, Field(gt=0, lt=1)]
    test: str
    correction: str
    margin: float | None
    seed: int


class _Evaluation(_Part):
    primary: str | None


class _Runner(_Part):
    limit_users: int | None


class _Model(_Part):
    kind: str | None = None
    checkpoint: str | None = None


class _Experiment(_Part):
    statistics: _Statistics
    evaluation: _Evaluation
    runner: _Runner
    model: _Model


class _Protocol(_Part):
    part: str
    candidates: dict[str, Any]
    rolling: bool = False
    users: int = 0


class _Dataset(_Part):
    name: str = ""
    raw: dict[str, Any] = {}
    filtered: dict[str, Any] = {}
    split: dict[str, Any] = {}
    filters: list[dict[str, Any]] = []
    warnings: list[dict[str, Any]] = []


class _Environment(_Part):
    git: dict[str, Any] | None = None


class _Audit(_Part):
    name: str
    severity: str
    sentence: str
    count: int = 1
    cases: list[str] | None = None


class _Expected(_Part):
    label: str
    value: float | None
    expected: float
    tolerance: float
    met: bool


class _Timings(_Part):
    phases: dict[str, float] = {}
    total: float | None = None


class _Partial(_Part):
    sentence: str = ""


class _Results(_Part):
    schema_version: Literal[1, 2]
    name: str
    created: str | None = None
    partial: _Partial | None = None
    experiment: _Experiment
    fingerprints: dict[str, str]
    environment: _Environment = _Environment()
    dataset: _Dataset = _Dataset()
    protocol: _Protocol
    metrics: list[_Metric]
    slices: list[dict[str, Any]] = []
    audits: list[_Audit] = []
    expected: list[_Expected] = []
    timings: _Timings = _Timings()


class _Checked(_Results):
    schema_version: Literal[2]
    fingerprints: dict[str, str]
    files: dict[str, str]
    digest: str


def fault_in(results: Any) -> str | None:
    """Return what is wrong with the content of ``results.json``, naming the field; None where it is as it should be.

    Examples
    --------
    >>> fault_in({"schema_version": 3})
    'schema_version: Input should be 1 or 2'
    """
    if not isinstance(results, dict):
        return f"it holds {type(results).__name__}, where a map is needed"
    is_old = results.get("schema_version") != 2
    try:
        found = (_Results if is_old else _Checked).model_validate(results)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        if first["type"] == "missing":
            return f"{place} is missing"
        return f"{place}: {first['msg']}" if place else str(first["msg"])
    if "split" not in found.fingerprints:
        return "fingerprints.split is missing"
    labels = [metric.label for metric in found.metrics]
    twice = next((label for label in labels if labels.count(label) > 1), None)
    return None if twice is None else f"metrics: '{twice}' stands there twice"
