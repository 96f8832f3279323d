"""A LensKit pipeline (2025) that is trained on loading, on a part written by `harness data split`."""

from __future__ import annotations


def load(checkpoint, neighbours=20):
    """Return a trained pipeline; the checkpoint is a parquet file with columns ``user`` and ``item``."""
    import pandas as pd
    from lenskit.data import from_interactions_df
    from lenskit.knn import ItemKNNScorer
    from lenskit.pipeline import topn_pipeline

    table = pd.read_parquet(checkpoint)[["user", "item"]]
    data = from_interactions_df(table, user_col="user", item_col="item")
    pipeline = topn_pipeline(ItemKNNScorer(max_nbrs=neighbours, feedback="implicit"))
    pipeline.train(data)
    return pipeline
