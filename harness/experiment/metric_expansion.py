"""Expand the metrics that an experiment names into one metric per cutoff."""

from __future__ import annotations

import dataclasses
import re
import typing
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import yaml
from pydantic import ValidationError

from harness.errors import HarnessError
from harness.experiment.components import build, component_class, from_map, option_names
from harness.experiment.conventions import convention_of
from harness.experiment.validation_errors import FaultError, faults_of, shown

if TYPE_CHECKING:
    from harness.metrics import Metric

_LABEL = re.compile(r"(?P<name>[^\[\]@]+)(\[(?P<options>[^\[\]@]*)\])?(@(?P<cutoff>[0-9]{1,9}))?")
CUTOFF = "k"  # the field of a metric that takes a cutoff


def expand_metrics(
    specs: Iterable[Any], cutoffs: Iterable[int], *, convention: str | None = None
) -> tuple[Metric, ...]:
    """Return one metric per spec and cutoff, in the order of ``specs``.

    Parameters
    ----------
    specs
        Names (``"ndcg"``), labels (``"ndcg@10"``, ``"ndcg[gain=exp2]@5"``), maps (``{"kind": "ndcg", "k": 5}``),
        or metrics. A metric without a cutoff occurs once. A label or a map with a cutoff, and a metric, stand
        for that cutoff only.
    cutoffs
        Distinct whole numbers of 1 or more.
    convention
        Library whose definitions are the defaults of names and maps, one of ``CONVENTIONS``; None for the
        defaults of this package.

    Raises
    ------
    HarnessError
        A name or an option is unknown, a cutoff is not positive, a metric or cutoff is repeated, or
        ``specs`` or ``cutoffs`` is empty.

    Examples
    --------
    >>> [metric.label for metric in expand_metrics(["recall", {"kind": "ndcg", "k": 3}], [5, 10])]
    ['recall@5', 'recall@10', 'ndcg@3']
    """
    if isinstance(specs, str):
        raise HarnessError(f"metrics is {shown(specs)}; a list is needed, such as ['{specs}'].")
    try:
        groups = expand_specs(tuple(specs), check_cutoffs(cutoffs), convention)
        return tuple(metric for group in groups for metric in group)
    except FaultError as fault:
        raise HarnessError(fault.message) from fault


def check_cutoffs(cutoffs: Iterable[int]) -> tuple[int, ...]:
    """Return the cutoffs as a tuple; raise ``FaultError`` if one is not positive or repeated."""
    checked: list[int] = []
    for index, cutoff in enumerate(cutoffs):
        if isinstance(cutoff, bool) or not hasattr(cutoff, "__index__"):
            raise FaultError((index,), f"a cutoff is {shown(cutoff)}; a whole number is needed")
        if cutoff < 1:
            raise FaultError((index,), f"a cutoff is {cutoff}; 1 or more is needed")
        if cutoff in checked:
            raise FaultError((index,), f"the cutoff {cutoff} is repeated. Remove one.")
        checked.append(int(cutoff))
    if not checked:
        raise FaultError((), "no cutoffs; name one or more, such as [1, 5, 10, 20]")
    return tuple(checked)


def expand_specs(
    specs: Sequence[Any], cutoffs: Sequence[int], convention: str | None = None
) -> list[tuple[Metric, ...]]:
    """Return the metrics of each spec; raise ``FaultError`` at the index of an invalid spec."""
    if not specs:
        raise FaultError((), "no metrics; name one or more, such as [recall, ndcg]")
    defaults = convention_of(convention).metrics if convention is not None else {}
    seen: dict[str, int] = {}
    groups = []
    for index, spec in enumerate(specs):
        try:
            group = _metrics_of(spec, cutoffs, defaults)
        except FaultError as fault:
            raise FaultError((index, *fault.path), fault.message) from fault
        for metric in group:
            if metric.label in seen:
                raise FaultError((index,), f"the metric '{metric.label}' is repeated. Remove one.")
            seen[metric.label] = index
        groups.append(group)
    return groups


def _parse_label(label: str) -> dict[str, Any]:
    """Parse a name or a label into a map. The name is not checked."""
    found = _LABEL.fullmatch(label.strip())
    if found is None or (found["options"] is None and found["cutoff"] is None):
        return {"kind": label}
    spec: dict[str, Any] = {"kind": found["name"]}
    types = typing.get_type_hints(component_class("metrics", found["name"]))
    for pair in (found["options"] or "").split(",") if found["options"] else ():
        name, _, text = pair.partition("=")
        # An option of type text stays text, even "2"; other options are read as YAML.
        choices = typing.get_args(types.get(name.strip()))
        spec[name.strip()] = text.strip() if str in map(type, choices) else _scalar(text)
    if found["cutoff"] is not None:
        spec[CUTOFF] = int(found["cutoff"])
    return spec


def _scalar(text: str) -> Any:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        return text


def _metrics_of(spec: Any, cutoffs: Sequence[int], defaults: Mapping[str, Mapping[str, Any]]) -> tuple[Metric, ...]:
    if dataclasses.is_dataclass(spec) and not isinstance(spec, type):
        metric: Any = spec  # evaluation refuses other dataclasses
        return (metric,)
    if isinstance(spec, str):
        spec = _parse_label(spec)
    if not isinstance(spec, Mapping) or not isinstance(spec.get("kind"), str):
        return (from_map("metrics", spec),)
    options = {**defaults.get(spec["kind"], {}), **{key: value for key, value in spec.items() if key != "kind"}}
    try:
        cls = component_class("metrics", spec["kind"])
        if CUTOFF in options or CUTOFF not in option_names(cls):
            return (build("metrics", spec["kind"], options),)
        return tuple(build("metrics", spec["kind"], {**options, CUTOFF: cutoff}) for cutoff in cutoffs)
    except ValidationError as error:
        raise faults_of(error, options)[0] from error
    except FaultError:
        raise
    except (TypeError, ValueError) as error:
        raise FaultError((), f"an option of the metric '{spec['kind']}' is not a plain value: {error}") from error
