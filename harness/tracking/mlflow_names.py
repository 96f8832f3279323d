"""Spell the names of metrics, parameters and models as MLflow accepts them."""

from __future__ import annotations

import hashlib
import posixpath
import re

_LONGEST = 250  # characters of a key, MLflow's own limit
_REFUSED = re.compile(r"[^\w\-. :/]")
_MARKDOWN = re.compile(r"([\\`*_\[\]()|<>&~#!])")  # characters that Markdown or HTML inside it would obey


def safe_name(text: str) -> str:
    """Return text as a key that MLflow accepts; a key that it accepts stays as it is.

    Keys are normalised paths of at most 250 letters, digits, ``_ - . : /`` and spaces. A longer key ends in a hash,
    so that two long keys stay different.

    Examples
    --------
    >>> safe_name("expected.ndcg@10.value")
    'expected.ndcg_at_10.value'
    >>> safe_name("ndcg[gain=exp2]@10")
    'ndcg_gain-exp2_at_10'
    >>> safe_name("../a//b")
    'a/b'
    """
    spelled = text.replace("@", "_at_").replace("]", "").replace("[", "_").replace("=", "-").replace(",", "_")
    plain = _REFUSED.sub("-", spelled)
    steps = [step for step in plain.split("/") if step not in ("", ".", "..")]
    name = posixpath.join(*steps) if steps else "unnamed"
    if len(name) > _LONGEST:
        name = f"{name[: _LONGEST - 13]}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"
    return name


def metric_name(family: str, label: str) -> str:
    """Return the name of a metric in MLflow: ``family/name_at_k``.

    Examples
    --------
    >>> metric_name("accuracy", "ndcg@10")
    'accuracy/ndcg_at_10'
    >>> metric_name("accuracy", "ndcg[gain=exp2,ideal=full_k]@10")
    'accuracy/ndcg_gain-exp2_ideal-full_k_at_10'
    """
    return safe_name(f"{family.replace('/', '-')}/{label.replace('/', '-')}")


def curve_name(family: str, label: str) -> str | None:
    """Return the name of the curve of a metric over its cutoffs; None for a metric without a cutoff.

    Examples
    --------
    >>> curve_name("accuracy", "ndcg[gain=exp2]@10")
    'accuracy/ndcg_gain-exp2_at_k'
    >>> curve_name("accuracy", "auc") is None
    True
    """
    name, _, cutoff = label.rpartition("@")
    return metric_name(family, f"{name}@k") if name and cutoff.isdecimal() else None


def markdown_text(text: str) -> str:
    r"""Return text that MLflow's descriptions, which are Markdown, show as it is.

    Examples
    --------
    >>> print(markdown_text("[a](b) <script>"))
    \[a\]\(b\) \<script\>
    """
    return _MARKDOWN.sub(r"\\\1", " ".join(text.split()))
