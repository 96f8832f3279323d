"""Wrap a module that takes a namespace and a map, so that kind ``torch`` can create and call it."""

from __future__ import annotations

from types import SimpleNamespace

import torch
from torch import nn


class FollowsOfMaps(nn.Module):
    """An example of an external module: its arguments are a namespace, and it scores a map."""

    def __init__(self, arguments):
        super().__init__()
        self.scores = nn.Embedding(arguments.n_items + 1, arguments.n_items + 1)

    def full_sort_predict(self, interaction):
        """Return the logits of all items, ``(users, items + 1)``."""
        tokens, lengths = interaction["item_id_list"], interaction["item_length"]
        return self.scores(tokens[torch.arange(len(tokens)), (lengths - 1).clamp(min=0)])


class Follows(FollowsOfMaps):
    """The same module with keyword arguments and a forward method on tensors; the state dict is unchanged."""

    def __init__(self, **arguments):
        super().__init__(SimpleNamespace(**arguments))

    def forward(self, tokens, lengths):
        """Return the logits of all items."""
        return self.full_sort_predict({"item_id_list": tokens, "item_length": lengths})
