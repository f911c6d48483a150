"""Do the paper's own metrics agree with its own user study? Kendall's tau over its six methods.

    python benchmarks/user_study.py

Numbers as printed: results/published, Tables 1 (rescaled) and 3. Prints Markdown.
"""

from scipy.stats import kendalltau

from a2bench import plugins
from a2bench.paper_tables import paper_table

STUDY = {
    "identity_percent": "identity",
    "temporal_percent": "temporal consistency",
    "visual_percent": "visual quality",
}


def main() -> None:
    """Print metric x question."""
    table = paper_table("animate_x_table1")
    study = {row["method"]: row for row in paper_table("animate_x_table3").rows()}
    rows = [row for row in table.rows() if row["method"] in study]
    print(f"| metric of Table 1 ({len(rows)} methods) | {' | '.join(STUDY.values())} |")
    print("|---|" + "---:|" * len(STUDY))
    for column, metric in table.columns.items():
        sign = 1 if plugins.metric(metric).direction == "higher" else -1
        values = [sign * float(row[column]) for row in rows]
        cells = []
        for question in STUDY:
            found = kendalltau(values, [float(study[row["method"]][question]) for row in rows])
            cells.append(f"{found.statistic:+.2f} (p {found.pvalue:.2f})")
        print(f"| `{column}` | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
