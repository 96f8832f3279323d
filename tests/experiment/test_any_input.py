import copy
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.errors import HarnessError
from harness.experiment import load_benchmark, load_experiment

ANY = settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
junk = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 200), st.floats(), st.text(max_size=4), st.just([]), st.just({})
) | st.sampled_from([[1], ["ndcg"], {"kind": "ease"}, {"kind": None}, "ease", "../..", [[]], {"": 1}, 10**30])


def complete(write: Any) -> Any:
    return load_experiment(write()).to_dict()


def paths(plain: Any, above: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    steps = plain.items() if isinstance(plain, dict) else enumerate(plain) if isinstance(plain, list) else ()
    return [path for step, below in steps for path in ((*above, step), *paths(below, (*above, step)))]


@ANY
@given(data=st.data())
def test_any_value_anywhere_is_right_or_an_error_with_a_place(write: Any, data: st.DataObject) -> None:
    plain = copy.deepcopy(complete(write))
    path = data.draw(st.sampled_from(paths(plain)))
    parent = plain
    for step in path[:-1]:
        parent = parent[step]
    parent[path[-1]] = data.draw(junk)
    Path("any.yaml").write_text(json.dumps(plain), encoding="utf-8")
    try:
        experiment = load_experiment("any.yaml")
    except HarnessError as error:
        assert all(line.startswith(("any.yaml:", "…")) for line in str(error).split("\n"))  # noqa: PT017
    else:
        assert load_experiment(write("again.yaml", experiment.to_yaml())) == experiment


@ANY
@given(st.text("ab:-[]{}&*!|>'\"%@#,? \n\t0.\\<~x", max_size=40))
def test_any_text_is_an_error_and_no_more(write: Any, text: str) -> None:
    write("any.yaml", "")
    Path("any.yaml").write_text(text, encoding="utf-8")
    for read in (load_experiment, load_benchmark):
        with pytest.raises(HarnessError):
            read("any.yaml")


@ANY
@given(st.binary(max_size=60))
def test_any_bytes_are_an_error_and_no_more(write: Any, content: bytes) -> None:
    write("any.yaml", "")
    Path("any.yaml").write_bytes(content)
    with pytest.raises(HarnessError):
        load_experiment("any.yaml")


@ANY
@given(st.text("abckndseruomlw.=[]{}:,'\"0123 -", max_size=25))
def test_any_override_is_right_or_an_error(write: Any, override: str) -> None:
    path = write()
    try:
        load_experiment(path, [override])
    except HarnessError as error:
        assert str(error).startswith((f"--set {override}", "ease.yaml"))  # noqa: PT017


def test_the_resolved_text_reads_the_same_elsewhere(write: Any) -> None:
    experiment = load_experiment(write(), ["statistics.margin=1e-7", "name='1e-3'", "report.directory='no'"])
    assert yaml.safe_load(experiment.to_yaml()) == experiment.to_dict()
