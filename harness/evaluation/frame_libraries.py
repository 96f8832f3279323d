"""Accept data frames of pandas, polars, pyarrow and the other libraries that narwhals knows."""

from __future__ import annotations

import narwhals as nw
import pandas as pd
from narwhals.exceptions import DuplicateError

from harness.errors import DataError


def pandas_frame(value: object) -> pd.DataFrame | None:
    """Return a data frame as one of pandas; None for any other value.

    Raises
    ------
    DataError
        The data frame is lazy, so that it has no rows yet, or it has a column twice.

    Examples
    --------
    >>> import pyarrow as pa
    >>> pandas_frame(pa.table({"user": [1], "item": [2]})).columns.tolist()
    ['user', 'item']
    """
    if isinstance(value, pd.DataFrame):
        return value
    try:
        frame = nw.from_native(value, pass_through=True)
    except DuplicateError as error:
        raise DataError(f"a data frame has a column twice: {' '.join(str(error).split())}. Leave one out.") from error
    if isinstance(frame, nw.LazyFrame):
        raise DataError(f"evaluate got a {type(value).__name__}, which has no rows yet. Call collect() first.")
    return frame.to_pandas() if isinstance(frame, nw.DataFrame) else None
