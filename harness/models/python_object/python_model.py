"""Recommend with a Python object of another project."""

from __future__ import annotations

import dataclasses
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import Field
from pydantic.dataclasses import dataclass

from harness.artifacts import AnyRecommender, ExternalModel, Vocabulary
from harness.errors import CheckpointError, HarnessError
from harness.models.external.code_files import files_of, folder_of, specs_in
from harness.models.external.factories import check_factory, construct, source_files
from harness.models.external.id_files import checked_header
from harness.models.external.named_files import named_files, refuse_pickles
from harness.models.external.pickles import refuse_pickle, unpickled
from harness.models.external.project_imports import project_imports
from harness.models.python_object.python_options import ObjectOptions

Name = Annotated[str, Field(min_length=1)]


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class PythonModel(ObjectOptions, ExternalModel):
    """Recommend with an object that has ``recommend`` or ``score``, as a factory returns it.

    The object has one of::

        recommend(users, k) -> a list of items for each user, best first, or (items, scores)
        score(users, items) -> array or data frame (users, items), higher is better

    ``users`` and ``items`` are lists of external ids, or of the object's indices. Lists may be shorter than k; an empty
    position is None or, among indices, below 0. With the options ``history`` and ``exclude`` the methods get further
    named arguments. In YAML ``model: {factory: …, params: {…}}`` is short for this kind with ``factory`` and ``init``.
    Further parameters are those of ``ObjectOptions``.

    Parameters
    ----------
    factory
        ``package.module:Name`` of a class, or of a function that returns the object, in an installed package or in
        ``python_path``. None: the checkpoint is a pickle.
    init
        Keyword arguments of the factory.
    python_path
        Folder that holds the package; None: the package is installed.
    checkpoint_argument
        Argument of the factory that gets ``model.checkpoint``, if there is one.
    allow_pickle
        Whether the checkpoint may be a pickle, which can run any code while it is read.

    Examples
    --------
    >>> PythonModel(factory="shop.recommend:Popular", init={"damping": 5}).ranks_targets
    False
    """

    needs_checkpoint: ClassVar[bool] = False

    factory: Name | None = None
    init: dict[str, Any] = dataclasses.field(default_factory=dict)
    python_path: Name | None = None
    checkpoint_argument: Name = "checkpoint"
    allow_pickle: bool = False

    def files(self, checkpoint: str | None) -> list[Path]:
        """Return the checkpoint, the factory's sources, the files of ids and those that ``init`` names.

        Raises
        ------
        HarnessError
            A file is missing; there is neither a factory nor a checkpoint; the factory cannot be used; or the
            checkpoint is a pickle, which is not allowed.
        """
        if self.factory is None and checkpoint is None:
            raise HarnessError(
                "there is neither a factory nor a checkpoint. Name model.params.factory, such as "
                "shop.recommend:Popular, or a pickled object in model.checkpoint."
            )
        self._check_factory()
        found = [*self.sources(), *named_files(self.init)]
        if checkpoint is not None:
            path = Path(checkpoint)
            if not path.exists():
                raise CheckpointError(f"the checkpoint {path} does not exist. Correct model.checkpoint.")
            self._refuse_pickles(checkpoint)
            found += sorted(one for one in path.rglob("*") if one.is_file()) if path.is_dir() else [path]
        self._refuse_pickles()
        for ids in (self.users, self.items):
            found += [checked_header(path, ids.column) for path in ids.files]
        return list(dict.fromkeys(found))

    def _check_factory(self) -> None:
        """Check the factory without running its code."""
        if self.factory is not None:
            check_factory(
                self.factory,
                python_path=self.python_path,
                note=" (in the full form, kind: python; model: {factory: …} is short for it)",
            )

    def _refuse_pickles(self, checkpoint: str | None = None) -> None:
        """Raise if a pickle would be read and is not allowed."""
        if self.allow_pickle:
            return
        if self.factory is None and checkpoint is not None:
            refuse_pickle(Path(checkpoint))
        refuse_pickles(self.init, checkpoint)

    def sources(self) -> list[Path]:
        """Return the files of the factory's code, or of the classes in a pickle.

        Raises
        ------
        HarnessError
            There is no such package or folder.
        """
        if self.factory is None:
            return files_of(self._pickled_specs())
        return source_files(self.factory, python_path=self.python_path)

    def load(self, checkpoint: str | None, *, users: Vocabulary, items: Vocabulary, device: str) -> AnyRecommender:
        """Return the recommender of the object. Only scores are moved to the device.

        Raises
        ------
        HarnessError
            The factory cannot be used, the object has no such method, or ids do not match.
        """
        from harness.models.python_object.python_recommenders import recommender_of

        return recommender_of(
            self,
            self._made(checkpoint),
            users=users,
            items=items,
            device=device,
            where=f"the object of {self.factory}" if self.factory is not None else "the unpickled object",
        )

    def _pickled_specs(self) -> dict[str, ModuleSpec]:
        """Return the modules that may hold the classes of a pickle."""
        return {} if self.python_path is None else specs_in(folder_of(self.python_path))

    def _made(self, checkpoint: str | None) -> Any:
        if self.factory is None:
            assert checkpoint is not None  # noqa: S101  (asked in files)
            with project_imports(self._pickled_specs(), python_path=self.python_path):
                return unpickled(Path(checkpoint), allowed=self.allow_pickle)
        init = dict(self.init)
        if checkpoint is not None:
            if self.checkpoint_argument in init:
                raise HarnessError(
                    f"model.params.init holds '{self.checkpoint_argument}', which model.checkpoint is passed as. Leave "
                    "one out, or set model.params.checkpoint_argument."
                )
            init[self.checkpoint_argument] = checkpoint
        if not self.allow_pickle:
            refuse_pickles(init)
        return construct(self.factory, init, python_path=self.python_path)
