import json

import pytest
from pydantic import TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from harness.experiment.validation_errors import FaultError, faults_of, shown, unknown_key


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class Box:
    size: int
    label: str | None = None


def faults(plain: object) -> list[FaultError]:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(Box).validate_json(json.dumps(plain))
    return faults_of(caught.value, plain, keys_at=lambda path: ("size", "label"))


def test_each_invalid_path_has_one_fault() -> None:
    found = {fault.path: fault.message for fault in faults({"size": "3", "label": 4})}
    assert found == {
        ("size",): "size is '3'; a whole number is needed",
        ("label",): "label is 4; text is needed (in quotes)",
    }


def test_missing_and_unknown_keys() -> None:
    assert [fault.message for fault in faults({})] == ["missing key 'size'"]
    assert [fault.message for fault in faults({"size": 1, "lable": "a"})] == [
        "unknown key 'lable'. Did you mean 'label'?"
    ]
    assert unknown_key("sise", ("boxes", 0), ["size"]).message == "unknown key 'sise' in boxes[0]. Did you mean 'size'?"


def test_long_values_are_shortened() -> None:
    assert shown("x" * 100) == "'" + "x" * 59 + "…"
    assert shown([]) == "an empty list"
