"""The runs of a model with several training seeds, and the files that summarise them.

Each seed is a complete run in ``reports/<name>/seed-<seed>/``. ``reports/<name>/`` holds ``seeds.json`` and
``seeds.csv``: means over seeds, and how much of their variance users and seeds cause.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from harness import storage
from harness.artifacts import RunRecord, to_json
from harness.errors import HarnessError
from harness.pipeline.run_folder.record_file import RESULTS, SCHEMA_VERSION, dump_json, read_record
from harness.pipeline.run_folder.run_files import PREDICTIONS, StoredRun
from harness.pipeline.run_folder.run_sources import whole_run
from harness.statistics.seed_means import SeedMean, seed_means

SEEDS_JSON = "seeds.json"
SEEDS_CSV = "seeds.csv"
_MOST = 1 << 24  # bytes of seeds.json


@dataclass(frozen=True, eq=False)
class RunGroup:
    """One model of a comparison: a single run, or the runs of its seeds.

    Parameters
    ----------
    name
        Name of the experiment.
    runs
        One per seed; a single run without seeds.
    seeds
        The seeds; empty for a single run.
    deterministic
        Whether the model does not depend on a seed.
    """

    name: str
    runs: tuple[StoredRun, ...]
    seeds: tuple[int, ...] = ()
    deterministic: bool = False

    @property
    def first(self) -> StoredRun:
        """The first run, under the name of the group."""
        return replace(self.runs[0], record=replace(self.runs[0].record, name=self.name))

    @property
    def distinct(self) -> tuple[StoredRun, ...]:
        """The runs with lists of their own: bit-equal lists do not count twice."""
        return tuple({_lists_of(run): run for run in reversed(self.runs)}.values())[::-1]

    @property
    def findings(self) -> tuple[str, ...]:
        """What must be said with the values."""
        if self.deterministic and self.seeds:
            return (f"{self.name} is deterministic: one fit stands for all seeds.",)
        twins = len(self.runs) - len(self.distinct)
        if twins:
            words = f"warning: {twins} of {len(self.runs)} seeds of {self.name} gave the same lists as another seed, "
            return (f"{words}to the bit. They do not count twice. Check that the model uses its seed.",)
        return ()


def write_seeds(folder: Path, group: RunGroup) -> list[SeedMean]:
    """Write ``seeds.json`` and ``seeds.csv``, and return the means."""
    means = seed_means([run.table for run in group.distinct], deterministic=group.deterministic)
    rows = [{**asdict(mean), "values": " ".join(repr(value) for value in mean.values)} for mean in means]
    storage.write_csv(folder / SEEDS_CSV, pd.DataFrame(rows))
    content = {
        "schema_version": SCHEMA_VERSION,
        "name": group.name,
        "seeds": list(group.seeds),
        "deterministic": group.deterministic,
        "findings": list(group.findings),
        "runs": [{"name": run.name, "fingerprints": dict(run.record.fingerprints)} for run in group.runs],
        "metrics": [to_json(mean) for mean in means],
    }
    storage.write_text(folder / SEEDS_JSON, dump_json(content))
    return means


def is_seed_folder(folder: Path) -> bool:
    """Return whether a folder holds the runs of several seeds."""
    return (folder / SEEDS_JSON).is_file() and not (folder / RESULTS).is_file()


def seed_name(folder: Path) -> str:
    """Return the name of the experiment whose seeds are in a folder.

    Raises
    ------
    HarnessError
        ``seeds.json`` is damaged.
    """
    return str(_parsed(folder)["name"])


def read_seeds(folder: Path) -> RunGroup:
    """Return the runs of the seeds in a folder.

    Raises
    ------
    HarnessError
        ``seeds.json`` or a run is damaged or missing.
    """
    parsed = _parsed(folder)
    seeds = tuple(parsed["seeds"])
    deterministic = parsed["deterministic"]
    runs = tuple(whole_run(folder / f"seed-{seed}") for seed in (seeds[:1] if deterministic else seeds))
    return RunGroup(parsed["name"], runs, seeds, deterministic)


def is_finished_run(source: str) -> bool:
    """Return whether a source is the folder of a finished run, or of the runs of several seeds."""
    return (Path(source) / RESULTS).is_file() or is_seed_folder(Path(source))


def name_of(folder: Path) -> str:
    """Return the name of a finished run, or of the experiment whose seeds are in a folder."""
    return seed_name(folder) if is_seed_folder(folder) else read_record(folder).name


def record_in(folder: Path) -> RunRecord:
    """Return the record of a finished run, or of the first seed in a folder."""
    return read_record(folder / f"seed-{_parsed(folder)['seeds'][0]}" if is_seed_folder(folder) else folder)


def group_in(folder: Path) -> RunGroup:
    """Return the run, or the runs of all seeds, in a folder."""
    if is_seed_folder(folder):
        return read_seeds(folder)
    found = whole_run(folder)
    return RunGroup(found.name, (found,))


def _parsed(folder: Path) -> dict[str, Any]:
    path = folder / SEEDS_JSON
    try:
        if path.stat().st_size > _MOST:
            raise ValueError(f"it is larger than {_MOST:,} bytes")
        parsed = json.loads(path.read_bytes())
        seeds = parsed["seeds"]
        if not seeds or not all(type(seed) is int and seed >= 0 for seed in seeds):
            raise ValueError("its seeds are not whole numbers")
        if not isinstance(parsed["name"], str) or not isinstance(parsed["deterministic"], bool):
            raise ValueError("name or deterministic is of another type")
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        reason = " ".join(str(error).split())[:200]
        raise HarnessError(f"{path} is damaged: {reason}. Run `harness eval` of the experiment again.") from error
    return dict(parsed)


def _lists_of(run: StoredRun) -> tuple[tuple[str, str], ...]:
    """Return the digests of the lists of a run; without digests, each run has lists of its own."""
    files = run.record.files or {}
    own = tuple(sorted((path, digest) for path, digest in files.items() if path.partition("/")[0] == PREDICTIONS))
    return own or (("run", run.name),)
