import json
import time
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from harness.errors import ExperimentError
from harness.experiment.yaml_nodes import Node, YamlLocation, parse
from harness.experiment.yaml_text import to_yaml

texts = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=12)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63) + 1, 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts
    | st.sampled_from(["no", "1e-3", "010", "null", "~", "<<", "- a", "a: b", "#x", "@", "12:30", " ", "a\nb", "\t"])
)
trees = st.recursive(
    scalars,
    lambda below: st.lists(below, max_size=4) | st.dictionaries(texts.filter(bool), below, max_size=4),
    max_leaves=12,
)


def read(text: str) -> Node:
    node = parse(text, lambda line: YamlLocation("x.yaml", line))
    assert node is not None
    return node


@settings(deadline=None, max_examples=60)
@given(trees)
def test_written_yaml_reads_back(tree: Any) -> None:
    assert read(to_yaml(tree)).plain() == tree


@settings(deadline=None, max_examples=60)
@given(trees)
def test_json_reads_as_json(tree: Any) -> None:
    # JSON writes a character over 16 bits as two escapes, which YAML does not join.
    text = json.dumps(tree)
    assume("\\ud" not in text)
    assert read(text).plain() == tree


def test_locations_are_those_of_keys_and_entries() -> None:
    root = read("a:\n  - 1\n  - b: 2\n    c:\n      3\nd: [x,\n  y]\n")
    places = {
        path: root.find(path).location.line for path in [("a",), ("a", 1), ("a", 1, "c"), ("d", 1), ("nowhere", 1)]
    }
    assert places == {("a",): 1, ("a", 1): 3, ("a", 1, "c"): 4, ("d", 1): 7, ("nowhere", 1): 1}


def test_the_location_of_an_alias_is_its_use() -> None:
    root = read("a: &x {k: 1}\nb: *x\n")
    assert root.plain() == {"a": {"k": 1}, "b": {"k": 1}}
    assert root.find(("b",)).location == YamlLocation("x.yaml", 2)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, "duplicate key 'a', first set at x.yaml:1"),
        ("a: 1\n'a': 3\n", 2, "duplicate key 'a'"),
        ("a: !!python/object:os.system x", 1, "tags are not supported"),
        ("a: !!int 3", 1, "tags are not supported"),
        ("a: !own 3", 1, "tags are not supported"),
        ("!!str a: 3", 1, "tags are not supported"),
        ("a: &x {b: 1}\nc:\n  <<: *x\n", 3, "merge key"),
        ("a: 1\n---\nb: 2\n", 2, "second document"),
        ("a: *nowhere", 1, "alias \\*nowhere has no anchor"),
        ("a: &x [*x]", 1, "alias \\*x has no anchor &x that ends before it"),
        ("? [a, b]\n: 1\n", 1, "a key that is not text"),
        ("a: &k b\n*k : 1\n", 2, "a key that is not text"),
        ("? \n: 1", 1, "an empty key"),
        ("a:\n\tb: 1", 2, "Indent with spaces"),
        ("a: [1, 2\nb: 3\n", 2, "not valid YAML"),
        ("a: 'x\n", 2, "not valid YAML"),
        ("a: @x", 1, "not valid YAML"),
        ('a: "\\UFFFFFFFF"', 1, "not valid YAML"),
        ('a: "\\x1b[31m"', 1, "control character"),
        ('a: "\\0"', 1, "control character"),
        ('a: "\\ud800"', 1, "control character"),
        ('"\\x07": 1', 1, "control character"),
        ("a: b\nc: \x07", 2, "a character that YAML does not allow"),
        ("a: .nan", 1, "not a finite number"),
        ("a:\n  b: 1e999", 2, "too large"),
        ("%YAML 3.0\n---\na: 1", 1, "not valid YAML"),
    ],
)
def test_errors_name_their_line(text: str, line: int, words: str) -> None:
    with pytest.raises(ExperimentError, match=f"^x.yaml:{line}: .*{words}"):
        read(text)


def test_an_alias_bomb_is_refused_quickly() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 12)]
    start = time.perf_counter()
    with pytest.raises(ExperimentError, match="more than 20,000 values"):
        read("\n".join(lines))
    assert time.perf_counter() - start < 2


def test_the_maximum_number_of_values() -> None:
    assert len(read(f"[{'1,' * 19_999}]").plain()) == 19_999
    with pytest.raises(ExperimentError, match="more than 20,000 values"):
        read(f"[{'1,' * 20_000}]")


@pytest.mark.parametrize("brackets", [33, 200_000])
def test_too_many_levels_are_an_error(brackets: int) -> None:
    with pytest.raises(ExperimentError, match="more than 32 levels"):
        read("[" * brackets + "]" * brackets)
    with pytest.raises(ExperimentError, match="more than 32 levels"):
        read("{a: " * brackets)


def test_aliases_count_with_the_depth_of_their_anchors() -> None:
    chain = "\n".join(f"a{i}: &a{i} [{'' if i == 0 else f'*a{i - 1}'}]" for i in range(31))
    assert read(chain).plain()["a0"] == []
    with pytest.raises(ExperimentError, match="more than 32 levels"):
        read(chain + "\na31: [*a30]")


def test_an_empty_text_has_no_root() -> None:
    assert parse("# a comment\n", lambda line: YamlLocation("x.yaml", line)) is None
