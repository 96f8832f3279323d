"""Components of an experiment: from ``{kind: …, option: …}`` to an instance, by the registry alone."""

from __future__ import annotations

import dataclasses
import functools
import json
from collections.abc import Mapping, Sequence
from typing import Any, get_args, get_type_hints

from pydantic import PlainValidator, TypeAdapter, ValidationError
from pydantic_core import to_jsonable_python

from harness import registry
from harness.errors import ExperimentError, HarnessError, did_you_mean
from harness.experiment.validation_errors import FaultError, faults_of, shown
from harness.experiment.yaml_nodes import Step


def component(group: str) -> PlainValidator:
    """Return the validator of a field that holds a component of a group."""
    return PlainValidator(functools.partial(from_map, group))


def from_map(group: str, value: Any) -> Any:
    """Return the component that a map describes; a component is returned as it is.

    Raises
    ------
    FaultError
        It is not a map, has no ``kind``, or an unknown one.
    pydantic.ValidationError
        An option is wrong.
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        try:
            registry.kind_of(group, value)
        except HarnessError as error:
            raise FaultError((), str(error)) from error
        return value
    if not isinstance(value, Mapping):
        known = ", ".join(registry.names(group))
        raise FaultError(
            (), f"a {registry.SINGULAR[group]} is {shown(value)}; a map with a kind is needed. Known: {known}."
        )
    if "kind" not in value:
        raise FaultError(
            (), f"a {registry.SINGULAR[group]} has no key 'kind'. {did_you_mean('', registry.names(group))}"
        )
    kind = value["kind"]
    if not isinstance(kind, str):
        raise FaultError(("kind",), f"kind is {shown(kind)}; text is needed. {did_you_mean('', registry.names(group))}")
    return build(group, kind, {key: option for key, option in value.items() if key != "kind"})


def build(group: str, kind: str, options: Mapping[str, Any]) -> Any:
    """Return the component of a kind with options in plain values.

    Raises
    ------
    FaultError
        The kind is unknown, or does not take an option.
    pydantic.ValidationError
        An option has the wrong type or value.
    """
    cls = component_class(group, kind)
    known = option_names(cls)
    for key in options:
        if key not in known:
            remedy = did_you_mean(key, known) or "It takes none."
            raise FaultError(
                (key,), f"unknown option {shown(key)} of the {registry.SINGULAR[group]} '{kind}'. {remedy}"
            )
    # From JSON, since strict validation takes no lists for tuples and no maps for classes from Python.
    return TypeAdapter(cls).validate_json(json.dumps(options, allow_nan=False))


def component_of(group: str, kind: str, options: Mapping[str, Any]) -> Any:
    """Return the component of a kind with options in plain values, for callers that have no file.

    Raises
    ------
    ExperimentError
        The kind or an option is wrong.
    """
    try:
        return build(group, kind, options)
    except FaultError as fault:
        raise ExperimentError(fault.message) from fault
    except ValidationError as error:
        known = functools.partial(keys_at, component_class(group, kind))
        faults = faults_of(error, dict(options), keys_at=known)
        raise ExperimentError("; ".join(fault.message for fault in faults)) from error


def component_class(group: str, kind: str) -> Any:
    """Return the class of a kind; a ``FaultError`` at ``kind`` where there is none."""
    try:
        return registry.load(group, kind)
    except HarnessError as error:
        raise FaultError(("kind",), str(error)) from error


def known_model(kind: str) -> str:
    """Return the kind of a model; a ``FaultError`` where no such model is registered."""
    known = registry.names("models")
    if kind not in known:
        raise FaultError((), f"unknown model {shown(kind)}. {did_you_mean(kind, known)}")
    return kind


def option_names(cls: Any) -> tuple[str, ...]:
    """Return the options that a component class takes."""
    return tuple(field.name for field in dataclasses.fields(cls) if field.init)


def keys_at(cls: Any, path: Sequence[Step]) -> tuple[str, ...]:
    """Return the keys that a map at a path of a section takes; none where it takes anything."""
    section: Any = cls
    hint: Any = cls
    for step in path:
        hints = get_type_hints(section)
        # An index, or a key of the user's own, stays with the class of the entries.
        hint = hints.get(str(step), hint)
        section = _section_in(hint)
        if section is None:
            return ()
    return option_names(section)


def _section_in(hint: Any) -> Any:
    if dataclasses.is_dataclass(hint):
        return hint
    return next((found for part in get_args(hint) if (found := _section_in(part)) is not None), None)


def options_of(instance: Any) -> dict[str, Any]:
    """Return a component's options in plain values, defaults included."""
    return {name: to_plain(getattr(instance, name)) for name in option_names(type(instance))}


def to_map(group: str, instance: Any) -> dict[str, Any]:
    """Return the map that describes a component; the opposite of ``from_map``."""
    return {"kind": registry.kind_of(group, instance), **options_of(instance)}


def name_or_map(group: str, instance: Any) -> str | dict[str, Any]:
    """Return the name alone of a component that has no options, else its map."""
    described = to_map(group, instance)
    return described if len(described) > 1 else str(described["kind"])


def to_plain(value: Any) -> Any:
    """Return a value in dicts, lists and scalars."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return options_of(value)
    if isinstance(value, Mapping):
        return {str(key): to_plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [to_plain(entry) for entry in value]
    return to_jsonable_python(value)
