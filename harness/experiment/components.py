"""Build components, such as metrics and splits, from maps ``{kind: …, option: …}`` by the registry."""

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
    """Return a pydantic validator for a field that holds a component of a registry group."""
    return PlainValidator(functools.partial(from_map, group))


def from_map(group: str, value: Any) -> Any:
    """Build the component that a map describes. A component is returned unchanged.

    Raises
    ------
    FaultError
        The value is not a map, or its ``kind`` is missing or unknown.
    pydantic.ValidationError
        An option is invalid.
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
    """Build the component of a kind from options in plain values.

    Raises
    ------
    FaultError
        The kind or the name of an option is unknown.
    pydantic.ValidationError
        An option has a wrong type or value.
    """
    cls = component_class(group, kind)
    known = option_names(cls)
    for key in options:
        if key not in known:
            remedy = did_you_mean(key, known) or "It takes no options."
            raise FaultError(
                (key,), f"unknown option {shown(key)} of the {registry.SINGULAR[group]} '{kind}'. {remedy}"
            )
    # Validate from JSON: strict validation of Python values rejects lists as tuples and maps as classes.
    return TypeAdapter(cls).validate_json(json.dumps(options, allow_nan=False))


def component_of(group: str, kind: str, options: Mapping[str, Any]) -> Any:
    """Build the component of a kind from options in plain values that come from no file.

    Raises
    ------
    ExperimentError
        The kind or an option is invalid.
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
    """Return the class of a kind; raise ``FaultError`` at ``kind`` if the kind is unknown."""
    try:
        return registry.load(group, kind)
    except HarnessError as error:
        raise FaultError(("kind",), str(error)) from error


def known_model(kind: str) -> str:
    """Return the kind of a model unchanged; raise ``FaultError`` if no such model is registered."""
    known = registry.names("models")
    if kind not in known:
        raise FaultError((), f"unknown model {shown(kind)}. {did_you_mean(kind, known)}")
    return kind


def option_names(cls: Any) -> tuple[str, ...]:
    """Return the names of the options of a component class."""
    return tuple(field.name for field in dataclasses.fields(cls) if field.init)


def keys_at(cls: Any, path: Sequence[Step]) -> tuple[str, ...]:
    """Return the keys allowed in the map at a path of a section, or an empty tuple if any key is allowed."""
    section: Any = cls
    hint: Any = cls
    for step in path:
        hints = get_type_hints(section)
        # A list index or a free key keeps the type of the entries.
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
    """Return the options of a component in plain values, including defaults."""
    return {name: to_plain(getattr(instance, name)) for name in option_names(type(instance))}


def to_map(group: str, instance: Any) -> dict[str, Any]:
    """Return the map that describes a component, the inverse of ``from_map``."""
    return {"kind": registry.kind_of(group, instance), **options_of(instance)}


def name_or_map(group: str, instance: Any) -> str | dict[str, Any]:
    """Return the kind of a component without options, or the map of a component with options."""
    described = to_map(group, instance)
    return described if len(described) > 1 else str(described["kind"])


def to_plain(value: Any) -> Any:
    """Convert a value to dicts, lists and scalars."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return options_of(value)
    if isinstance(value, Mapping):
        return {str(key): to_plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [to_plain(entry) for entry in value]
    return to_jsonable_python(value)
