import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

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
