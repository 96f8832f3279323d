"""The keys of ``dataset`` that say how a file is read, and their faults with file and line."""

from typing import Any

import pytest

from harness.errors import ExperimentError
from harness.experiment import CategoriesSettings, ItemsSettings, UsersSettings, VectorsSettings, load_experiment

FILE = """\
name: shop/knn
dataset:
  path: shop.csv
  split: {{kind: leave_last_out}}
{keys}model: {{kind: popularity, fit: {{on: train}}}}
"""
CATALOG = FILE.replace("path: shop.csv", "catalog: ml-100k")


def with_keys(keys: str, file: str = FILE) -> str:
    return file.format(keys="".join(f"  {line}\n" for line in keys.splitlines()))


def test_defaults_of_side_tables(write: Any) -> None:
    plain = load_experiment(write("shop.yaml", with_keys(""))).to_dict()["dataset"]
    assert [plain[key] for key in ("delimiter", "format", "timestamp_unit", "duplicates")] == [
        None,
        None,
        "auto",
        "keep",
    ]


def test_side_tables_round_trip(write: Any) -> None:
    keys = 'delimiter: "\\t"\nformat: csv\ntimestamp_unit: ms\nduplicates: last'
    experiment = load_experiment(write("shop.yaml", with_keys(keys)))
    dataset = experiment.dataset
    assert (dataset.delimiter, dataset.format, dataset.timestamp_unit, dataset.duplicates) == (
        "\t",
        "csv",
        "ms",
        "last",
    )
    assert load_experiment(write("again.yaml", experiment.to_yaml())) == experiment


def test_duplicates_of_the_catalogue(write: Any) -> None:
    assert load_experiment(write("a.yaml", with_keys("duplicates: sum", CATALOG))).dataset.duplicates == "sum"


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ("timestamp_unit: minutes", "shop.yaml:5: dataset.timestamp_unit is 'minutes'; 'auto', 's', 'ms', 'us', 'ns'"),
        ("duplicates: mean", "shop.yaml:5: dataset.duplicates is 'mean'; 'first', 'last', 'sum' or 'keep' is needed"),
        ("duplicate: sum", "shop.yaml:5: unknown key 'duplicate' in dataset. Did you mean 'duplicates'?"),
        ("delimiter: ''", "shop.yaml:5: dataset.delimiter is ''; text that is not empty is needed"),
        (
            "format: excel",
            "shop.yaml:5: dataset.format is 'excel'; 'csv', 'tsv', 'jsonl', 'inter', 'dat' or 'parquet' is",
        ),
        ("delimiter: 7", "shop.yaml:5: dataset.delimiter is 7; text is needed (in quotes)"),
        ("\ndelimiter: '\"'", "shop.yaml:6: dataset.delimiter is '\"'; characters other than quot"),
    ],
)
def test_invalid_columns_and_delimiters_are_errors(write: Any, keys: str, message: str) -> None:
    with pytest.raises(ExperimentError) as caught:
        load_experiment(write("shop.yaml", with_keys(keys)))
    assert message in str(caught.value)


@pytest.mark.parametrize("keys", ["delimiter: ';'", "format: csv", "timestamp_unit: ms"])
def test_a_catalogue_entry_takes_no_file_options(write: Any, keys: str) -> None:
    with pytest.raises(ExperimentError, match=r"shop\.yaml:5: dataset\.\w+ applies only with 'path'"):
        load_experiment(write("shop.yaml", with_keys(keys, CATALOG)))


TABLES = """\
items:
  path: items.csv
  id: sku
  categories: {column: genres, delimiter: "|"}
  attributes: [year]
  vectors: vectors.npy
users: {path: users.csv, groups: [age, city]}"""


def test_side_tables_of_a_catalogue_entry(write: Any) -> None:
    experiment = load_experiment(write("shop.yaml", with_keys(TABLES)))
    assert experiment.dataset.items == ItemsSettings(
        path="items.csv",
        id="sku",
        categories=CategoriesSettings(column="genres", delimiter="|"),
        attributes=("year",),
        vectors=VectorsSettings(path="vectors.npy", id="sku"),
    )
    assert experiment.dataset.users == UsersSettings(path="users.csv", groups=("age", "city"))
    assert load_experiment(write("again.yaml", experiment.to_yaml())) == experiment
    one = load_experiment(write("shop.yaml", with_keys(TABLES)), ["dataset.items.vectors={path: v.npy, ids: ids.txt}"])
    assert one.dataset.items is not None
    assert one.dataset.items.vectors == VectorsSettings(path="v.npy", ids="ids.txt", id="sku")


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ("items: {}", "shop.yaml:5: dataset.items names no file: add 'path', a table, or 'vectors'"),
        ("items: items.csv", "shop.yaml:5: dataset.items is 'items.csv'; a map"),
        ("items:\n  paht: a.csv", "shop.yaml:6: unknown key 'paht' in dataset.items. Did you mean 'path'?"),
        ("items:\n  vectors: v.npy\n  title: t", "shop.yaml:7: dataset.items.title needs an item table"),
        ("items:\n  path: a.csv\n  categories: genres", "shop.yaml:7: dataset.items.categories is 'genres'; a map"),
        ("items:\n  path: a.csv\n  categories:\n    colum: g", "shop.yaml:8: unknown key 'colum'"),
        ("items:\n  path: a.csv\n  attributes: [a, a]", "shop.yaml:7: the column 'a' is named twice"),
        ("items:\n  path: a.csv\n  attributes: [title]", "shop.yaml:7: 'title' is set by the key dataset.items.title"),
        ("items:\n  path: a.csv\n  delimiter: ''", "shop.yaml:7: dataset.items.delimiter is ''"),
        ("items:\n  vectors: 3", "shop.yaml:6: dataset.items.vectors is 3; a file, or a map with 'path', is needed"),
        ("items:\n  vectors:\n    pth: v.npy", "shop.yaml:7: unknown key 'pth' in dataset.items.vectors. Did you mean"),
        (
            "items:\n  vectors:\n    path: v.parquet\n    ids: a",
            "shop.yaml:8: dataset.items.vectors.ids applies only",
        ),
        ("users: {path: u.csv}", "shop.yaml:5: missing key 'groups' in dataset.users"),
        ("users:\n  path: u.csv\n  groups: []", "shop.yaml:7: dataset.users.groups is an empty list; 1 entry or more"),
    ],
)
def test_invalid_side_tables_are_errors(write: Any, keys: str, message: str) -> None:
    with pytest.raises(ExperimentError) as caught:
        load_experiment(write("shop.yaml", with_keys(keys)))
    assert message in str(caught.value)
