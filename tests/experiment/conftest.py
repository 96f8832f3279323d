import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.errors import ExperimentError
from harness.experiment import load_experiment

Write = Callable[..., Path]

EASE = """\
name: ml-100k/ease
dataset:
  catalog: ml-100k
  filters: [{kind: min_rating, value: 4}, {kind: k_core, users: 5, items: 5}]
  split: {kind: leave_last_out, seed: 3}
model:
  kind: ease
  params: {l2: 100}
  fit: {on: train_validation}
"""


SHOP = """\
name: shop/knn
dataset:
  path: shop.parquet
  columns: {user: customer, item: article}
  split: {kind: global_time, test: 0.3}
model:
  kind: item_knn
  fit: {on: train}
"""


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Write files into a fresh working directory: keyword or (name, text)."""
    monkeypatch.chdir(tmp_path)

    def write_file(name: str = "ease.yaml", text: str = EASE, *, more: str = "") -> Path:
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text) + textwrap.dedent(more), encoding="utf-8")
        return path

    return write_file


@pytest.fixture
def message() -> Callable[..., str]:
    """Load a file with overrides and return the message of the error."""

    def error_message(path: Path | str, *overrides: str) -> str:
        with pytest.raises(ExperimentError) as caught:
            load_experiment(path, overrides)
        return str(caught.value)

    return error_message


@pytest.fixture
def shop() -> str:
    """Return the text of an experiment on a file."""
    return SHOP
