"""JSON Schema of experiment and benchmark files, for editors: ``harness schema``.

The schema is looser than validation, because a file may extend another one: no key is required, and options of a
component are checked only where the file names its kind.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from typing import Any, TypeAlias, get_args

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core.core_schema import DataclassSchema

from harness import registry
from harness.experiment.benchmark import BenchmarkFile
from harness.experiment.components import option_names
from harness.experiment.conventions import CONVENTIONS
from harness.experiment.experiment import Experiment
from harness.experiment.sections import DEFAULT_TEST
from harness.experiment.slice_settings import By
from harness.experiment.trial_settings import OnFailure

Schema: TypeAlias = dict[str, Any]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_EXTENDS = "Another file, relative to this one: its maps are merged with those of this file, its lists are replaced."
_FACTORY = "Short for kind: python, with params.factory: a function or class, package.module:Name."
_INTERNAL = ("Node", "YamlLocation")  # the parsed file, which an experiment keeps for messages
_OPTIONS = r"(\[[^\[\]@]+\])?(@[0-9]{1,9})?"  # of a label of a metric


def experiment_schema() -> Schema:
    """Return the schema of an experiment file, including all registered components and their options."""
    schema = _of_class(Experiment)
    for section in schema["properties"].values():
        if "$ref" in section:  # the description of the section itself says more
            del section["description"]
    schema["properties"]["extends"] = {"type": "string", "description": _EXTENDS}
    schema["properties"]["expected"]["propertyNames"] = _label()
    return _document("Experiment", schema)


def benchmark_schema() -> Schema:
    """Return the schema of a benchmark file."""
    schema = _of_class(BenchmarkFile)
    schema["properties"]["extends"] = {"type": "string", "description": _EXTENDS}
    schema["properties"]["primary"] = _described(schema["properties"]["primary"], _or_null(_label()))
    return _document("Benchmark", schema)


def _document(title: str, schema: Schema) -> Schema:
    return {"$schema": _DIALECT, **schema, "title": f"{title} of recsys-harness"}


def _of_class(cls: Any) -> Schema:
    """Return the schema of a class of sections, with the parts that their validators hide from pydantic."""
    schema = _schema_of(cls)
    definitions: Schema = schema.setdefault("$defs", {})
    known = option_names(cls)
    schema["properties"] = {name: value for name, value in schema["properties"].items() if name in known}
    for name in _INTERNAL:
        definitions.pop(name, None)
    for name, change in _CHANGES.items():
        if name in definitions:
            change(definitions[name]["properties"], definitions)
    if "ModelSettings" in definitions:
        kinds = _components("models", definitions, is_complete=False)
        definitions["ModelSettings"]["allOf"] = [
            {"if": case["if"], "then": {"properties": {"params": case["then"]}}} for case in kinds["allOf"]
        ]
    schema["$defs"] = dict(sorted(definitions.items()))
    return schema


class _DocumentedSchema(GenerateJsonSchema):
    """Schemas whose descriptions are those of NumPy docstrings, including the docstrings of base classes."""

    def dataclass_schema(self, schema: DataclassSchema) -> Schema:
        """Return the schema of a dataclass."""
        made = super().dataclass_schema(schema)
        texts: dict[str, str] = {}
        for base in reversed(schema["cls"].__mro__):
            summary, own = _docstring(inspect.cleandoc(base.__doc__ or ""))
            texts |= own
        described = self.resolve_ref_schema(made)
        described["description"] = summary
        for name, value in described.get("properties", {}).items():
            if name in texts:
                value["description"] = texts[name]
        return made


def _schema_of(cls: Any) -> Schema:
    """Return the schema of a class without titles and required keys."""
    return _plain(TypeAdapter(cls).json_schema(schema_generator=_DocumentedSchema))


def _plain(schema: Schema) -> Schema:
    plain = {key: _each(value) for key, value in schema.items() if key not in ("title", "required")}
    if "properties" in schema:  # any name may be that of a property
        plain["properties"] = {name: _each(value) for name, value in schema["properties"].items()}
    return plain


def _each(value: Any) -> Any:
    if isinstance(value, dict):
        return _plain(value)
    return [_each(child) for child in value] if isinstance(value, list) else value


def _docstring(text: str) -> tuple[str, dict[str, str]]:
    """Split a docstring into its first paragraph and the descriptions of its parameters, by name."""
    summary, _, rest = text.partition("\n\n")
    section = re.search(r"Parameters\n-+\n(.*?)(?=\n\S[^\n]*\n-{3,}|\Z)", rest, re.DOTALL)
    texts = {}
    for entry in re.finditer(r"^(\S[^\n]*)\n((?:[ \t]+[^\n]*\n?|\n)+)", section[1] if section else "", re.MULTILINE):
        for name in entry[1].split(","):
            texts[name.split(":")[0].strip()] = _sentence(entry[2])
    return _sentence(summary), texts


def _sentence(text: str) -> str:
    return " ".join(text.replace("``", "`").split())


def _components(group: str, definitions: Schema, *, is_complete: bool) -> Schema:
    """Return the schema of a map with a kind and its options, and add that of each kind to the definitions.

    Parameters
    ----------
    group
        A group of the registry.
    definitions
        The definitions of the whole schema.
    is_complete
        Whether the map must name its kind: in lists, which no other file completes.
    """
    cases, names = [], registry.names(group)
    for name in names:
        schema = _schema_of(registry.load(group, name))
        definitions.update(schema.pop("$defs", {}))
        options = {"type": "object", **schema, "additionalProperties": False}
        properties = options.get("properties", {})
        options["properties"] = properties if group == "models" else {"kind": {"const": name}, **properties}
        definitions[f"{group}.{name}"] = options
        named = {"properties": {"kind": {"const": name}}, "required": ["kind"]}
        cases.append({"if": named, "then": {"$ref": f"#/$defs/{group}.{name}"}})
    kind = {"enum": names, "description": f"Name of the {registry.SINGULAR[group]}."}
    required = {"required": ["kind"]} if is_complete else {}
    return {"type": "object", "properties": {"kind": kind}, **required, "allOf": cases}


def _label() -> Schema:
    """Return the schema of a metric's name or label, such as ``ndcg[gain=exp2]@10``."""
    names = "|".join(re.escape(name) for name in registry.names("metrics"))
    return {"type": "string", "pattern": f"^({names}){_OPTIONS}$"}


