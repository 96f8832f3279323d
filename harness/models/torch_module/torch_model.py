"""Recommend with a PyTorch module of another project and its checkpoint."""

from __future__ import annotations

from pathlib import Path

from pydantic.dataclasses import dataclass

from harness.artifacts import AnyRecommender, ExternalModel, Vocabulary
from harness.errors import CheckpointError
from harness.models.checkpoints.torch_files import is_plain_pickle
from harness.models.external.external_arrays import FORMATS as TABLES
from harness.models.external.factories import check_factory, source_files
from harness.models.external.id_files import checked_header
from harness.models.external.named_files import named_files, refuse_pickles
from harness.models.external.pickles import refuse_pickle
from harness.models.torch_module.torch_options import ModuleOptions


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class TorchModel(ModuleOptions, ExternalModel):
    """Recommend with a PyTorch module; ``model.checkpoint`` names the file of its state dict.

    ``factory(**init)`` builds the module, which loads the state dict and is called with the options ``call`` in eval
    mode. Items that the model does not know are removed from the histories, and items that are not in the data set
    from the output.

    The parameters are those of ``ModuleOptions``.

    Examples
    --------
    >>> TorchModel(factory="shop.models:SASRec", init={"n_items": 1008}).output.kind
    'logits'
    """

    def files(self, checkpoint: str | None) -> list[Path]:
        """Return the checkpoint, the factory's code, the files of ids and codes, and files in arguments.

        Raises
        ------
        HarnessError
            A file is missing or of another format, or the factory cannot be used.
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
        """Load the module on a device, and return its recommender.

        Raises
        ------
        HarnessError
            There is no such factory, the checkpoint cannot be used, or the options do not fit it.
        """
        from harness.models.torch_module.torch_loading import loaded

        assert checkpoint is not None  # noqa: S101  (the kind needs one)
        return loaded(self, Path(checkpoint), users=users, items=items, device=device)
