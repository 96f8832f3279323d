"""Example users survive JSON, and files with other content are refused."""

from __future__ import annotations

import json

import pytest

from harness.artifacts import ExampleItem, ExampleUser, ExampleUsers, HeldOutItem
from harness.errors import HarnessError
from harness.pipeline.run_folder.example_files import EXAMPLES, read_examples, write_examples

USER = ExampleUser(
    user="7",
    outcome="near miss",
    value=0.0,
    history=(ExampleItem("3", "Alien"),),
    n_history=1,
    listed=(ExampleItem("5", None), ExampleItem("6", "中文", relevant=True)),
    n_listed=2,
    held_out=(HeldOutItem("6", "中文", rank=12, tied=0, candidates=90), HeldOutItem("9")),
    n_held_out=2,
)
EXAMPLE = ExampleUsers("ndcg@10", 10, 938, "Named by report.examples.", (USER,))


def test_what_is_written_is_read(tmp_path):
    write_examples(tmp_path, EXAMPLE)
    assert read_examples(tmp_path) == EXAMPLE


def test_no_examples_leave_no_file(tmp_path):
    write_examples(tmp_path, EXAMPLE)
    write_examples(tmp_path, None)
    assert not (tmp_path / EXAMPLES).exists()
    assert read_examples(tmp_path) is None


@pytest.mark.parametrize("change", [{"k": "ten"}, {"users": [{"user": 7}]}, {"users": None}])
def test_other_content_is_refused(tmp_path, change):
    write_examples(tmp_path, EXAMPLE)
    path = tmp_path / EXAMPLES
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(HarnessError, match=r"examples\.json is damaged"):
        read_examples(tmp_path)


def test_bytes_that_are_no_json_are_refused(tmp_path):
    (tmp_path / EXAMPLES).write_bytes(b"\x00{")
    with pytest.raises(HarnessError, match=r"examples\.json is damaged"):
        read_examples(tmp_path)
