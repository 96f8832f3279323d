"""Write and read the example users of a run: the file ``examples.json``."""

from __future__ import annotations

import functools
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from harness import storage
from harness.artifacts import ExampleUsers, to_json
from harness.errors import HarnessError
from harness.pipeline.run_folder.record_file import REMEDY, dump_json

EXAMPLES = "examples.json"
_MOST = 1 << 28  # bytes


def write_examples(folder: Path, examples: ExampleUsers | None) -> None:
    """Write the example users; an earlier file is removed where there are none."""
    if examples is None:
        storage.remove(folder / EXAMPLES)
    else:
        storage.write_text(folder / EXAMPLES, dump_json(to_json(examples)))


def read_examples(folder: Path) -> ExampleUsers | None:
    """Return the example users of a run; None where it has none.

    Raises
    ------
    HarnessError
        The file is damaged.
    """
    path = folder / EXAMPLES
    if not path.is_file():
        return None
    try:
        if path.stat().st_size > _MOST:
            raise ValueError(f"it is larger than {_MOST:,} bytes")
        return _adapter().validate_json(path.read_bytes(), strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(map(str, first["loc"]))
        raise HarnessError(f"{path} is damaged: {field}: {first['msg']}. {REMEDY}") from error
    except (OSError, ValueError) as error:
        raise HarnessError(f"{path} is damaged: {error}. {REMEDY}") from error


@functools.cache
def _adapter() -> TypeAdapter[ExampleUsers]:
    return TypeAdapter(ExampleUsers)
