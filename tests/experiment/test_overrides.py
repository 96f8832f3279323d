import pytest

from harness.errors import ExperimentError
from harness.experiment.overrides import apply_overrides
from harness.experiment.yaml_nodes import Node, YamlLocation, parse


def tree(text: str = "a: {b: 1}\nlist: [1, 2]\nnothing:\n") -> Node:
    node = parse(text, lambda line: YamlLocation("a.yaml", line))
    assert node is not None
    return node


@pytest.mark.parametrize(
    ("override", "path", "value"),
    [
        ("a.b=2", ("a", "b"), 2),
        ("a.b=1e-3", ("a", "b"), 0.001),
        ("a.b=no", ("a", "b"), "no"),
        ("a.b=010", ("a", "b"), "010"),
        ("a.b=null", ("a", "b"), None),
        ("a.b=''", ("a", "b"), ""),
        ("a.b='5'", ("a", "b"), "5"),
        ("a.b=x=y", ("a", "b"), "x=y"),
        ("a.b=ml-100k/ease", ("a", "b"), "ml-100k/ease"),
        ("a={c: 3}", ("a",), {"c": 3}),
        ("list=[7]", ("list",), [7]),
        ("new.deep.key=[{kind: x}]", ("new",), {"deep": {"key": [{"kind": "x"}]}}),
        ("nothing.key=1", ("nothing",), {"key": 1}),
        (" a.b =1", ("a", "b"), 1),
    ],
)
def test_values_are_yaml(override: str, path: tuple[str, ...], value: object) -> None:
    node = apply_overrides(tree(), [override]).find(path)
    assert node.plain() == value
    assert str(node.location) == f"--set {override}"


def test_the_last_override_wins_and_other_keys_stay() -> None:
    root = tree()
    assert apply_overrides(root, ["a.b=2", "a.b=3", "a.c=4"]).plain()["a"] == {"b": 3, "c": 4}
    assert root.plain()["a"] == {"b": 1}


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("a.b", "not of the form a.b=value"),
        ("=1", "not of the form"),
        ("a..b=1", "not of the form"),
        (".a=1", "not of the form"),
        ("", "not of the form"),
        ("a.b=", "nothing follows the '='"),
        ("a.b=# x", "nothing follows the '='"),
        ("a.b=[1", "not valid YAML"),
        ("a.b=!!int 3", "tags are not supported"),
        ("a.b={x: 1, x: 2}", "duplicate key 'x'"),
        ("a.b=.inf", "not a finite number"),
        ("a.b.c=1", "a.b is 1, which has no keys. Set its value: a.b=…"),
        ("list.0=1", "list is a list, whose entries cannot be set. Set the list: list=[…]"),
        ("extends=b.yaml", "extends cannot be overridden"),
        ("a" + ".a" * 40 + "=1", "more than 32 keys"),
    ],
)
def test_errors_name_the_override(override: str, words: str) -> None:
    with pytest.raises(ExperimentError) as caught:
        apply_overrides(tree(), [override])
    assert str(caught.value).startswith(f"--set {override}: ")
    assert words in str(caught.value)
