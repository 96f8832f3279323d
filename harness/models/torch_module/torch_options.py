"""Options for building and calling an external PyTorch module, and for reading its output."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from harness.models.external.id_map import IdOptions

Name = Annotated[str, Field(min_length=1)]
Count = Annotated[int, Field(ge=0)]
Positive = Annotated[int, Field(ge=1)]

# Kinds of output that each option is for; the other options are for all kinds.
_KINDS = {
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
    """Options for finding the state dict in a checkpoint and matching its names.

    Parameters
    ----------
    key
        Key of the state dict, with dots for nested keys, such as ``model.net``. None: the whole file, or the only state
        dict in it.
    prefix
        Prefix that is removed from the names; tensors without it are ignored. None: ``module.``, ``model.`` and
        ``_orig_mod.`` are removed if all names, and no name of the module, have them.
    strict
        Whether missing and unexpected tensors are an error rather than a warning. Other shapes always are an error.
    ignore
        Parts of names of unexpected tensors that are not an error.
    objects
        Treatment of objects in the file that only code can create, such as hyperparameters: ``error``, or ``skip``,
        which omits them and runs no code. An object inside the state dict is always an error.
    """

    key: Name | None = None
    prefix: Name | None = None
    strict: bool = True
    ignore: tuple[Name, ...] = ()
    objects: Literal["error", "skip"] = "error"


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class CallOptions:
    """Options for calling a module.

    Parameters
    ----------
    method
        Method of the module.
    history
        Argument for the tokens of the history, int64 ``(users, length)``, oldest first. None: the first positional
        argument. False: the model does not read the history.
    padding
        Side of the padding.
    length
        Number of last items of a history that are passed, and its padded length. None: all items, padded to the longest
        history of each call.
    pad_id
        Token of padding.
    offset
        Token of the model's item 0.
    mask
        Argument for a mask of the items, ``(users, length)``.
    mask_values
        ``integer``: 1 for an item and 0 for padding; ``boolean``: true for an item; ``padding``: true for padding.
    lengths
        Argument for the number of items, int64 ``(users,)``.
    user
        Argument for the users' indices, int64 ``(users,)``.
    user_offset
        Index of the model's user 0.
    unknown_user
        Index, including the offset, of users that the model does not know; None: they are an error.
    arguments
        Further named arguments, plain values.
    empty
        Treatment of users without history: ``module`` passes only padding, ``zero`` scores all items 0.
    users_at_once
        Largest number of users per call.
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
            raise ValueError("history is false, but mask and lengths describe the history; leave them out")
        names = [name for name in (self.history, self.mask, self.lengths, self.user, *self.arguments) if name]
        if twice := [name for place, name in enumerate(names) if name in names[:place]]:
            raise ValueError(f"the argument '{twice[0]}' is given twice; each takes one thing")


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class OutputOptions:
    """Options for reading the output of a module.

    Parameters
    ----------
    kind
        ``logits``: one score per item, ``(users, columns)``. ``vectors``: one vector per user, which is multiplied with
        item vectors. ``items``: lists of item tokens, ``(users, n)``. ``codes``: lists of semantic ids,
        ``(users, n, levels)`` or ``(users x n, levels)``.
    key
        Key, position or attribute of the tensor, if the call returns a map, a tuple or an object. None: the output is
        the tensor, or holds only one.
    positions
        ``all``: the output has one row per position, ``(users, length, …)``, and that of the last item is used.
    first
        Column (or row) of the model's item 0. None: ``call.offset``, or 0 if no history is passed.
    trailing
        Number of columns (or rows) after those of the items, such as that of a mask token.
    items
        For vectors: dotted name of a parameter, buffer or embedding of the module, or of a method without arguments,
        with one row per item.
    users
        For vectors: the same with one row per user; then the module is not called. None: the call returns them.
    scores
        For lists: key of their scores in the output, as ``key``; None: only the order of the lists is used.
    k
        For lists: one or several arguments for the number of items to return.
    k_factor
        For lists: factor of the number of items to return, since seen items are removed.
    skip
        For lists: number of tokens at the beginning of each row to skip, such as a start token.
    table
        For codes: file with the codes of each of the model's items, ``(items, levels)``: ``.npy``, ``.npz``,
        ``.safetensors`` or ``.parquet``.
    table_key
        For codes: array or column of the file, if it has several.
    offsets
        For codes: number, or one per level, that is subtracted from the tokens to get the codes of the table.
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
        for option, kinds in _KINDS.items():
            default = self.__dataclass_fields__[option].default
            if self.kind not in kinds and getattr(self, option) != default:
                raise ValueError(f"{option} is for {' and '.join(kinds)}, and the output is {self.kind}; leave it out")
        if self.kind == "vectors" and self.items is None:
            raise ValueError("items is missing: the name of the module's item vectors, such as item_embedding.weight")
        if self.kind == "codes" and self.table is None:
            raise ValueError("table is missing: the file with the codes of each item")

    @property
    def count_arguments(self) -> tuple[str, ...]:
        """The arguments for the number of items to return."""
        return (self.k,) if isinstance(self.k, str) else self.k or ()


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class ModuleOptions:
    """How a PyTorch module is built and called, and what its ids and its output mean.

    Parameters
    ----------
    factory
        ``package.module:Name`` of the class, or of a function that returns the module.
    init
        Keyword arguments of the factory, plain values.
    python_path
        Folder that holds the package, if it is not installed.
    allow_pickle
        Whether a checkpoint may run code while it is read. Only for a file that you trust as your own code.
    state
        Options of the state dict.
    dtype
        Type of the floating-point weights.
    items, users
        Ids of the model's indices.
    unknown_items
        Treatment of items that the model cannot score: ``error``, or ``last``, with one score below all others. A
        model that returns lists just does not return them.
    call
        Options of the calls.
    output
        Options of the output.
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
            raise ValueError("call passes neither the history nor the user; name an argument for one of them")

    @property
    def ranks_targets(self) -> bool:
        """Whether all items are scored, so that the ranks of relevant ones are known."""
        return self.output.kind in ("logits", "vectors")

    @property
    def reads_history(self) -> bool:
        """Whether the module gets the user's history."""
        return self.call.history is not False and self.output.users is None
