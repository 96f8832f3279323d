"""Names of settings in messages."""

from harness.data.readers.table_keys import DATASET_KEYS, TableKeys


def test_a_section_of_an_experiment_has_all_keys():
    keys = TableKeys.of("dataset.items")
    assert (keys.path, keys.delimiter, keys.form) == (
        "dataset.items.path",
        "dataset.items.delimiter",
        "dataset.items.format",
    )
    assert keys.column_key("item") == "dataset.items.columns.item"
    assert keys.delimiter_remedy() == "set dataset.items.delimiter to that"
    assert TableKeys.of("dataset") == DATASET_KEYS


def test_a_file_without_settings_names_formats_instead():
    keys = TableKeys("candidates.allow")
    assert keys.column_key("item") is None
    assert ".csv with commas" in keys.delimiter_remedy()
