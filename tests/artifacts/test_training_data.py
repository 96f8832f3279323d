"""Training data and options state what is usual."""

from histories import history_of

from harness.artifacts import VALIDATION_CUTOFF, TrainingData, Vocabulary


def test_item_vectors_may_be_missing():
    ids = {"users": Vocabulary.of([1]), "items": Vocabulary.of([7, 8])}
    data = TrainingData(history_of([[0]], 2), None, None, **ids)
    assert data.item_vectors is None
    assert VALIDATION_CUTOFF == 10
