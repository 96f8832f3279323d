"""Models that were trained elsewhere: PyTorch modules, vectors, Python objects, models of MLflow; and their files."""
