"""Groups and gaps of a slice, as JSON has them."""

from pydantic import TypeAdapter

from harness.artifacts import SliceTable, to_json
from harness.artifacts.slice_table import SliceGap, SliceGroup, SliceValue

TABLE = SliceTable(
    name="activity",
    of="users",
    groups=(
        SliceGroup("few", {"ndcg@10": SliceValue(0.25, 0.1, 0.4, 3)}),
        SliceGroup("many", {"ndcg@10": SliceValue(0.5, None, None, 1)}),
    ),
    gaps={"ndcg@10": SliceGap("many", "few", 0.25, None, None)},
)


def test_a_table_is_a_map_of_its_fields():
    written = to_json(TABLE)
    assert list(written) == ["name", "of", "groups", "gaps"]
    value = {"value": 0.5, "ci_low": None, "ci_high": None, "n_users": 1}
    assert written["groups"][1] == {"group": "many", "metrics": {"ndcg@10": value}}
    gap = {"highest": "many", "lowest": "few", "difference": 0.25, "ci_low": None, "ci_high": None}
    assert written["gaps"] == {"ndcg@10": gap}


def test_what_is_written_reads_back():
    assert TypeAdapter(SliceTable).validate_python(to_json(TABLE)) == TABLE
