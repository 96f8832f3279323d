"""Hypothesis strategies that tests of several rooms share."""

from __future__ import annotations

import math

from histories import history_of
from hypothesis import strategies as st
from oracles.splitting import Row

from harness.artifacts import (
    CandidateRecord,
    DatasetRecord,
    DataWarning,
    EnvironmentRecord,
    Expectation,
    ExperimentRecord,
    Finding,
    GitState,
    MetricValue,
    PartialRun,
    ProtocolRecord,
    RunRecord,
    SliceGap,
    SliceGroup,
    SliceTable,
    SliceValue,
    TieRange,
    TimingRecord,
)

# Few users, items and times: most tables have ties, repeated pairs, and users with one row.
INTERACTION_ROWS = st.lists(
    st.builds(Row, st.integers(1, 5), st.integers(10, 16), st.integers(0, 4), st.integers(1, 5)),
    min_size=1,
    max_size=40,
)

histories = st.integers(1, 9).flatmap(
    lambda n_items: st.lists(st.lists(st.integers(0, n_items - 1), max_size=8), min_size=1, max_size=8).map(
        lambda lists: history_of(lists, n_items)
    )
)


_TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=8)
_NUMBER = st.floats(allow_nan=False, allow_infinity=False)
_COUNT = st.integers(0, 2**53)
_SCALAR = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | _NUMBER | _TEXT
_FACTS = st.dictionaries(
    _TEXT, st.recursive(_SCALAR, lambda child: st.lists(child, max_size=2), max_leaves=4), max_size=3
)


def _maybe(strategy):
    return st.none() | strategy


def run_records():
    """Return a strategy for records of runs, without digests of files."""
    ties = st.builds(TieRange, _NUMBER, _NUMBER, _NUMBER)
    spread = {"std": _maybe(_NUMBER), "ci_low": _maybe(_NUMBER), "ci_high": _maybe(_NUMBER), "n_users": _maybe(_COUNT)}
    values = st.builds(
        MetricValue,
        label=_TEXT,
        name=_TEXT,
        k=_maybe(_COUNT),
        variant=_FACTS,
        family=_TEXT,
        higher_is_better=st.booleans(),
        value=_NUMBER | st.just(math.nan),
        ties=_maybe(ties),
        **spread,
    )
    slice_values = st.builds(SliceValue, _NUMBER, _maybe(_NUMBER), _maybe(_NUMBER), _COUNT)
    groups = st.builds(SliceGroup, _TEXT, st.dictionaries(_TEXT, slice_values, max_size=2))
    gaps = st.builds(SliceGap, _TEXT, _TEXT, _NUMBER, _maybe(_NUMBER), _maybe(_NUMBER))
    slices = st.builds(
        SliceTable, _TEXT, _TEXT, st.lists(groups, max_size=2).map(tuple), st.dictionaries(_TEXT, gaps, max_size=2)
    )
    severities = st.sampled_from(["info", "warning", "error"])
    cases = st.lists(_TEXT, max_size=2).map(tuple)
    findings = st.builds(Finding, _TEXT, _COUNT, _COUNT, _TEXT, severities, cases, st.booleans()) | st.builds(
        Finding, _TEXT, st.none(), st.none(), _TEXT, severities, cases, st.booleans()
    )
    experiments = st.builds(
        lambda confidence, margin, primary, limit, kind, params, more: ExperimentRecord.of(
            {
                **more,
                "statistics": {"confidence": confidence, "test": "t", "correction": "c", "margin": margin, "seed": 0},
                "evaluation": {"primary": primary},
                "runner": {"limit_users": limit},
                "model": {"kind": kind, "params": params},
            }
        ),
        st.floats(0.5, 0.999),
        _maybe(_NUMBER),
        _maybe(_TEXT),
        _maybe(_COUNT),
        _maybe(_TEXT),
        _FACTS,
        _FACTS,
    )
    return st.builds(
        RunRecord,
        schema_version=st.just(2),
        name=_TEXT,
        created=_maybe(_TEXT),
        partial=_maybe(st.builds(PartialRun, _maybe(_COUNT), _TEXT)),
        experiment=experiments,
        fingerprints=st.dictionaries(_TEXT, _TEXT, max_size=2).map(lambda known: {**known, "split": "s"}),
        model_files=st.dictionaries(_TEXT, _TEXT, max_size=2),
        environment=st.builds(
            EnvironmentRecord,
            harness=_maybe(_TEXT),
            cores=_maybe(_COUNT),
            packages=st.dictionaries(_TEXT, _maybe(_TEXT), max_size=2),
            git=_maybe(st.builds(GitState, _maybe(_TEXT), _maybe(st.booleans()))),
        ),
        dataset=st.builds(
            DatasetRecord,
            name=_TEXT,
            sha256=_maybe(_TEXT),
            source=_FACTS,
            warnings=st.lists(st.builds(DataWarning, _TEXT, _COUNT, _TEXT), max_size=2).map(tuple),
            raw=_FACTS,
            filters=st.lists(_FACTS, max_size=2).map(tuple),
            split=_FACTS,
        ),
        protocol=st.builds(
            ProtocolRecord,
            part=_TEXT,
            history=cases,
            rolling=st.booleans(),
            candidates=st.builds(CandidateRecord, _TEXT, _TEXT, _maybe(_COUNT), _maybe(_FACTS), sha256=_maybe(_TEXT)),
            users=_maybe(_COUNT),
            counts=_FACTS,
        ),
        metrics=st.lists(values, max_size=3, unique_by=lambda value: value.label).map(tuple),
        slices=st.lists(slices, max_size=2).map(tuple),
        audits=st.lists(findings, max_size=3).map(tuple),
        timings=st.builds(
            TimingRecord,
            phases=st.dictionaries(_TEXT, _NUMBER, max_size=2),
            total=_maybe(_NUMBER),
            users_from_cache=_maybe(_COUNT),
        ),
        expected=st.lists(
            st.builds(Expectation, _TEXT, _maybe(_NUMBER), _NUMBER, _NUMBER, st.booleans()), max_size=2
        ).map(tuple),
    )
