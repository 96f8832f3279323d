import dataclasses
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness import registry
from harness.errors import HarnessError

Install = Callable[[str, str], None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Put a module and its entry points on the path as an installed package has them."""
    modules = set(sys.modules)

    def place(module: str, entry_points: str) -> None:
        folder = tmp_path / "stranger-1.0.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: stranger\nVersion: 1.0\n")
        (folder / "entry_points.txt").write_text(entry_points)
        (tmp_path / "stranger_to_registry.py").write_text(module)
        monkeypatch.syspath_prepend(tmp_path)
        registry.table.cache_clear()

    yield place
    monkeypatch.undo()
    registry.table.cache_clear()
    for name in set(sys.modules) - modules:
        if name.startswith("stranger"):
            del sys.modules[name]


@pytest.mark.parametrize("group", sorted(set(registry.BUILT_IN) - {"readers"}))
def test_what_is_built_in_loads_and_knows_its_name(group: str) -> None:
    for name in registry.BUILT_IN[group]:
        cls = registry.load(group, name)
        assert dataclasses.is_dataclass(cls)
        assert cls.__pydantic_config__["extra"] == "forbid"
        assert cls.__pydantic_config__["strict"]
        assert cls.__dataclass_params__.frozen
        assert name in registry.names(group)


def test_names_are_sorted() -> None:
    assert registry.names("splits") == sorted(registry.BUILT_IN["splits"])


@pytest.mark.parametrize(
    ("group", "name", "words"),
    [
        ("metrics", "ndgc", "unknown metric 'ndgc'. Did you mean 'ndcg'?"),
        (
            "models",
            "transformer",
            (
                "unknown model 'transformer'. Known: ease, generative, item_knn, mlflow, popularity, predictions, "
                "pure_svd, python, random, sequential, torch, two_tower, vectors."
            ),
        ),
        ("sources", "ml-10k", "unknown data set 'ml-10k'. Did you mean 'ml-100k'?"),
    ],
)
def test_unknown_names(group: str, name: str, words: str) -> None:
    with pytest.raises(HarnessError) as caught:
        registry.load(group, name)
    assert str(caught.value) == words


def test_the_kind_of_an_instance() -> None:
    for name in ("popularity", "random", "ease"):
        assert registry.kind_of("models", registry.load("models", name)()) == name
    with pytest.raises(
        HarnessError, match=r"Popularity is not a registered split\. Known: fixed, global_time, k_fold, leave_last_out"
    ):
        registry.kind_of("splits", registry.load("models", "popularity")())


def test_a_name_that_is_taken(install: Install) -> None:
    install("", "[harness.metrics]\nndcg = stranger_to_registry:NDCG\n")
    with pytest.raises(
        HarnessError, match=r"two metrics are called 'ndcg': harness\.metrics.* and stranger_to_registry"
    ):
        registry.load("metrics", "recall")


def test_a_built_in_that_is_named_again_is_not_a_clash(install: Install) -> None:
    install("", f"[harness.metrics]\nndcg = {registry.BUILT_IN['metrics']['ndcg']}\n")
    assert registry.load("metrics", "ndcg").__name__ == "NDCG"


def test_filters_are_no_extension_point(install: Install) -> None:
    install("", "[harness.filters]\nown = stranger_to_registry:Own\n")
    assert "own" not in registry.names("filters")


@pytest.mark.parametrize(
    ("module", "words"),
    [
        ("", "cannot load the model 'own' from stranger_to_registry:Own: AttributeError"),
        ("import nowhere_to_be_found", "ModuleNotFoundError"),
        ("1 / 0", "ZeroDivisionError"),
        ("class Own: pass", "is not a pydantic dataclass that forbids unknown keys"),
        ("import dataclasses\n@dataclasses.dataclass\nclass Own: pass", "is not a pydantic dataclass"),
        ("import pydantic.dataclasses as p\n@p.dataclass\nclass Own: pass", "forbids unknown keys"),
    ],
)
def test_packages_that_do_not_fit_are_named(install: Install, module: str, words: str) -> None:
    install(module, "[harness.models]\nown = stranger_to_registry:Own\n")
    with pytest.raises(HarnessError) as caught:
        registry.load("models", "own")
    assert words in str(caught.value)
    assert "'own' from stranger_to_registry:Own" in str(caught.value)


def test_a_class_within_a_class(install: Install) -> None:
    module = (
        "import pydantic.dataclasses as p\nclass Outer:\n"
        "    @p.dataclass(frozen=True, config={'extra': 'forbid'})\n    class Own: pass\n"
    )
    install(module, "[harness.models]\nown = stranger_to_registry:Outer.Own\n")
    assert registry.load("models", "own").__name__ == "Own"
