"""A small run to render: six users, values that can be checked by eye."""

import numpy as np
import pandas as pd
import pytest
from run_records import record_of


@pytest.fixture(autouse=True)
def _drawn(drawn_figures):
    """Draw the figures, which are what these tests are about."""


def metric_value(label, values, *, k):
    mean, std = float(np.mean(values)), float(np.std(values, ddof=1))
    return {
        "label": label,
        "name": label.split("@")[0].split("[")[0],
        "k": k,
        "variant": {"gain": "binary"},
        "family": "accuracy",
        "higher_is_better": True,
        "value": mean,
        "std": std,
        "ci_low": mean - std / 2,
        "ci_high": mean + std / 2,
        "n_users": len(values),
    }


@pytest.fixture
def per_user():
    return pd.DataFrame(
        {
            "user": [11, 12, 13, 14, 15, 16],
            "ndcg@5": [0.0, 0.0, 0.0, 0.5, 0.0, 1.0],
            "ndcg@10": [0.0, 0.0, 0.3, 0.5, 0.0, 1.0],
            "recall@10": [0.0, 0.0, 1.0, 1.0, 0.0, 1.0],
        }
    )


@pytest.fixture
def record(per_user):
    coverage = {"label": "coverage@10", "name": "coverage", "k": 10, "variant": {}, "family": "coverage"}
    nothing = dict.fromkeys(("std", "ci_low", "ci_high", "n_users"))
    results = {
        "schema_version": 1,
        "name": "ml-100k/ease",
        "created": "2026-11-23T10:00:00Z",
        "partial": None,
        "experiment": {
            "name": "ml-100k/ease",
            "model": {"kind": "ease", "params": {"l2": 123.5}},
            "evaluation": {"primary": "ndcg@10"},
            "statistics": {"confidence": 0.95},
        },
        "fingerprints": {"split": "5911" * 16, "data": "da7a" * 16, "evaluation": "e5a1" * 16},
        "environment": {
            "harness": "0.1.0",
            "packages": {"numpy": "2.4.6"},
            "git": {"commit": "8801a71", "dirty": True},
        },
        "dataset": {
            "name": "ml-100k",
            "sha256": "9c99" * 16,
            "raw": {"users": 943, "items": 1682, "interactions": 100000, "density": 0.063},
            "filtered": {"users": 938, "items": 1008, "interactions": 54413, "density": 0.0575},
            "filters": [
                {
                    "kind": "min_rating",
                    "options": {"value": 4.0},
                    "interactions_after": 55375,
                    "users_after": 942,
                    "items_after": 1447,
                }
            ],
            "split": {"kind": "leave_last_out", "facts": {"test": {"interactions": 938}}},
        },
        "protocol": {
            "part": "test",
            "fit_on": "train_validation",
            "history": ["train", "validation"],
            "candidates": {"items": "all", "exclude": "seen", "count": 1008},
            "k": 100,
            "tie_order": "score descending, then a hash",
            "users": 6,
        },
        "metrics": [
            metric_value("ndcg@5", per_user["ndcg@5"], k=5),
            metric_value("ndcg@10", per_user["ndcg@10"], k=10),
            metric_value("recall@10", per_user["recall@10"], k=10),
            {**coverage, "higher_is_better": True, "value": 0.25, **nothing},
        ],
        "slices": [],
        "audits": [
            {
                "name": "unseen_items",
                "severity": "info",
                "count": 0,
                "of": 6,
                "share": 0.0,
                "sentence": "0 of 6 items.",
            },
            {"name": "ties", "severity": "warning", "count": 3, "of": 6, "share": 0.5, "sentence": "3 of 6 tie."},
        ],
        "expected": [{"label": "ndcg@10", "value": 0.3, "expected": 0.2, "tolerance": 0.01, "met": False}],
        "timings": {"phases": {"fit": 0.4, "predict": 0.1}, "users_per_second": 12345.6, "total": 0.5},
    }
    return record_of(results)


@pytest.fixture
def hostile():
    """Texts that break out of HTML, SVG, LaTeX, rich or a terminal where they are not escaped."""
    return [
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "</title></style></svg><script>x</script>",
        "{{ 7*7 }}{% raw %}",
        "$x_1$ \\frac{1}{0} 100% & #1 ~^",
        "[red]not red[/red]",
        "中文 \U0001f600 \u202egpj.exe",
        "a\x00b\x1b[31m\ud800",
        "url(#a) id=\"b\" xlink:href='http://example.org/'",
        "long" * 100,
    ]
