"""Learn what follows what, and write the checkpoints."""

import csv
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

DIM, CODEBOOK = 40, 8


def follows(path):
    """Return how often an item came after another, (items, items), and the items' own ids."""
    with Path(path).open() as file:
        rows = sorted(csv.DictReader(file), key=lambda row: (row["user"], int(row["timestamp"])))
    items = sorted({row["item"] for row in rows})
    place = {item: index for index, item in enumerate(items)}
    counts = np.full((len(items), len(items)), 0.01)
    for one, two in pairwise(rows):
        if one["user"] == two["user"]:
            counts[place[one["item"]], place[two["item"]]] += 1
    return np.log(counts), items


def main(path, folder="."):
    logs, items = follows(path)
    n, folder = len(items), Path(folder)
    left, values, right = np.linalg.svd(logs)
    before = torch.tensor(left[:, :DIM] * values[:DIM], dtype=torch.float32)
    after = torch.tensor(right[:DIM].T.copy(), dtype=torch.float32)
    pad = torch.zeros(1, DIM)
    next_item = {
        "module.embedding.weight": torch.cat([pad, before]),
        "module.positions.weight": torch.zeros(8, DIM),
        "module.head.weight": torch.cat([pad, after]),
        "module.head.bias": torch.cat([torch.tensor([50.0]), torch.zeros(n)]),  # padding would win everywhere
    }
    torch.save({"epoch": 3, "state_dict": next_item}, folder / "next_item.pt")
    save_file(
        {"before.weight": torch.cat([before, pad]), "after.weight": torch.cat([after, pad])},
        folder / "towers.safetensors",
    )
    codes = np.stack([np.arange(n) // CODEBOOK, np.arange(n) % CODEBOOK], axis=1)
    codes[n - 1] = codes[0]  # a collision
    table = torch.tensor(np.vstack([np.zeros(n), logs]), dtype=torch.float32)
    torch.save({"follows": table, "codes": torch.tensor(codes)}, folder / "generator.pt")
    # (tokens, tokens), with a column of padding too
    save_file({"scores.weight": torch.cat([torch.zeros(n + 1, 1), table], dim=1)}, folder / "follows.safetensors")
    np.save(folder / "codes.npy", codes)
    np.save(folder / "padded.npy", np.vstack([codes[:1] * 0, codes]))
    (folder / "items.txt").write_text("\n".join(items) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