def _or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def _described(old: Mapping[str, Any], new: Schema) -> Schema:
    """Return a schema with the description and the default of the one that it replaces."""
    return {**{key: old[key] for key in ("description", "default") if key in old}, **new}


def _dataset(properties: Schema, definitions: Schema) -> None:
    names = {"enum": registry.names("sources")}
    sources = _components("sources", definitions, is_complete=False)
    properties["catalog"] = _described(properties["catalog"], {"anyOf": [names, sources, {"type": "null"}]})
    properties["filters"]["items"] = _components("filters", definitions, is_complete=True)
    properties["split"] = _described(properties["split"], _components("splits", definitions, is_complete=False))


def _model(properties: Schema, definitions: Schema) -> None:
    properties["kind"] = _described(properties["kind"], {"enum": registry.names("models")})
    properties["params"] = _described(properties["params"], {"type": "object"})
    properties["factory"] = {"type": "string", "description": _FACTORY}
    properties["trial"]["anyOf"].append({"enum": list(get_args(OnFailure))})


def _evaluation(properties: Schema, definitions: Schema) -> None:
    metric = {"anyOf": [_label(), _components("metrics", definitions, is_complete=True)]}
    properties["metrics"]["items"] = metric
    properties["cutoffs"]["items"]["minimum"] = 1
    properties["primary"] = _described(properties["primary"], _or_null(_label()))
    properties["convention"] = _described(properties["convention"], _or_null({"enum": sorted(CONVENTIONS)}))
    properties["slices"]["items"] = {"anyOf": [{"enum": list(get_args(By))}, properties["slices"]["items"]]}


def _statistics(properties: Schema, definitions: Schema) -> None:
    names = {"enum": [DEFAULT_TEST, *registry.names("tests")]}
    tests = _components("tests", definitions, is_complete=False)
    properties["test"] = _described(properties["test"], {"anyOf": [names, tests]})


def _items(properties: Schema, definitions: Schema) -> None:
    properties["vectors"]["anyOf"].append({"type": "string"})


_CHANGES = {
    "DatasetSettings": _dataset,
    "ModelSettings": _model,
    "EvaluationSettings": _evaluation,
    "StatisticsSettings": _statistics,
    "ItemsSettings": _items,
}
