"""Items that may be recommended: allow-lists, and sampled negatives."""
