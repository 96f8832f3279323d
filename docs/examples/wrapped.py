"""A module that is made and called in a way of its own, brought into the one that kind ``torch`` knows."""

from __future__ import annotations

from types import SimpleNamespace

import torch
from torch import nn


class FollowsOfMaps(nn.Module):
    """Stands for a module of another project: its arguments are a namespace, and it scores a map."""

    def __init__(self, arguments):
        super().__init__()
        self.scores = nn.Embedding(arguments.n_items + 1, arguments.n_items + 1)

    def full_sort_predict(self, interaction):
        """Return the logits of all items, ``(users, items + 1)``."""
        tokens, lengths = interaction["item_id_list"], interaction["item_length"]
        return self.scores(tokens[torch.arange(len(tokens)), (lengths - 1).clamp(min=0)])


class Follows(FollowsOfMaps):
    """The same, with arguments by name and tensors to score; its tensors keep their names."""

    def __init__(self, **arguments):
        super().__init__(SimpleNamespace(**arguments))

    def forward(self, tokens, lengths):
        """Return the logits of all items."""
        return self.full_sort_predict({"item_id_list": tokens, "item_length": lengths})
