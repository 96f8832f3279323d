"""How a module of another project is called, and what it gives: the options of ``TorchModel``."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from harness.models.external.id_map import IdOptions

Name = Annotated[str, Field(min_length=1)]
Count = Annotated[int, Field(ge=0)]
Positive = Annotated[int, Field(ge=1)]

# Which options have a meaning for which kind of output; kind, key and those of the call are of all.
_BELONG = {
    "positions": ("logits", "vectors"),
    "first": ("logits", "vectors"),
    "trailing": ("logits", "vectors"),
    "items": ("vectors",),
    "users": ("vectors",),
    "scores": ("items", "codes"),
    "k": ("items", "codes"),
    "k_factor": ("items", "codes"),
    "skip": ("items", "codes"),
    "table": ("codes",),
    "table_key": ("codes",),
    "offsets": ("codes",),
}


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class StateOptions:
    """Where the state dict stands in the checkpoint, and how its names become the module's.

    Parameters
    ----------
    key
        The key of a nested state dict, with dots for those below, such as ``model.net``. None: the whole file, or the
        one state dict in it.
    prefix
        What is taken off the names; tensors without it are left out. None: ``module.``, ``model.`` and ``_orig_mod.``
        are taken off where all names have it and the module's do not.
    strict
        Whether missing and unexpected tensors are an error rather than a warning. Other shapes always are.
    ignore
        Parts of names of unexpected tensors that are no error.
    objects
        What becomes of objects that the file holds beside the state dict and that only code could make, such as
        hyperparameters: an ``error``, or ``skip`` leaves them out and runs nothing. One inside the state dict is always
        an error.
    """

    key: Name | None = None
    prefix: Name | None = None
    strict: bool = True
    ignore: tuple[Name, ...] = ()
    objects: Literal["error", "skip"] = "error"


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class CallOptions:
    """How the module is called.

    Parameters
    ----------
    method
        Of the module.
    history
        The argument that takes the tokens of the history, int64 ``(users, length)``, oldest first; None: the first
        one, by its place; false: none, the model does not read the history.
    padding
        On which side there is padding.
    length
        How many last items of a history are given, and the length that it is padded to; None: all of it, padded to the
        longest of those called for together.
    pad_id
        The token of padding.
    offset
        The token of the model's item 0.
    mask
        An argument that takes where there are items, ``(users, length)``.
    mask_values
        ``integer``: 1 for an item and 0 for padding; ``boolean``: true for an item; ``padding``: true for padding.
    lengths
        An argument that takes how many items there are, int64 ``(users,)``.
    user
        An argument that takes the users' indices, int64 ``(users,)``.
    user_offset
        The index of the model's user 0.
    unknown_user
        The index, offset included, for users whom the model does not know; None: they are an error.
    arguments
        Further arguments by name, plain values.
    empty
        What becomes of users without history: the ``module`` is given padding alone, or all items score ``zero``.
    users_at_once
        How many users the module is called for at most.
    """

    method: Name = "forward"
    history: Name | Literal[False] | None = None
    padding: Literal["left", "right"] = "left"
    length: Positive | None = None
    pad_id: int = 0
    offset: Count = 1
    mask: Name | None = None
    mask_values: Literal["integer", "boolean", "padding"] = "integer"
    lengths: Name | None = None
    user: Name | None = None
    user_offset: Count = 0
    unknown_user: Count | None = None
    arguments: dict[str, Any] = Field(default_factory=dict)
    empty: Literal["module", "zero"] = "module"
    users_at_once: Positive = 256

    def __post_init__(self) -> None:
        if self.history is False and (self.mask is not None or self.lengths is not None):
            raise ValueError("history is false, and mask or lengths is of the history; leave them out")
        names = [name for name in (self.history, self.mask, self.lengths, self.user, *self.arguments) if name]
        if twice := [name for place, name in enumerate(names) if name in names[:place]]:
            raise ValueError(f"the argument '{twice[0]}' is given twice; each takes one thing")


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class OutputOptions:
    """What the module gives.

    Parameters
    ----------
    kind
        ``logits``: a score for each item, ``(users, columns)``. ``vectors``: a vector for each user, to be multiplied
        with vectors of the items. ``items``: lists of item tokens, ``(users, n)``. ``codes``: lists of semantic ids,
        ``(users, n, levels)`` or ``(users x n, levels)``.
    key
        Where that stands in what the call returns, if it returns a map, a tuple or an object: a key, a place or an
        attribute. None: it is the tensor, or the only one.
    positions
        ``all``: there is a row a position, ``(users, length, …)``, of which that of the last item counts.
    first
        The column (or row) of the model's item 0. None: ``call.offset``, or 0 where no history is given.
    trailing
        How many columns (or rows) there are behind those of the items, such as of a mask token.
    items
        Of vectors: the dotted name of a parameter, buffer or embedding of the module, or of a method without arguments,
        with a row an item.
    users
        Of vectors: the same with a row a user; then nothing is called. None: the call gives them.
    scores
        Of lists: where their scores stand in what the call returns, as ``key``; None: their order alone counts.
    k
        Of lists: an argument, or several, that takes how many are asked for.
    k_factor
        Of lists: so many times the length of the list are asked for, since seen ones are left out.
    skip
        Of lists: how many tokens at the beginning of each row stand for nothing, such as that of the start.
    table
        Of codes: the file with the codes of each of the model's items, ``(items, levels)``: ``.npy``, ``.npz``,
        ``.safetensors`` or ``.parquet``.
    table_key
        Of codes: its array or column, if there are several.
    offsets
        Of codes: what to take off the tokens to have codes as the table has them; one number, or one a level.
    """

    kind: Literal["logits", "vectors", "items", "codes"] = "logits"
    key: str | int | None = None
    positions: Literal["last", "all"] = "last"
    first: Count | None = None
    trailing: Count = 0
    items: Name | None = None
    users: Name | None = None
    scores: str | int | None = None
    k: Name | tuple[Name, ...] | None = None
    k_factor: Positive = 2
    skip: Count = 0
    table: Name | None = None
    table_key: Name | None = None
    offsets: int | tuple[int, ...] = 0

    def __post_init__(self) -> None:
        for option, kinds in _BELONG.items():
            default = self.__dataclass_fields__[option].default
            if self.kind not in kinds and getattr(self, option) != default:
                raise ValueError(f"{option} is of {' and '.join(kinds)}, and the output is {self.kind}; leave it out")
        if self.kind == "vectors" and self.items is None:
            raise ValueError("items is missing: the name of the module's item vectors, such as item_embedding.weight")
        if self.kind == "codes" and self.table is None:
            raise ValueError("table is missing: the file with the codes of each item")

    @property
    def count_arguments(self) -> tuple[str, ...]:
        """The arguments that take how many are asked for."""
        return (self.k,) if isinstance(self.k, str) else self.k or ()


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class ModuleOptions:
    """How a PyTorch module is built and called, and what its ids and its output mean.

    Parameters
    ----------
    factory
        ``package.module:Name`` of the class, or of a function that returns the module.
    init
        Its keyword arguments, plain values.
    python_path
        The folder that holds the package, if it is not installed.
    allow_pickle
        Whether a checkpoint may run code while it is read. Only for a file whose origin you trust as your own code.
    state
        Where the state dict stands in the file.
    dtype
        What the floating-point weights are cast to.
    items, users
        Whose the model's indices are.
    unknown_items
        What becomes of items that the model cannot score: an ``error``, or they stand ``last``, behind all others, all
        alike. A model that gives lists just does not give them.
    call
        How the module is called.
    output
        What it gives.
    """

    factory: Name
    init: dict[str, Any] = Field(default_factory=dict)
    python_path: Name | None = None
    allow_pickle: bool = False
    state: StateOptions = StateOptions()
    dtype: Literal["float32", "float16", "bfloat16"] = "float32"
    items: IdOptions = IdOptions()
    users: IdOptions = IdOptions()
    unknown_items: Literal["error", "last"] = "error"
    call: CallOptions = CallOptions()
    output: OutputOptions = OutputOptions()

    def __post_init__(self) -> None:
        if self.allow_pickle and self.state.objects == "skip":
            raise ValueError(
                "allow_pickle makes the objects of the file, and state.objects: skip leaves them out; set one"
            )
        stored = self.output.kind == "vectors" and self.output.users is not None
        if not stored and self.call.history is False and self.call.user is None:
            raise ValueError("call gives the module neither the history nor the user; name an argument for one of them")

    @property
    def ranks_targets(self) -> bool:
        """Whether all items are scored, so that the ranks of relevant ones are known."""
        return self.output.kind in ("logits", "vectors")

    @property
    def reads_history(self) -> bool:
        """Whether the module is given the user's history."""
        return self.call.history is not False and self.output.users is None
