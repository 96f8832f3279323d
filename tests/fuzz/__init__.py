"""Fuzzing: odd and damaged inputs are read, or refused with one message."""
