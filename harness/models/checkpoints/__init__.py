"""Checkpoints: the format of the harness, and the inspection of files of unknown origin."""
