"""A RecTools model with its Dataset, fitted on loading, on a part written by `harness data split`."""

from __future__ import annotations


def load(checkpoint, neighbours=20):
    """Return the fitted model and its Dataset; the checkpoint is a parquet file with ``user`` and ``item``."""
    import pandas as pd
    from implicit.nearest_neighbours import CosineRecommender
    from rectools import Columns
    from rectools.dataset import Dataset
    from rectools.models import ImplicitItemKNNWrapperModel

    table = pd.read_parquet(checkpoint)
    rows = pd.DataFrame({Columns.User: table["user"], Columns.Item: table["item"]})
    rows[Columns.Weight] = 1.0
    rows[Columns.Datetime] = pd.Timestamp("2020-01-01")
    dataset = Dataset.construct(rows)
    model = ImplicitItemKNNWrapperModel(CosineRecommender(K=neighbours, num_threads=1))
    model.fit(dataset)
    return model, dataset
