"""PyTorch modules of other projects."""
