"""Scores of one shard of users, and their arrays for a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from harness.artifacts.array_types import Float64Array, IdArray, Int64Array
from harness.artifacts.id_packing import pack_ids, unpack_ids
from harness.errors import DataError
from harness.evaluation.hit_contributions import HitContributions
from harness.evaluation.user_blocks import block_bounds
from harness.intervals import Moments
from harness.metrics import ListState

_DAMAGED = "Score the shard again."
_OF_HITS = ("users", "items", "relevant", "counts")  # arrays of HitContributions


@dataclass(frozen=True, eq=False)
class ShardArrays:
    """Scores of a shard, as arrays and plain values for a file.

    Parameters
    ----------
    arrays
        Named arrays of numbers: ``rows``; ``users/<part>``, see ``pack_ids``; ``values/<label>``; ``ties/<label>``;
        ``states/<label>/<name>``; ``contributions/<name>``, ``contributions/values/<label>``.
    facts
        All other values, for JSON.
    """

    arrays: Mapping[str, NDArray[Any]]
    facts: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class ShardScores:
    """Scores of consecutive users of a run.

    Parameters
    ----------
    values
        Label to float64 ``(users,)``, for per-user metrics.
    moments
        Label to the moments of these, by blocks of ``USER_BLOCK`` rows.
    ties
        Label to float64 ``(3, blocks)``: sums of worst, expected and best values, where ties are known.
    denominators
        Label to the sum of denominators, for metrics with one for all users.
    states
        Label to the state of a metric over all lists.
    rows
        int64 ``(users,)``, ascending: row in the shard of each user that counts.
    users
        External ids ``(users,)``, or None if they are not known.
    counts
        Counts, as in ``MetricTable``.
    n_rows
        Number of rows of the shard, including those of users who do not count.
    n_items
        Size of the catalogue, or None.
    depth
        Number of ranks that were looked at: the largest cutoff.
    contributions
        What each relevant item contributes to the values; None if that was not asked for.

    Raises
    ------
    DataError
        The arrays do not fit together.
    """

    values: Mapping[str, Float64Array]
    moments: Mapping[str, Moments]
    ties: Mapping[str, Float64Array]
    denominators: Mapping[str, float]
    states: Mapping[str, ListState]
    rows: Int64Array
    users: IdArray | None
    counts: Mapping[str, int]
    n_rows: int
    n_items: int | None
    depth: int
    contributions: HitContributions | None = None

    def __post_init__(self) -> None:
        lengths = {"rows": len(self.rows)} | {label: len(values) for label, values in self.values.items()}
        if self.users is not None:
            lengths["users"] = len(self.users)
        if len(set(lengths.values())) > 1:
            raise DataError(f"a shard has arrays of different lengths: {lengths}. {_DAMAGED}")
        if len(self.rows) and not 0 <= self.rows[0] <= self.rows[-1] < self.n_rows:
            found = f"{self.rows[0]} to {self.rows[-1]}"
            raise DataError(f"a shard of {self.n_rows} rows has users in the rows {found}. {_DAMAGED}")

    def to_arrays(self) -> ShardArrays:
        """Return the parts for a file, from which ``from_arrays`` restores the shard, to the bit.

        Examples
        --------
        >>> import numpy as np
        >>> from harness.artifacts import TopK, Truth
        >>> from harness.evaluation import score_shard
        >>> from harness.metrics import Recall
        >>> shard = score_shard(TopK(np.array([[4], [1]])), Truth.from_lists([[4], [2]]), metrics=[Recall(k=1)])
        >>> stored = shard.to_arrays()
        >>> sorted(stored.arrays)
        ['rows', 'values/recall@1']
        >>> ShardScores.from_arrays(stored).values["recall@1"].tolist()
        [1.0, 0.0]
        """
        ids = {} if self.users is None else {f"users/{part}": array for part, array in pack_ids(self.users).items()}
        arrays: dict[str, NDArray[Any]] = {"rows": self.rows, **ids}
        arrays |= {f"values/{label}": values for label, values in self.values.items()}
        arrays |= {f"ties/{label}": sums for label, sums in self.ties.items()}
        for label, state in self.states.items():
            arrays |= {f"states/{label}/{name}": array for name, array in state.items()}
        found = self.contributions
        if found is not None:
            arrays |= {f"contributions/{name}": getattr(found, name) for name in _OF_HITS}
            arrays |= {f"contributions/values/{label}": values for label, values in found.values.items()}
        facts = {
            "ids": list(ids),
            "values": list(self.values),
            "ties": list(self.ties),
            "denominators": dict(self.denominators),
            "states": {label: list(state) for label, state in self.states.items()},
            "counts": dict(self.counts),
            "n_rows": self.n_rows,
            "n_items": self.n_items,
            "depth": self.depth,
            "contributions": None if found is None else list(found.values),
        }
        return ShardArrays(arrays, facts)

    @classmethod
    def from_arrays(cls, stored: ShardArrays) -> ShardScores:
        """Return the shard from its parts.

        Raises
        ------
        DataError
            A part is missing, or the parts do not fit together.
        """
        arrays, facts = stored.arrays, stored.facts
        try:
            values = {label: arrays[f"values/{label}"] for label in facts["values"]}
            states = {
                label: {name: arrays[f"states/{label}/{name}"] for name in names}
                for label, names in facts["states"].items()
            }
            rows, n_rows = arrays["rows"], facts["n_rows"]
            # Not stored, since the values decide them.
            bounds = block_bounds(rows, n_rows)
            return cls(
                values=values,
                moments={label: Moments.of(of_users, bounds) for label, of_users in values.items()},
                ties={label: arrays[f"ties/{label}"] for label in facts["ties"]},
                denominators=facts["denominators"],
                states=states,
                rows=rows,
                users=unpack_ids({name.removeprefix("users/"): arrays[name] for name in facts["ids"]})
                if facts["ids"]
                else None,
                counts=facts["counts"],
                n_rows=n_rows,
                n_items=facts["n_items"],
                depth=facts["depth"],
                contributions=_contributions(arrays, facts["contributions"]),
            )
        except KeyError as error:
            raise DataError(f"a stored shard lacks {error}. {_DAMAGED}") from error


def _contributions(arrays: Mapping[str, NDArray[Any]], labels: list[str] | None) -> HitContributions | None:
    if labels is None:
        return None
    values = {label: arrays[f"contributions/values/{label}"] for label in labels}
    return HitContributions(values=values, **{name: arrays[f"contributions/{name}"] for name in _OF_HITS})
