"""How a run was measured, in sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from harness.report.number_text import count_text

_FITTED = {"train": "the train part alone", "train_validation": "the train and validation parts"}


def sentences(results: Mapping[str, Any]) -> list[str]:
    """Return what a reader must know to read the numbers; facts that are missing are left out.

    Examples
    --------
    >>> sentences({"protocol": {"part": "test", "users": 938, "k": 100}})
    ['For each of 938 users of the test part, the best 100 items were ranked.']
    """
    protocol = results.get("protocol", {})
    told = [
        _task(protocol), _candidates(protocol.get("candidates")), _fit(protocol), _ties(protocol), _rules(protocol)
    ]  # fmt: skip
    return [sentence for sentence in told if sentence]


def _task(protocol: Mapping[str, Any]) -> str:
    if not {"part", "users", "k"} <= protocol.keys():
        return ""
    known = _listed(protocol.get("history") or ())
    given = f", given their history in {known}" if known else ""
    users, k = count_text(protocol["users"]), count_text(protocol["k"])
    if protocol.get("rolling"):
        return (
            f"For each of {users} users, at each of their moments of the {protocol['part']} part "
            f"({count_text(protocol['lists'])} in all), given all that they did before it, the best {k} items were "
            "ranked; a user's value is the mean over their moments."
        )
    return f"For each of {users} users of the {protocol['part']} part{given}, the best {k} items were ranked."


def _rules(protocol: Mapping[str, Any]) -> str:
    told = []
    if protocol.get("convention"):
        told.append(f"Definitions are those of {protocol['convention']}, but for what the experiment states itself.")
    if protocol.get("ties") in ("worst", "expected", "best"):
        told.append(f"Metrics of accuracy have the {protocol['ties']} value over all orders of equal scores.")
    if protocol.get("without_predictions") == "drop":
        told.append("Users who were recommended nothing are left out.")
    return " ".join(told)


def _candidates(candidates: Any) -> str:
    if not isinstance(candidates, Mapping):
        return ""
    number = f" ({count_text(candidates['count'])})" if candidates.get("count") is not None else ""
    which = "all items of the filtered data" if candidates.get("items") == "all" else "the items seen in training"
    left_out = "; items of the user's history are excluded" if candidates.get("exclude") == "seen" else ""
    told = f"Candidates are {which}{number}{left_out}."
    if candidates.get("allow"):
        told += f" Of these only {count_text(candidates['allow']['items'])} that a list allows."
    if candidates.get("lists"):
        told += " Each user has candidates of their own, from a file."
    if candidates.get("sampled"):
        drawn = candidates["sampled"]
        told += (
            f" Of these each user is ranked only their relevant items and {count_text(drawn['negatives'])} negatives, "
            f"drawn by {drawn['by']} with seed {drawn['seed']}: sampled metrics, "
            "not comparable with those over all items."
        )
    return told


def _fit(protocol: Mapping[str, Any]) -> str:
    fitted = protocol.get("fit_on")
    return f"The model was fitted on {_FITTED.get(fitted, fitted)}." if fitted else ""


def _ties(protocol: Mapping[str, Any]) -> str:
    return f"Order: {protocol['tie_order']}." if protocol.get("tie_order") else ""


def _listed(words: Sequence[Any]) -> str:
    return " and ".join(str(word) for word in words)
