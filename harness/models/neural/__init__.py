"""Models trained by gradient descent: the training loop, and two reference models."""
