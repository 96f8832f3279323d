"""Build an external module, load its checkpoint, and check it against the catalogue."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import nn

from harness.artifacts import AnyRecommender, Vocabulary
from harness.errors import HarnessError
from harness.models.external.factories import construct
from harness.models.external.id_map import IdMap
from harness.models.external.named_files import refuse_pickles
from harness.models.external.state_dicts import load_state
from harness.models.external.state_files import read_state
from harness.models.neural.random_seed import seeded
from harness.models.torch_module.torch_calls import ModuleCaller, check_arguments
from harness.models.torch_module.torch_lists import ModuleLists, read_codes
from harness.models.torch_module.torch_options import ModuleOptions
from harness.models.torch_module.torch_scorers import LogitsScorer, VectorsScorer

_SHOWN = 3
_SEED = 0


def loaded(options: ModuleOptions, path: Path, *, users: Vocabulary, items: Vocabulary, device: str) -> AnyRecommender:
    """Return the recommender of a checkpoint; see ``TorchModel.load``."""
    item_map = IdMap.of(options.items, items, size=None, what="item")
    _check_items(options, item_map, items)
    user_map = _user_map(options, users)
    table = None if options.output.table is None else read_codes(Path(options.output.table), options.output.table_key)
    module, missing = _module(options, path)
    module = module.to(device=device, dtype=getattr(torch, options.dtype))
    caller = ModuleCaller(options, module, item_map, user_map, device, missing=missing)
    if options.output.users is None:
        check_arguments(options, module)
    rows, n_model = 0 if table is None else len(table.codes), len(item_map.catalogue_index)
    if table is not None and rows != n_model:
        raise HarnessError(
            f"the table of codes {options.output.table} has {rows:,} rows, and the model {n_model:,} items; one row "
            "per item is needed, in the same order. A row for padding also needs an empty row in "
            f"model.params.items.ids.{item_map.note}"
        )
    if options.output.kind == "logits":
        return LogitsScorer(caller)
    return VectorsScorer(caller) if options.output.kind == "vectors" else ModuleLists(caller, len(items), table)


def _module(options: ModuleOptions, path: Path) -> tuple[nn.Module, tuple[str, ...]]:
    """Return the module with its state, and the names of tensors that the checkpoint lacks."""
    if not options.allow_pickle:
        refuse_pickles(options.init)
    with seeded(_SEED, "cpu"):  # tensors that the checkpoint lacks are random
        module = construct(options.factory, options.init, python_path=options.python_path)
    if not isinstance(module, nn.Module):
        raise HarnessError(
            f"the factory '{options.factory}' made {type(module).__name__}; a torch.nn.Module is needed. Other objects "
            "are of kind python."
        )
    tensors = read_state(
        path,
        key=options.state.key,
        objects=options.state.objects,
        allow_pickle=options.allow_pickle,
        python_path=options.python_path,
    )
    missing = load_state(module, tensors, options.state, path=path)
    return module.eval().requires_grad_(requires_grad=False), missing


def _check_items(options: ModuleOptions, item_map: IdMap, items: Vocabulary) -> None:
    unknown = np.flatnonzero(item_map.model_index < 0)
    if len(unknown) and options.ranks_targets and options.unknown_items == "error":
        some = ", ".join(str(own) for own in items.ids[unknown[:_SHOWN]])
        raise HarnessError(
            f"the model does not know {len(unknown):,} of the {len(items):,} items, such as {some}, and cannot score "
            "them. Filter them out (dataset.filters), or rank them after all others: model.params.unknown_items: last."
        )
    call = options.call
    place = call.pad_id - call.offset
    hidden = call.mask is not None or call.lengths is not None
    if (
        options.reads_history
        and not hidden
        and 0 <= place < len(item_map.catalogue_index)
        and item_map.catalogue_index[place] >= 0
    ):
        own = items.ids[item_map.catalogue_index[place]]
        raise HarnessError(
            f"call.pad_id {call.pad_id} is also the token of item {own}: with call.offset {call.offset} the items have "
            f"the tokens {call.offset} to {call.offset + len(item_map.catalogue_index) - 1}. Set call.pad_id to the "
            f"module's own, or call.offset to another{' (1, if token 0 is padding)' if call.pad_id == 0 else ''}."
        )


def _user_map(options: ModuleOptions, users: Vocabulary) -> IdMap | None:
    if options.call.user is None and options.output.users is None:
        return None
    user_map = IdMap.of(options.users, users, size=None, what="user")
    unknown = np.flatnonzero(user_map.model_index < 0)
    if len(unknown) and options.call.unknown_user is None:
        some = ", ".join(str(own) for own in users.ids[unknown[:_SHOWN]])
        raise HarnessError(
            f"the model does not know {len(unknown):,} of the {len(users):,} users, such as {some}. Filter them out "
            "(dataset.filters), or give them all one index by model.params.call.unknown_user."
        )
    return user_map
