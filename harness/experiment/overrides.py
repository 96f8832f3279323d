"""Overrides of single values, ``a.b=value``, such as those of ``--set``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from harness.experiment.yaml_nodes import MOST_LEVELS, Node, YamlLocation, parse


def apply_overrides(root: Node, overrides: Iterable[str]) -> Node:
    """Return the tree with each override ``a.b=value`` applied in order.

    The value is YAML and replaces the previous value, including maps and lists. Missing maps are created.

    Raises
    ------
    ExperimentError
        An override does not have the form ``a.b=value``, its value is not YAML, or its path leads into a
        list or a scalar.

    Examples
    --------
    >>> root = parse("runner: {k: 100}", lambda line: YamlLocation("a.yaml", line))
    >>> apply_overrides(root, ["runner.k=20", "evaluation.cutoffs=[1, 5]"]).plain()
    {'runner': {'k': 20}, 'evaluation': {'cutoffs': [1, 5]}}
    """
    for override in overrides:
        location = YamlLocation(f"--set {override}")
        keys = override_keys(override)
        root = _set(root, keys, _value(override, location), location, done=())
    return root


def override_keys(override: str) -> tuple[str, ...]:
    """Return the path of an override as a tuple of keys.

    Examples
    --------
    >>> override_keys("runner.k=20")
    ('runner', 'k')
    """
    path, equals, _ = override.partition("=")
    keys = tuple(path.strip().split("."))
    location = YamlLocation(f"--set {override}")
    if not equals or not all(keys):
        raise location.error("not of the form a.b=value, such as runner.k=20")
    if len(keys) > MOST_LEVELS:
        raise location.error(f"more than {MOST_LEVELS} keys; use a shorter path")
    if keys[0] == "extends":
        raise location.error("extends cannot be overridden. Set single keys instead.")
    return keys


def _value(override: str, location: YamlLocation) -> Node:
    value = parse(override.partition("=")[2], lambda _: location)
    if value is None:
        raise location.error("nothing follows the '='. Write null to unset the key, '\"\"' for empty text.")
    return value


def _set(node: Node, keys: tuple[str, ...], value: Node, location: YamlLocation, *, done: tuple[str, ...]) -> Node:
    if not keys:
        return value
    if node.value is None:
        node = Node({}, location)
    if not isinstance(node.value, Mapping):
        where = ".".join(done)
        if isinstance(node.value, tuple):
            raise location.error(f"{where} is a list, whose entries cannot be set. Set the list: {where}=[…]")
        raise location.error(f"{where} is {node.value!r}, which has no keys. Set its value: {where}=…")
    key, *rest = keys
    child = node.value.get(key, Node({}, location))
    return Node({**node.value, key: _set(child, tuple(rest), value, location, done=(*done, key))}, node.location)
