"""A generative model: semantic ids, a sequence-to-sequence network, and a constrained beam search."""
