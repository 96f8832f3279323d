"""Single values set from the command line: ``a.b=value``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from harness.experiment.yaml_nodes import MOST_LEVELS, Node, Place, parse


def apply_overrides(root: Node, overrides: Iterable[str]) -> Node:
    """Return the tree with each ``a.b=value`` set, in their order.

    The value is YAML; it replaces what stood there, maps and lists too. Missing maps are made.

    Raises
    ------
    ExperimentError
        An override is not of that form, its value is not YAML, or its path leads into a list or a
        scalar.

    Examples
    --------
    >>> root = parse("runner: {k: 100}", lambda line: Place("a.yaml", line))
    >>> apply_overrides(root, ["runner.k=20", "evaluation.cutoffs=[1, 5]"]).plain()
    {'runner': {'k': 20}, 'evaluation': {'cutoffs': [1, 5]}}
    """
    for override in overrides:
        place = Place(f"--set {override}")
        keys = override_keys(override)
        root = _set(root, keys, _value(override, place), place, done=())
    return root


def override_keys(override: str) -> tuple[str, ...]:
    """Return the path of an override.

    Examples
    --------
    >>> override_keys("runner.k=20")
    ('runner', 'k')
    """
    path, equals, _ = override.partition("=")
    keys = tuple(path.strip().split("."))
    place = Place(f"--set {override}")
    if not equals or not all(keys):
        raise place.error("not of the form a.b=value, such as runner.k=20")
    if len(keys) > MOST_LEVELS:
        raise place.error(f"more than {MOST_LEVELS} keys; use a shorter path")
    if keys[0] == "extends":
        raise place.error("extends is read from files alone. Set the single keys instead.")
    return keys


def _value(override: str, place: Place) -> Node:
    value = parse(override.partition("=")[2], lambda _: place)
    if value is None:
        raise place.error("no value after the '='. Write null for no value, '\"\"' for empty text.")
    return value


def _set(node: Node, keys: tuple[str, ...], value: Node, place: Place, *, done: tuple[str, ...]) -> Node:
    if not keys:
        return value
    if node.value is None:
        node = Node({}, place)
    if not isinstance(node.value, Mapping):
        where = ".".join(done)
        if isinstance(node.value, tuple):
            raise place.error(f"{where} is a list, and its entries have no keys. Set it whole: {where}=[…]")
        raise place.error(f"{where} is {node.value!r}, and has no keys below it. Set it itself: {where}=…")
    key, *rest = keys
    child = node.value.get(key, Node({}, place))
    return Node({**node.value, key: _set(child, tuple(rest), value, place, done=(*done, key))}, node.place)
