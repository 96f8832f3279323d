"""Say in sentences how a run was measured."""

from __future__ import annotations

from collections.abc import Sequence

from harness.artifacts import CandidateRecord, ProtocolRecord
from harness.report.texts.number_text import count_text

_FITTED = {"train": "only the train part", "train_validation": "the train and validation parts"}


def protocol_sentences(protocol: ProtocolRecord) -> list[str]:
    """Return what a reader must know to read the numbers; facts that are missing are left out.

    Examples
    --------
    >>> protocol_sentences(ProtocolRecord(part="test", users=938, k=100, candidates=CandidateRecord("all")))
    ['For each of 938 users of the test part, the best 100 items were ranked.',
     'Candidates are all items of the filtered data.']
    """
    sentences = [
        _task(protocol),
        _candidates(protocol.candidates),
        f"The model was fitted on {_FITTED.get(protocol.fit_on, protocol.fit_on)}." if protocol.fit_on else "",
        f"Order: {protocol.tie_order}." if protocol.tie_order else "",
        _rules(protocol),
    ]
    return [sentence for sentence in sentences if sentence]


def _task(protocol: ProtocolRecord) -> str:
    if protocol.users is None or protocol.k is None:
        return ""
    known = _listed(protocol.history)
    history = f", given their history in {known}" if known else ""
    users, k = count_text(protocol.users), count_text(protocol.k)
    if protocol.rolling:
        return (
            f"For each of {users} users, at each of their moments of the {protocol.part} part "
            f"({count_text(protocol.lists)} in all), given all that they did before it, the best {k} items were "
            "ranked; a user's value is the mean over their moments."
        )
    return f"For each of {users} users of the {protocol.part} part{history}, the best {k} items were ranked."


def _rules(protocol: ProtocolRecord) -> str:
    sentences = []
    if protocol.convention:
        sentences.append(f"Definitions are those of {protocol.convention}, except where the experiment states its own.")
    if protocol.ties in ("worst", "expected", "best"):
        sentences.append(f"Metrics of accuracy have the {protocol.ties} value over all orders of equal scores.")
    if protocol.without_predictions == "drop":
        sentences.append("Users without recommendations are left out.")
    return " ".join(sentences)


def _candidates(candidates: CandidateRecord) -> str:
    number = f" ({count_text(candidates.count)})" if candidates.count is not None else ""
    which = "all items of the filtered data" if candidates.items == "all" else "the items seen in training"
    left_out = "; items of the user's history are excluded" if candidates.exclude == "seen" else ""
    sentence = f"Candidates are {which}{number}{left_out}."
    if candidates.allow:
        sentence += f" Of these only {count_text(candidates.allow.get('items'))} that a list allows."
    if candidates.lists:
        sentence += " Each user has candidates of their own, from a file."
    if candidates.sampled:
        sampled = candidates.sampled
        sentence += (
            f" Of these each user is ranked only their relevant items and {count_text(sampled.get('negatives'))} "
            f"negatives, drawn by {sampled.get('by')} with seed {sampled.get('seed')}: sampled metrics, "
            "not comparable with those over all items."
        )
    return sentence


def _listed(words: Sequence[str]) -> str:
    return " and ".join(words)
