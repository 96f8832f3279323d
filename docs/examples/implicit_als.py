"""A model of implicit: trained and saved as .npz, which holds arrays alone, and loaded without a pickle."""

from __future__ import annotations


def train(table, path, *, factors=16, seed=0):
    """Fit to a table with columns ``user`` and ``item``, and save; indices are ids in ascending order."""
    import numpy as np
    import scipy.sparse as sp
    from implicit.als import AlternatingLeastSquares

    users, rows = np.unique(table["user"].to_numpy(dtype=str), return_inverse=True)
    items, columns = np.unique(table["item"].to_numpy(dtype=str), return_inverse=True)
    matrix = sp.csr_matrix((np.ones(len(rows), dtype=np.float32), (rows, columns)))
    model = AlternatingLeastSquares(factors=factors, iterations=5, random_state=seed, num_threads=1)
    model.fit(matrix, show_progress=False)
    model.save(str(path))
    return users, items


def load(checkpoint):
    """Return the model."""
    from implicit.cpu.als import AlternatingLeastSquares

    return AlternatingLeastSquares.load(checkpoint)


def knn(checkpoint):
    """Return a model of items, fitted when it is loaded to the interactions of a parquet file."""
    import numpy as np
    import pandas as pd
    import scipy.sparse as sp
    from implicit.nearest_neighbours import CosineRecommender

    table = pd.read_parquet(checkpoint)
    _, rows = np.unique(table["user"].to_numpy(dtype=str), return_inverse=True)
    _, columns = np.unique(table["item"].to_numpy(dtype=str), return_inverse=True)
    model = CosineRecommender(K=20, num_threads=1)
    model.fit(sp.csr_matrix((np.ones(len(rows), dtype=np.float32), (rows, columns))), show_progress=False)
    return model
