"""Results as tables: for the terminal, and as Markdown for the README."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from eval.run import Run

LABELS = {
    "right": "right place, or rightly refused",
    "exact_match": "exact match",
    "f1": "F1",
    "recall_at_1": "recall@1",
    "recall_at_5": "recall@5",
    "recall_at_k": "recall@{k}",
    "reciprocal_rank": "reciprocal rank@{k}",
    "ndcg_at_k": "nDCG@{k} of documents",
    "recall_within_1000": "recall within 1,000 characters read",
    "recall_within_2000": "recall within 2,000 characters read",
    "recall_within_4000": "recall within 4,000 characters read",
    "citation_precision": "citation precision",
    "citation_recall": "citation recall",
    "citation_f1": "citation F1",
    "statements_cited": "statements cited",
    "quote_fidelity": "quotes true to the source",
    "characters_cited": "characters cited",
    "refusal_precision": "refusal precision",
    "refusal_recall": "refusal recall",
    "refusal_f1": "refusal F1",
    "false_refusals": "false refusals",
    "calibration_error": "calibration error",
    "area_under_risk_coverage": "area under risk–coverage",
    "answered": "answered",
    "refused": "refused",
    "failed": "failed",
}
TRIALS = {
    "order": "same answer: documents in another order",
    "duplicates": "same answer: every document twice",
    "irrelevant": "same answer: irrelevant documents added",
    "lower_case": "same answer: typed in lower case",
    "polite": "same answer: asked as a request",
    "paraphrase": "same answer: asked in other words",
    "deleted": "refused: its documents deleted",
}
BY_CATEGORY = ("exact_match", "f1", "recall_at_k", "citation_precision", "citation_recall", "refused")
HEADLINES = (
    "right", "exact_match", "f1", "recall_at_1", "recall_within_1000", "reciprocal_rank", "citation_precision",
    "citation_recall", "quote_fidelity", "characters_cited", "refusal_recall", "false_refusals", "answered", "failed",
)  # fmt: skip
WIDE = 3  # systems whose intervals a terminal has room for; the page shows them of any number
_WHOLE = {"characters_cited", "answered", "refused", "failed"}
_TIMES = {
    "question_seconds_p50": ("seconds per question, median", 3),
    "question_seconds_p95": ("seconds per question, 95th percentile", 3),
    "index_characters_per_second": ("characters indexed per second", 0),
    "index_bytes_per_source_byte": ("bytes of index per byte of text", 1),
    "peak_memory_mib": ("most memory held by the process, MiB", 0),
}

Table = list[list[str]]


def table(run: Run, *, category_of: str = "footnote") -> str:
    """The systems side by side; below, the categories of one of them where there are several.

    `n` is the number of questions that a mean was taken over; where it differs between systems each cell has its own.
    """
    parts = [
        heading(run),
        _aligned(
            [
                ["", "n", *run.systems],
                *_measure_rows(run, limits=len(run.systems) <= WIDE),
                *_trial_rows(run),
                *_time_rows(run),
            ]
        ),
    ]
    if run.comparisons:
        parts.append(_aligned(_comparison_rows(run)))
    categories = run.categories.get(category_of, {})
    if len(categories) > 1:
        parts.append(_aligned(_category_rows(run, category_of, categories)))
    parts.extend(_remarks(run))
    return "\n\n".join(parts) + "\n"


def markdown(run: Run) -> str:
    """The measures that matter most in Markdown, without times: they belong to a benchmark."""
    rows = [["", "n", *run.systems], *_measure_rows(run, limits=True, names=HEADLINES)]
    lines = [_pipes(rows[0]), _pipes(["---"] + ["---:"] * (len(rows[0]) - 1)), *map(_pipes, rows[1:])]
    return "\n".join(lines) + "\n"


def heading(run: Run) -> str:
    """One line: what was asked of what, on which commit and machine."""
    about = run.about
    drawn = f" of {about['questions_in_suite']:,} (seed {about['seed']})" if about["seed"] is not None else ""
    commit = about["commit"][:10] + (" with changes" if about["dirty"] else "")
    return (
        f"{about['suite']}: {about['questions']:,}{drawn} questions over {about['documents']:,} documents; "
        f"commit {commit}; {about['machine']}"
    )


def _measure_rows(run: Run, *, limits: bool = False, names: Sequence[str] = tuple(LABELS)) -> Table:
    """Label, n, then a cell for each system, with its 95 % interval; what applies to no question is left out.

    Results of before hold fewer measures.
    """
    rows = []
    for name in names:
        cells = [run.summary[system].get(name, {"value": None, "n": 0}) for system in run.systems]
        if not any(cell["n"] for cell in cells):
            continue
        counts = {cell["n"] for cell in cells}
        shown = [
            _number(name, cell["value"])
            + (_limits(name, cell) if limits else "")
            + (f" (n {cell['n']:,})" if len(counts) > 1 else "")
            for cell in cells
        ]
        rows.append([label(run, name), f"{counts.pop():,}" if len(counts) == 1 else "", *shown])
    return rows


def _limits(name: str, cell: Mapping[str, Any]) -> str:
    if cell.get("low") is None:
        return ""
    digits = 0 if name in _WHOLE else 2
    return f" ({cell['low']:,.{digits}f}–{cell['high']:,.{digits}f})"


def _trial_rows(run: Run) -> Table:
    """What the trials of `eval.robustness` found, where they were run."""
    rows = []
    for name, label in TRIALS.items() if run.robustness else ():
        cells = [run.robustness.get(system, {}).get(name, {"value": None, "n": 0}) for system in run.systems]
        shown = ["–" if cell["value"] is None else f"{cell['value']:.3f} (n {cell['n']})" for cell in cells]
        rows.append([label, "", *shown])
    return rows


def _comparison_rows(run: Run) -> Table:
    """Paired differences with interval and p, and what could have been seen; one line each."""
    rows = [["difference (95 % interval)", "n", "", "p", "detectable"]]
    for one in run.comparisons:
        told = f"{one['system']} − {one['baseline']}, {label(run, one['measure'])}"
        limits = "" if one["low"] is None else f" ({one['low']:+.2f} to {one['high']:+.2f})"
        difference = f"{one['difference']:+.3f}{limits}"
        smallest = "–" if one["detectable"] is None else f"{one['detectable']:.3f}"
        rows.append([told, f"{one['n']:,}", difference, f"{one['p']:.4f}", smallest])
    return rows


def _time_rows(run: Run) -> Table:
    rows = []
    for name, (label, places) in _TIMES.items():
        values = [run.timings.get(system, {}).get(name) for system in run.systems]
        rows.append([label, "", *("–" if value is None else f"{value:,.{places}f}" for value in values)])
    return rows


def _category_rows(run: Run, system: str, categories: Mapping[str, Any]) -> Table:
    rows = [[f"{system}, by category", "n", *(label(run, name) for name in BY_CATEGORY)]]
    for category, summary in sorted(categories.items()):
        cells = [_number(name, summary[name]["value"]) for name in BY_CATEGORY]
        rows.append([category, f"{summary['answered']['n']:,}", *cells])
    return rows


def _remarks(run: Run) -> Iterable[str]:
    """What a reader must know before comparing: failures, documents refused, defects of the set."""
    for system in run.about["systems"]:
        errors = [row for row in run.rows[system["name"]] if row["error"]]
        if errors:
            first = f"{errors[0]['id']}: {errors[0]['error']}"
            yield f"{system['name']} failed on {len(errors):,} questions; first, {first}"
        if system["rejected"]:
            listed = ", ".join(system["rejected"][:3])
            yield f"{system['name']} refused {len(system['rejected']):,} documents: {listed}"
    if run.about["suite_gaps"]:
        yield f"{len(run.about['suite_gaps']):,} defects of the set were left out; the results file lists them."


def label(run: Run, measure: str) -> str:
    """The name of a measure or trial for readers; one that nobody has named keeps its own."""
    return {**LABELS, **TRIALS}.get(measure, measure.replace("_", " ")).replace("{k}", str(run.about.get("k", "k")))


def _number(name: str, value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,.0f}" if name in _WHOLE else f"{value:.3f}"


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    """Columns of equal width: the first to the left, numbers to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = (
        "  ".join([row[0].ljust(widths[0]), *(cell.rjust(w) for cell, w in zip(row[1:], widths[1:], strict=True))])
        for row in rows
    )
    return "\n".join(line.rstrip() for line in lines)


def _pipes(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
