"""trec_eval's own values, through pytrec_eval.

pip install pytrec_eval-terrier==0.5.11 numpy==1.26.4 scipy==1.17.1
python make_trec_eval.py
"""

from __future__ import annotations

REQUIREMENTS = ["pytrec_eval-terrier==0.5.11", "numpy==1.26.4", "scipy==1.17.1"]
AT_K = ["P", "recall", "ndcg_cut", "map_cut", "success"]
WHOLE_LIST = ["map", "ndcg", "recip_rank", "Rprec", "set_P", "set_recall", "set_F", "bpref"]


def main() -> None:
    import pytrec_eval
    from common import CUTOFFS, Values, load, write

    data = load()
    binary = {user: dict.fromkeys(gains, 1) for user, gains in data["truth"].items()}
    runs = {name: {user: dict(rows) for user, rows in data[name].items()} for name in ("predictions", "ties")}
    measures = {f"{measure}.{','.join(map(str, CUTOFFS))}" for measure in AT_K} | set(WHOLE_LIST)
    values = Values()

    def add(suffix: str, judged: dict, run: dict, **options: int) -> None:
        found = pytrec_eval.RelevanceEvaluator(judged, measures, **options).evaluate(run)
        names = [(measure, str(k), f"{measure}_{k}") for measure in AT_K for k in CUTOFFS]
        for entry, cutoff, key in names + [(measure, "all", measure) for measure in WHOLE_LIST]:
            users = {user: row[key] for user, row in found.items()}
            mean = pytrec_eval.compute_aggregated_measure(entry, list(users.values()))
            values.add(f"{entry}{suffix}", cutoff, mean, users)

    add("", binary, runs["predictions"])
    add(" (graded)", data["truth"], runs["predictions"])
    add(" (graded, relevance_level=2)", data["truth"], runs["predictions"], relevance_level=2)
    add(" (ties)", binary, runs["ties"])
    add(" (ties, graded)", data["truth"], runs["ties"])
    write("trec_eval", REQUIREMENTS, values)


if __name__ == "__main__":
    main()
