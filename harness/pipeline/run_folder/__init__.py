"""The folder of a finished run, written and read back."""
