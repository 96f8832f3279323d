from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import ExperimentError
from harness.experiment import load_experiment
from harness.experiment.extends import LARGEST_FILE, load_tree, merge
from harness.experiment.yaml_nodes import Node, YamlLocation

keys = st.sampled_from("abcd")
trees = st.recursive(
    st.integers(0, 9),
    lambda below: st.lists(below, max_size=2) | st.dictionaries(keys, below, max_size=3),
    max_leaves=8,
)
maps = st.dictionaries(keys, trees, max_size=4)


def nodes(plain: Any, file: str) -> Node:
    if isinstance(plain, dict):
        return Node({key: nodes(value, file) for key, value in plain.items()}, YamlLocation(file))
    return Node(tuple(nodes(value, file) for value in plain) if isinstance(plain, list) else plain, YamlLocation(file))


def merged_leaves(base: Any, over: Any, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    """Return path to value, worked out path by path rather than map by map."""
    result = {}
    for key in {**base, **over}:
        here = (*path, key)
        both = key in base and key in over
        if both and isinstance(base[key], dict) and isinstance(over[key], dict):
            result |= merged_leaves(base[key], over[key], here) or {here: {}}
        else:
            result[here] = over[key] if key in over else base[key]
    return result


@settings(deadline=None, max_examples=50)
@given(maps, maps)
def test_maps_merge_and_other_values_are_replaced(base: Any, over: Any) -> None:
    merged = merge(nodes(base, "base"), nodes(over, "over"))
    for path, value in merged_leaves(base, over).items():
        found = merged.find(path)
        assert found.plain() == value
    assert merge(nodes(over, "over"), nodes({}, "x")).plain() == over
    assert merge(merged, nodes(over, "over")).plain() == merged.plain()


def test_extends_is_relative_to_its_file(write: Any) -> None:
    write("base.yaml", "a: {x: 1, y: 2}\nlist: [1, 2]\n")
    write("in/middle.yaml", "extends: ../base.yaml\na: {y: 3}\n")
    write("in/deep/top.yaml", "extends: ../middle.yaml\nlist: [9]\n")
    tree = load_tree("in/deep/top.yaml")
    assert tree.plain() == {"a": {"x": 1, "y": 3}, "list": [9]}
    assert str(tree.find(("a", "y")).location) == "in/deep/../middle.yaml:2"
    assert str(tree.find(("a", "x")).location) == "in/deep/../../base.yaml:1"


@pytest.mark.parametrize("value", ["3", "[a.yaml]", "''", "{}", "true"])
def test_extends_must_be_one_path(write: Any, value: str) -> None:
    write("a.yaml", f"x: 1\nextends: {value}\n")
    with pytest.raises(ExperimentError, match=r"^a\.yaml:2: extends needs the path of one file"):
        load_tree("a.yaml")


def test_a_cycle_shows_its_chain(write: Any) -> None:
    write("a.yaml", "extends: b.yaml\n")
    write("b.yaml", "\nextends: c.yaml\n")
    write("c.yaml", "extends: ./a.yaml\n")
    with pytest.raises(
        ExperimentError, match=r"^c\.yaml:1: a cycle of extends: a\.yaml -> b\.yaml -> c\.yaml -> a\.yaml"
    ):
        load_tree("a.yaml")


def test_a_file_that_extends_itself_through_a_link(write: Any) -> None:
    write("a.yaml", "extends: link.yaml\n")
    Path("link.yaml").symlink_to("a.yaml")
    with pytest.raises(ExperimentError, match="a cycle of extends"):
        load_tree("a.yaml")


def test_a_very_long_chain(write: Any) -> None:
    for index in range(40):
        write(f"{index}.yaml", f"extends: {index + 1}.yaml\n")
    with pytest.raises(ExperimentError, match="more than 32 files"):
        load_tree("0.yaml")


def test_a_missing_file_suggests_the_closest_name(write: Any) -> None:
    write("experiments/ease.yaml")
    with pytest.raises(
        ExperimentError, match=r"^experiments/eas\.yaml: no such file: .* Did you mean 'experiments/ease.yaml'"
    ):
        load_tree("experiments/eas.yaml")
    with pytest.raises(ExperimentError, match=r"no such file: experiments/qq\. There are: ease\.yaml\."):
        load_tree("experiments/qq")
    with pytest.raises(ExperimentError, match=r"no such file: nowhere/at/all\.yaml\.$"):
        load_tree("nowhere/at/all.yaml")


def test_a_missing_base_names_the_line_that_extends_it(write: Any) -> None:
    write("in/a.yaml", "x: 1\nextends: protocl.yaml\n")
    write("in/protocol.yaml", "y: 1\n")
    with pytest.raises(
        ExperimentError, match=r"^in/a\.yaml:2: no such file: in/protocl\.yaml\. Did you mean 'in/protocol"
    ):
        load_tree("in/a.yaml")


def test_unreadable_files_are_errors(write: Any) -> None:
    write()
    Path("folder").mkdir()
    Path("folder/popularity.yml").touch()
    cases: dict[str, tuple[bytes, str]] = {
        "empty.yaml": (b"", r"^empty\.yaml: the file is empty"),
        "comment.yaml": (b"# nothing\n", r"^comment\.yaml: the file is empty"),
        "binary.yaml": (b"name: a\n\xff\xfe\x00\x01", r"^binary\.yaml:2: not UTF-8 text"),
        "utf16.yaml": ("name: a".encode("utf-16"), r"^utf16\.yaml:1: not UTF-8 text"),
        "nul.yaml": (b"a: 1\nb: \x00\n", r"^nul\.yaml:2: a character that YAML does not allow"),
        "large.yaml": (b"#" * (LARGEST_FILE + 1), "larger than 1 MiB"),
        "list.yaml": (b"\n- a\n- b\n", r"^list\.yaml:2: not a map of keys to values"),
        "word.yaml": (b"word", r"^word\.yaml:1: not a map"),
    }
    for name, (raw, words) in cases.items():
        Path(name).write_bytes(raw)
        with pytest.raises(ExperimentError, match=words):
            load_tree(name)
    with pytest.raises(ExperimentError, match=r"^folder: folder is a folder\. There are: popularity\.yml\."):
        load_tree("folder")
    with pytest.raises(ExperimentError, match="cannot read"):
        load_tree("x" * 5000)
    with pytest.raises(ExperimentError, match="cannot read"):
        load_tree("a\0b")
    with pytest.raises(ExperimentError, match="cannot read"):
        load_tree("ease.yaml/below")
    with pytest.raises(ExperimentError, match="/dev/zero is a device; a regular file is needed"):
        load_tree("/dev/zero")


def test_a_byte_order_mark_is_ignored(write: Any) -> None:
    Path("bom.yaml").write_bytes(b"\xef\xbb\xbfname: a\n")
    assert load_tree("bom.yaml").plain() == {"name": "a"}


def test_external_models_ignore_an_inherited_fit(write: Any) -> None:
    data = "dataset: {path: data.csv, split: {kind: leave_last_out}}\n"
    write("protocol.yaml", f"{data}model: {{fit: {{on: train}}}}\n")
    head = "extends: protocol.yaml\nname: a\n"
    write("lists.yaml", f"{head}model: {{kind: predictions, checkpoint: lists.csv}}\n")
    write("short.yaml", f"{head}model: {{factory: shop.models:Popular}}\n")
    write("ease.yaml", f"{head}model: {{kind: ease}}\n")
    assert load_experiment("lists.yaml").model.fit is None
    assert load_experiment("short.yaml").model.fit is None
    assert load_experiment("ease.yaml").model.fit is not None
    for overrides in (["model.fit.on=train"], ["model={kind: predictions, checkpoint: x.csv, fit: {on: train}}"]):
        with pytest.raises(ExperimentError, match=r"model\.fit does not apply to kind 'predictions'"):
            load_experiment("lists.yaml", overrides)


def test_an_error_names_the_file_of_an_inherited_kind(write: Any) -> None:
    write("protocol.yaml", "dataset: {path: data.csv, split: {kind: leave_last_out}}\n")
    write("torch.yaml", "extends: protocol.yaml\nname: a\nmodel:\n  kind: torch\n  params: {factory: shop:Net}\n")
    write("short.yaml", "extends: torch.yaml\nmodel: {factory: shop:Popular, params: {damping: 1}}\n")
    with pytest.raises(ExperimentError, match=r"short.yaml:2: model.factory .* inherits kind: torch from torch.yaml:4"):
        load_experiment("short.yaml")
    write("option.yaml", "extends: torch.yaml\nmodel: {checkpoint: a.pt, params: {damping: 1}}\n")
    with pytest.raises(
        ExperimentError, match=r"option.yaml:2: unknown option 'damping' .* inherited from torch.yaml:4"
    ):
        load_experiment("option.yaml")
