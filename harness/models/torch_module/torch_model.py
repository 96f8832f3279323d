"""A module of PyTorch from another project, with its own checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from harness.artifacts import AnyRecommender, Vocabulary
from harness.errors import CheckpointError
from harness.models.checkpoints.torch_files import is_plain_pickle
from harness.models.external.external_arrays import FORMATS as TABLES
from harness.models.external.factories import check_factory, source_files
from harness.models.external.id_files import checked_header
from harness.models.external.id_map import IdOptions
from harness.models.external.named_files import named_files, refuse_pickles
from harness.models.external.pickles import refuse_pickle
from harness.models.torch_module.torch_options import CallOptions, Name, OutputOptions, StateOptions


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class TorchModel:
    """Score with a module of another project; ``model.checkpoint`` names the file of its state dict.

    The module is made by ``factory(**init)``, given the state dict, and called as ``call`` says, in eval mode. Items
    that the model does not know are left out of the histories, and those that the data set does not have out of what
    the model gives.

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

    Examples
    --------
    >>> TorchModel(factory="shop.models:SASRec", init={"n_items": 1008}).output.kind
    'logits'
    """

    fitted: ClassVar[bool] = False

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

    def files(self, checkpoint: str | None) -> list[Path]:
        """Return the checkpoint, the factory's code, the files of ids and codes, and those that arguments name.

        Raises
        ------
        HarnessError
            One is missing or of another format, or the factory cannot be used.
        """
        assert checkpoint is not None  # noqa: S101  (the kind needs one)
        tables = [] if self.output.table is None else [Path(self.output.table)]
        found = [Path(checkpoint), *self.items.files, *self.users.files, *tables]
        for path in found:
            if not path.is_file():
                what = "is a folder; name a file in it" if path.is_dir() else "does not exist"
                raise CheckpointError(f"the file {path} of the model {what}.")
        check_factory(self.factory, python_path=self.python_path)
        if not self.allow_pickle:
            refuse_pickles(self.init)
            if is_plain_pickle(found[0]):
                refuse_pickle(found[0])
        for ids in (self.items, self.users):
            for path in ids.files:
                checked_header(path, ids.column)
        for path in tables:
            if path.suffix.lower() not in TABLES:
                raise CheckpointError(f"{path}: codes are read from {', '.join(TABLES)}. Pickles are never loaded.")
        found += named_files(self.init, self.call.arguments)
        return [*found, *self.sources()]

    def sources(self) -> list[Path]:
        """Return the files of the factory's code.

        Raises
        ------
        HarnessError
            There is no such package or folder.
        """
        return source_files(self.factory, python_path=self.python_path)

    def load(self, checkpoint: str | None, *, users: Vocabulary, items: Vocabulary, device: str) -> AnyRecommender:
        """Return the module on a device, with its state.

        Raises
        ------
        HarnessError
            There is no such factory, the checkpoint cannot be used, or the options do not fit them.
        """
        from harness.models.torch_module.torch_loading import loaded

        assert checkpoint is not None  # noqa: S101  (the kind needs one)
        return loaded(self, Path(checkpoint), users=users, items=items, device=device)
