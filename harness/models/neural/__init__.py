"""Models that are trained step by step: the training loop, and two reference models."""
