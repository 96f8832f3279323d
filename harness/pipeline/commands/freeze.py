"""Record the settings of a benchmark in a dated file before its test part is evaluated: ``harness freeze``."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from harness import __version__, storage
from harness.artifacts import Facts, flat_items, to_json
from harness.errors import HarnessError
from harness.experiment import Benchmark, load_benchmark, seed_experiments
from harness.pipeline.commands.validate import check_inputs
from harness.pipeline.run_folder.earlier_uses import uses_of_split
from harness.pipeline.stages.preparation import prepare

SUFFIX = ".frozen.json"
_VERSION = 1
_MOST_KEYS, _LONGEST = 5, 60  # changed keys that a message names, and characters of a value


@dataclass(frozen=True)
class FrozenProtocol:
    """The settings of a benchmark at the moment when they were frozen.

    Parameters
    ----------
    benchmark
        Name of the benchmark.
    created
        When it was frozen.
    harness
        Version of this package.
    facts
        Data, split, candidates, metrics, models, primary metric, statistics and margin.
    effect
        The planned effect in the unit of the primary metric, from validation; None if none was stated.
    digest
        SHA-256 of the facts and the effect.
    evaluations, store_known
        Evaluations of the test part that were on record then, and whether the tracking store was read.
    seal
        SHA-256 of all of these. It shows accidents and edits by hand, not forgery: commit the file.
    """

    benchmark: str
    created: str
    harness: str
    facts: Facts
    effect: float | None
    digest: str
    evaluations: int
    store_known: bool
    seal: str = ""

    @property
    def moment(self) -> str:
        """When it was frozen, and how many evaluations came before."""
        before = f"{self.evaluations:,} evaluation{'s' if self.evaluations != 1 else ''} of the test part"
        if self.evaluations:
            return f"frozen on {self.created}, after {before}"
        store = "" if self.store_known else ", without a look into the tracking store"
        return f"frozen on {self.created}; no evaluation of the test part was on record{store}"


def freeze(path: Path, *, effect: float | None = None, force: bool = False, ask_store: bool = True) -> FrozenProtocol:
    """Write the settings of a benchmark to a file beside it, and return them.

    Parameters
    ----------
    path
        Benchmark file.
    effect
        The planned effect, positive and in the unit of the primary metric.
    force
        Whether to replace an earlier one.
    ask_store
        Whether to count evaluations in the tracking store, too.

    Raises
    ------
    HarnessError
        The benchmark is not valid, the effect is not positive, or another protocol is frozen.
    """
    if effect is not None and not 0 < effect < float("inf"):
        raise HarnessError(f"the planned effect is {effect}; it is positive, in the unit of the primary metric.")
    benchmark = load_benchmark(path)
    check_inputs(*(one for experiment in benchmark.experiments for one in seed_experiments(experiment)))
    split = prepare(benchmark.experiments[0]).split.digest
    facts = protocol_facts(benchmark, split)
    digest = _digest(facts, effect)
    earlier = read_frozen(path)
    if earlier is not None and earlier.digest == digest:
        return earlier
    if earlier is not None and not force:
        changes = _changes(earlier, facts, {"effect": effect})
        raise HarnessError(
            f"{frozen_path(path)} holds another protocol, {earlier.moment}. {changes}. Keep it, or replace it by "
            "--force, which gives it a new date."
        )
    uses = uses_of_split(split, [Path(benchmark.report.directory)], ask_store=ask_store)
    frozen = FrozenProtocol(
        benchmark=benchmark.name,
        created=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        harness=__version__,
        facts=facts,
        effect=effect,
        digest=digest,
        evaluations=uses.evaluations,
        store_known=uses.store_known,
    )
    frozen = replace(frozen, seal=_seal(frozen))
    text = json.dumps({"schema_version": _VERSION, **asdict(frozen)}, indent=2, ensure_ascii=False, allow_nan=False)
    storage.write_text(frozen_path(path), text + "\n")
    return frozen


def frozen_path(benchmark: Path) -> Path:
    """Return the path of the frozen protocol of a benchmark file: beside it."""
    return benchmark.with_name(benchmark.name + SUFFIX)


def read_frozen(benchmark: Path) -> FrozenProtocol | None:
    """Return the frozen protocol of a benchmark file; None if there is none.

    Raises
    ------
    HarnessError
        It is damaged, or was changed since it was written.
    """
    path = frozen_path(benchmark)
    if not path.is_file():
        return None
    try:
        parsed = json.loads(path.read_bytes())
        version = parsed.pop("schema_version")
        if version != _VERSION:
            raise ValueError(f"it has schema version {version}, and this version of harness reads {_VERSION}")
        frozen = TypeAdapter(FrozenProtocol).validate_python(parsed)
        if frozen.digest != _digest(frozen.facts, frozen.effect) or frozen.seal != _seal(frozen):
            raise ValueError("it was changed since it was written")
    except (OSError, ValueError, TypeError, AttributeError, KeyError, RecursionError) as error:
        reason = " ".join(str(error).split())[:200]
        raise HarnessError(f"{path} is damaged: {reason}. Restore it, or remove it and freeze again.") from error
    return frozen


def frozen_stamp(path: Path, benchmark: Benchmark, split: str) -> str | None:
    """Return a sentence that says whether the settings of a benchmark changed since they were frozen.

    Returns None for a benchmark that was not frozen.

    Parameters
    ----------
    path
        Benchmark file.
    benchmark
        The benchmark as it is compared, with overrides.
    split
        Fingerprint of the split of its runs.
    """
    frozen = read_frozen(path)
    if frozen is None:
        return None
    facts = protocol_facts(benchmark, split)
    if _digest(facts, frozen.effect) != frozen.digest:
        return f"Exploratory: the protocol was {frozen.moment}, and was changed since. {_changes(frozen, facts)}."
    effect = "" if frozen.effect is None else f" Planned effect: {frozen.effect:g}."
    return f"The protocol was {frozen.moment}.{effect}"


def protocol_facts(benchmark: Benchmark, split: str) -> Facts:
    """Return the settings of a benchmark that decide its numbers and verdicts.

    These are data, split, candidates, metrics, models, primary metric, baseline and statistics. Checkpoints, devices
    and folders are left out.

    Parameters
    ----------
    benchmark
        The benchmark.
    split
        Fingerprint of its split.
    """
    first = benchmark.experiments[0].to_dict()
    evaluation = {key: value for key, value in first["evaluation"].items() if key not in ("parallel", "primary")}
    runs = {}
    for experiment in benchmark.experiments:
        model = experiment.to_dict()["model"]
        runs[experiment.name] = {key: model[key] for key in ("kind", "params", "fit")}
        if experiment.seeds:
            runs[experiment.name]["seeds"] = list(experiment.seeds)
    facts: Facts = to_json(
        {
            "split": split,
            "dataset": first["dataset"],
            "candidates": first["candidates"],
            "evaluation": evaluation,
            "runner": {key: first["runner"][key] for key in ("k", "limit_users")},
            "baseline": benchmark.baseline,
            "primary": benchmark.primary,
            "statistics": asdict(benchmark.statistics),
            "runs": runs,
        }
    )
    return facts


def _digest(facts: Facts, effect: float | None) -> str:
    return storage.sha256_json({"facts": facts, "effect": effect})


def _seal(frozen: FrozenProtocol) -> str:
    return storage.sha256_json({key: value for key, value in asdict(frozen).items() if key != "seal"})


def _changes(frozen: FrozenProtocol, facts: Facts, more_facts: Mapping[str, Any] | None = None) -> str:
    """Return which keys differ, with both values."""
    before, now = dict(flat_items(frozen.facts)), dict(flat_items(facts))
    if more_facts is not None:
        before |= {"effect": frozen.effect}
        now |= more_facts
    changed = [key for key in before | now if before.get(key) != now.get(key)]
    shown = [f"{key}: {_text(before, key)} became {_text(now, key)}" for key in changed[:_MOST_KEYS]]
    more = f", and {len(changed) - _MOST_KEYS} more" if len(changed) > _MOST_KEYS else ""
    return "; ".join(shown) + more


def _text(values: Mapping[str, Any], key: str) -> str:
    return json.dumps(values[key], ensure_ascii=False)[:_LONGEST] if key in values else "nothing"
