import math

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.experiment.yaml_scalars import reads_as_text, resolve


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 0.001),
        ("1E3", 1000.0),
        (".5", 0.5),
        ("1.", 1.0),
        ("-0.0", -0.0),
        ("+7", 7),
        ("0", 0),
        ("9223372036854775807", 2**63 - 1),
        ("true", True),
        ("FALSE", False),
        ("null", None),
        ("~", None),
        ("", None),
    ],
)
def test_scalars_resolve_to_values(text: str, value: object) -> None:
    found = resolve(text)
    assert found == value
    assert type(found) is type(value)


WORDS = "no yes on off y N 010 -07 0x1F 0o17 0b1 1_000 12:30 2026-11-23 1e e5 1.2.3 --1 tRUE nan inf ١٢ ml-100k"


@pytest.mark.parametrize("text", WORDS.split())
def test_ambiguous_scalars_are_text(text: str) -> None:
    assert resolve(text) == text
    assert reads_as_text(text)


@pytest.mark.parametrize(
    "text", [".nan", ".inf", "-.INF", "1e400", "-1e400", "9223372036854775808", "-" + "9" * 20, "9" * 100_000]
)
def test_numbers_beyond_64_bits_are_errors(text: str) -> None:
    with pytest.raises(ValueError, match=r"finite|64 bits|too large"):
        resolve(text)
    assert not reads_as_text(text)


@settings(deadline=None, max_examples=60)
@given(st.one_of(st.integers(-(2**63) + 1, 2**63 - 1), st.floats(allow_nan=False, allow_infinity=False)))
def test_numbers_read_back(number: float) -> None:
    found = resolve(repr(number))
    assert found == number
    assert type(found) is type(number)


@settings(deadline=None, max_examples=60)
@given(st.text("0123456789.eE+-_xo:nNaAuUlLtTrRfFsS~", max_size=6))
def test_numbers_agree_with_python_and_octals_are_text(text: str) -> None:
    try:
        value = resolve(text)
    except ValueError:
        return
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        assert value == float(text)
        # Where the older reader of numbers sees one too, it is the same one.
        other = yaml.safe_load(text)
        if isinstance(other, (int, float)) and not isinstance(other, bool):
            assert math.isclose(other, value)
