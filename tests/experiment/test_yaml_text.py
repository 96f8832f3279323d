import pytest
import yaml

from harness.experiment.yaml_text import to_yaml


@pytest.mark.parametrize("text", ["1e-3", "no", "010", "null", "", "12:30", "yes", "0x1F", ".5", "1_000", "~", "a: b"])
def test_text_is_also_text_for_pyyaml(text: str) -> None:
    assert yaml.safe_load(to_yaml({"key": text})) == {"key": text}


def test_equal_lists_are_written_without_aliases() -> None:
    shared = [1, 2]
    assert "&" not in to_yaml({"a": shared, "b": shared})
