"""Train a model of implicit, save it as .npz, which contains only arrays, and load it without unpickling."""

from __future__ import annotations


def _indexed(column):
    """Return the distinct ids in ascending order, and the index of the id of each row."""
    import numpy as np

    ids = column.to_numpy()
    return np.unique(ids if ids.dtype.kind in "iu" else ids.astype(str), return_inverse=True)


def train(table, path, *, factors=16, seed=0):
    """Fit a model to a table with columns ``user`` and ``item``, save it, and return the user and item ids by index.

    Indices follow the ids in ascending order, integers by value and text by code point, as ``ids: sorted`` expects.
    """
    import numpy as np
    import scipy.sparse as sp
    from implicit.als import AlternatingLeastSquares

    users, rows = _indexed(table["user"])
    items, columns = _indexed(table["item"])
    matrix = sp.csr_matrix((np.ones(len(rows), dtype=np.float32), (rows, columns)))
    model = AlternatingLeastSquares(factors=factors, iterations=5, random_state=seed, num_threads=1)
    model.fit(matrix, show_progress=False)
    model.save(str(path))
    return users, items


def load(checkpoint):
    """Load the model."""
    from implicit.cpu.als import AlternatingLeastSquares

    return AlternatingLeastSquares.load(checkpoint)


def knn(checkpoint):
    """Return an item-kNN model that is fitted on loading to the interactions of a parquet file."""
    import numpy as np
    import pandas as pd
    import scipy.sparse as sp
    from implicit.nearest_neighbours import CosineRecommender

    table = pd.read_parquet(checkpoint)
    _, rows = _indexed(table["user"])
    _, columns = _indexed(table["item"])
    model = CosineRecommender(K=20, num_threads=1)
    model.fit(sp.csr_matrix((np.ones(len(rows), dtype=np.float32), (rows, columns))), show_progress=False)
    return model
