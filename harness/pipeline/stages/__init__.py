"""The stages of a run: data, lists, metrics, audits."""
