"""Facts of a checkpoint, as ``harness inspect --json`` prints them."""

from harness.artifacts import CheckpointFacts, to_json
from harness.artifacts.checkpoint_facts import StateFacts, TensorFacts


def test_facts_are_maps_of_their_fields():
    tensor = TensorFacts("weight", (2, 3), "float32", 6, 24)
    facts = CheckpointFacts("a.pt", "torch", 100, (StateFacts("state", (tensor,), 6, "24 B"),), {"epoch": 3})
    assert to_json(facts) == {
        "path": "a.pt",
        "format": "torch",
        "bytes": 100,
        "states": [
            {
                "name": "state",
                "tensors": [{"name": "weight", "shape": [2, 3], "dtype": "float32", "values": 6, "bytes": 24}],
                "parameters": 6,
                "size": "24 B",
            }
        ],
        "other": {"epoch": 3},
    }
