"""Parse YAML text into nodes that keep their file and line."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import yaml

from harness.errors import ExperimentError
from harness.experiment.yaml_scalars import Scalar, resolve

MOST_VALUES = 20_000  # counted after aliases are expanded
MOST_LEVELS = 32
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")

Step = str | int
LocationAt = Callable[[int], "YamlLocation"]


@dataclass(frozen=True)
class YamlLocation:
    """The origin of a value: a file and a line (from 1), or an override.

    Examples
    --------
    >>> str(YamlLocation("a.yaml", 3)), str(YamlLocation("--set seed=1"))
    ('a.yaml:3', '--set seed=1')
    """

    file: str
    line: int | None = None

    def __str__(self) -> str:
        return self.file if self.line is None else f"{self.file}:{self.line}"

    def error(self, message: str) -> ExperimentError:
        """Return an error with a message at this location."""
        return ExperimentError(f"{self}: {message}")


@dataclass(frozen=True)
class Node:
    """A YAML value and its location. The location of a value in a map is that of its key.

    Parameters
    ----------
    value
        A scalar, a tuple of nodes, or a map from text to nodes.
    location
        File and line, or override.
    """

    value: Scalar | tuple[Node, ...] | Mapping[str, Node]
    location: YamlLocation

    def plain(self) -> Any:
        """Return the value as dicts, lists and scalars."""
        if isinstance(self.value, Mapping):
            return {key: node.plain() for key, node in self.value.items()}
        if isinstance(self.value, tuple):
            return [node.plain() for node in self.value]
        return self.value

    def find(self, path: Sequence[Step]) -> Node:
        """Return the node at a path of keys and indices, or its nearest existing ancestor."""
        node = self
        for step in path:
            child = node.child(step)
            if child is None:
                break
            node = child
        return node

    def child(self, step: Step) -> Node | None:
        """Return the child of a key or an index, or None if there is none."""
        if isinstance(self.value, Mapping):
            return self.value.get(step) if isinstance(step, str) else None
        if isinstance(self.value, tuple) and isinstance(step, int) and step < len(self.value):
            return self.value[step]
        return None

    def walk(self, level: int = 1) -> Iterator[int]:
        """Yield the nesting level of this node and of each node below it."""
        yield level
        below: Sequence[Node] = ()
        if isinstance(self.value, Mapping):
            below = tuple(self.value.values())
        elif isinstance(self.value, tuple):
            below = self.value
        for node in below:
            yield from node.walk(level + 1)


def parse(text: str, location_at: LocationAt) -> Node | None:
    """Parse a YAML text and return its root, or None if the text is empty.

    Parameters
    ----------
    text
        One YAML document. Anchors and aliases are expanded. Tags, merge keys and duplicate keys are
        errors.
    location_at
        Function from a line (from 1) to its location.

    Raises
    ------
    ExperimentError
        The text is not valid YAML, uses an unsupported feature, or has more than 20,000 values or
        32 levels.

    Examples
    --------
    >>> parse("a: [1, no]", lambda line: YamlLocation("a.yaml", line)).plain()
    {'a': [1, 'no']}
    """
    composer = _Composer(text, location_at)
    try:
        return composer.document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = composer.line if mark is None else mark.line + 1
        problem = " ".join(filter(None, (error.context, error.problem)))
        hint = " Indent with spaces." if "'\\t'" in problem else ""
        raise location_at(line).error(f"not valid YAML: {problem}.{hint}") from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise location_at(line).error("a character that YAML does not allow. Is this a text file?") from error
    except (ValueError, OverflowError, IndexError) as error:
        # Some malformed escapes and directives raise plain Python errors in the scanner.
        raise location_at(composer.line).error(f"not valid YAML: {error}.") from error


class _Composer:
    """Builder of nodes from the parser events of one text."""

    def __init__(self, text: str, location_at: LocationAt) -> None:
        # The pure Python parser: the C parser crashes on very deep input.
        self._events: Iterator[Any] = iter(yaml.parse(text, Loader=yaml.SafeLoader))
        self._location_at = location_at
        self._anchors: dict[str, Node] = {}
        self._values = 0
        self.line = 1

    def document(self) -> Node | None:
        self._next()
        if isinstance(self._next(), yaml.StreamEndEvent):
            return None
        root = self._node(self._next(), level=1)
        self._next()
        if not isinstance(self._next(), yaml.StreamEndEvent):
            raise self._error("a second document; only one per file is allowed")
        return root

    def _next(self) -> Any:
        event = next(self._events)
        self.line = event.start_mark.line + 1
        return event

    def _error(self, message: str) -> ExperimentError:
        return self._location_at(self.line).error(message)

    def _node(self, event: Any, *, level: int) -> Node:
        location = self._location_at(self.line)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event.anchor, location, level)
        self._count(values=1, level=level)
        self._refuse_tag(event)
        if isinstance(event, yaml.ScalarEvent):
            node = Node(self._scalar(event), location)
        elif isinstance(event, yaml.SequenceStartEvent):
            node = Node(self._sequence(level), location)
        else:
            node = Node(self._mapping(level), location)
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        return node

    def _count(self, *, values: int, level: int) -> None:
        self._values += values
        if self._values > MOST_VALUES:
            raise self._error(f"more than {MOST_VALUES:,} values after aliases are expanded; shorten the file")
        if level > MOST_LEVELS:
            raise self._error(f"more than {MOST_LEVELS} levels; nest less deeply")

    def _refuse_tag(self, event: Any) -> None:
        if event.tag is not None:
            raise self._error(f"the tag {event.tag!r}; tags are not supported, remove it")

    def _alias(self, anchor: str | None, location: YamlLocation, level: int) -> Node:
        node = None if anchor is None else self._anchors.get(anchor)
        if node is None:
            raise self._error(f"the alias *{anchor} has no anchor &{anchor} that ends before it")
        levels = list(node.walk(level))
        self._count(values=len(levels), level=max(levels))
        return replace(node, location=location)

    def _scalar(self, event: Any) -> Scalar:
        text = self._text(event)
        if event.style is not None:
            return text
        try:
            return resolve(text)
        except ValueError as error:
            raise self._error(f"{error}") from error

    def _text(self, event: Any) -> str:
        text: str = event.value
        control = _CONTROL.search(text)
        if control is not None:
            raise self._error(f"text with the control character {control[0]!r}; remove it")
        return text

    def _sequence(self, level: int) -> tuple[Node, ...]:
        nodes = []
        while not isinstance(event := self._next(), yaml.SequenceEndEvent):
            nodes.append(self._node(event, level=level + 1))
        return tuple(nodes)

    def _mapping(self, level: int) -> Mapping[str, Node]:
        nodes: dict[str, Node] = {}
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            key, location = self._key(event), self._location_at(self.line)
            if key in nodes:
                raise location.error(f"duplicate key {key!r}, first set at {nodes[key].location}. Keep one of them.")
            nodes[key] = replace(self._node(self._next(), level=level + 1), location=location)
        return nodes

    def _key(self, event: Any) -> str:
        if not isinstance(event, yaml.ScalarEvent):
            raise self._error("a key that is not text; keys are words such as 'seed'")
        self._refuse_tag(event)
        key = self._text(event)
        if key == "<<" and event.style is None:
            raise self._error("the merge key <<, which is not supported; use 'extends' or write the keys out")
        if key == "":
            raise self._error("an empty key; write a word before the colon")
        return key
