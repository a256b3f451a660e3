"""Results as one HTML page: figures with their intervals, plots, and every question beside its gold answer.

The page stands alone: it asks for nothing from anywhere, and works without its script. It holds neither clock nor
chance: the same run gives the same bytes. Results of before, which lack intervals or outcomes, show "–" there.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup

from eval import plots
from eval.confidence import reliability, risk_coverage
from eval.questions import OUTCOMES, Row, view
from eval.report import TRIALS, label
from eval.run import Run
from eval.scoring import LOWER_IS_BETTER
from eval.suite import Suite

ASPECTS = {  # what a reader wants to know of a system, and the measures that say so, the first that there is
    "being right": ("right",),
    "answering in the right words": ("f1",),
    "finding the place": ("recall_within_1000", "recall_at_k"),
    "citing the place": ("citation_f1", "citation_recall"),
    "refusing where it should": ("refusal_f1", "refusal_recall"),
    "knowing how sure it is": ("calibration_error",),
}
GROUPS = {
    "Answers": ("right", "exact_match", "f1"),
    "Retrieval": (
        "recall_at_1", "recall_at_5", "recall_at_k", "reciprocal_rank", "ndcg_at_k", "recall_within_1000",
        "recall_within_2000", "recall_within_4000",
    ),
    "Citations": (
        "citation_precision", "citation_recall", "citation_f1", "statements_cited", "quote_fidelity",
        "characters_cited",
    ),
    "Refusals": ("refusal_precision", "refusal_recall", "refusal_f1", "false_refusals"),
    "Confidence": ("calibration_error", "area_under_risk_coverage"),
    "Counts": ("answered", "refused", "failed"),
    "Robustness": tuple(TRIALS),
}  # fmt: skip
TIMES: dict[str, tuple[str, Callable[[float], str]]] = {
    "question_seconds_p50": ("time per question, median", plots.duration),
    "question_seconds_p95": ("time per question, 95th percentile", plots.duration),
    "index_seconds": ("time to index", plots.duration),
    "index_characters_per_second": ("characters indexed per second", "{:,.0f}".format),
    "peak_memory_mib": ("most memory held, MiB", "{:,.0f}".format),
    "index_bytes_per_source_byte": ("bytes of index per byte of documents", "{:.2f}".format),
}
NEUTRAL = {"characters_cited", "answered", "refused"}  # neither more nor less is better
WHOLE = {*NEUTRAL, "failed"}
CHANCE = 0.05
MINUS = "\N{MINUS SIGN}"
TALL = 6  # categories, from which their bars stand in two columns
UNEVEN = 3  # times as many characters cited, from which the page warns


def page(run: Run, suite: Suite) -> str:
    """The page of a run on a suite, sampled or whole."""
    rows = {name: {row["id"]: row for row in run.rows.get(name, [])} for name in run.systems}
    asked = [question for question in suite.questions if any(question.id in found for found in rows.values())]
    html: str = _template().render(
        about=run.about,
        same_suite=run.about.get("suite_digest") == suite.digest,
        systems=run.systems,
        shapes=[plots.shape(style) for style in range(len(run.systems))],
        outcomes=OUTCOMES,
        intervals=_has_intervals(run),
        reading=reading(run),
        caveats=list(caveats(run)),
        groups=list(_groups(run)),
        times=list(_times(run)),
        figures=_figures(run),
        comparisons=_comparisons(run),
        compared=len(run.comparisons),
        questions=view(asked, suite.documents, rows),
        categories=sorted({question.category for question in asked}),
    )
    return html.encode("utf-8", "replace").decode("utf-8")  # lone surrogates cannot be written to a file


@cache
def _template() -> Template:
    options = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined)
    return options.from_string(Path(__file__).with_name("page.html").read_text(encoding="utf-8"))


def reading(run: Run) -> list[Markup]:
    """The result in sentences: who leads where beyond chance, and what goes wrong."""
    said: list[Markup] = []
    clear: dict[str, list[str]] = {}
    unclear: list[str] = []
    for aspect, measure in _aspects(run):
        ranked = _ranked(run, measure)
        values = [f"{name} {_figure(run, name, measure)['value']:.2f}" for name in ranked]
        level = [name for name in ranked if name == ranked[0] or not _apart(run, ranked[0], name, measure)]
        if len(ranked) > 1 and len(level) == 1:
            clear.setdefault(ranked[0], []).append(f"{aspect} ({label(run, measure)}: {'; next, '.join(values[:2])})")
        elif len(ranked) > 1:
            unclear.append(f"{aspect} ({label(run, measure)}: {', '.join(values[: len(level)])})")
    for name, measures in clear.items():
        said.append(Markup("<b>{} leads</b> beyond chance in {}.").format(name, _listed(measures)))
    if unclear:
        start = "Too close to call" if _has_intervals(run) else "In front by value alone"
        said.append(Markup("<b>{}:</b> {}.").format(start, _listed(unclear)))
    if len(run.systems) == 1:
        figures = [
            f"{label(run, m)} {plots.told(_estimate(_figure(run, run.systems[0], m)))}" for _, m in _aspects(run)
        ]
        said.append(Markup("<b>{}</b> reaches {}.").format(run.systems[0], _listed(figures)))
    first = run.systems[0]  # the others are there to be compared with it
    counts = dict(zip(OUTCOMES, _outcomes(run, first), strict=True))
    if asked := sum(counts.values()):
        others = [kind for kind in OUTCOMES if kind not in ("right", "rightly refused")]
        wrong = sorted(others, key=lambda kind: -counts[kind])
        most = _listed([f"{kind} {counts[kind]:,}" for kind in wrong if counts[kind]]) or "nothing else"
        text = "Of {:,} questions <b>{}</b> gets {:,} right and rightly refuses {:,}; the rest: {}."
        said.append(Markup(text).format(asked, first, counts["right"], counts["rightly refused"], most))
    return said


def caveats(run: Run) -> Iterator[str]:
    """What keeps the figures from being taken at their word."""
    if not _has_intervals(run):
        yield "These results hold no intervals: no difference here can be called real."
    reach = {"right": "being right", "f1": "F1"}
    seen = {
        m: [one["detectable"] for one in run.comparisons if one["measure"] == m and one["detectable"]] for m in reach
    }
    if told := [f"{min(1.0, max(seen[m])):.2f} in {text}" for m, text in reach.items() if seen[m]]:
        yield f"Differences below about {_listed(told)} are too small for this suite to show reliably."
    cited = {name: _figure(run, name, "characters_cited").get("value") or 0 for name in run.systems}
    most, least = (pick(cited, key=lambda name: cited[name]) for pick in (max, min))
    if cited[most] > UNEVEN * cited[least] > 0:
        yield (
            f"Who cites more is right more easily: an answer of {most} cites {cited[most]:,.0f} characters, one of "
            f"{least} {cited[least]:,.0f}."
        )
    never = [name for name in run.systems if _figure(run, name, "refused").get("value") == 0]
    if 0 < len(never) < len(run.systems):
        yield f"{_listed(never)} never {'refuses' if len(never) == 1 else 'refuse'}."
    failed = [(name, _figure(run, name, "failed").get("value")) for name in run.systems]
    yield from (
        f"{name} failed on {count:,} of the questions, which count as wrong." for name, count in failed if count
    )
    if run.about.get("dirty"):
        yield "The working tree held changes that no commit names."


def _has_intervals(run: Run) -> bool:
    return any(figure.get("low") is not None for found in run.summary.values() for figure in found.values())


def _aspects(run: Run) -> Iterator[tuple[str, str]]:
    """Each aspect with the measure of it that these results hold."""
    for aspect, measures in ASPECTS.items():
        held = [m for m in measures if any(_figure(run, name, m).get("value") is not None for name in run.systems)]
        if held:
            yield aspect, held[0]


def _figure(run: Run, system: str, measure: str) -> Mapping[str, Any]:
    held = run.robustness if measure in TRIALS else run.summary
    found: Mapping[str, Any] = held.get(system, {}).get(measure) or {}
    return found


def _ranked(run: Run, measure: str) -> list[str]:
    """The systems for which there is a value, the best first; the earlier of equals first."""
    found = {name: _figure(run, name, measure).get("value") for name in run.systems}
    values: dict[str, float] = {name: value for name, value in found.items() if value is not None}
    return sorted(values, key=lambda name: values[name] if measure in LOWER_IS_BETTER else -values[name])


def _apart(run: Run, one: str, other: str, measure: str) -> bool:
    """Whether two systems differ beyond chance: by their paired difference if there is one, else by their intervals."""
    for found in run.comparisons:
        if found["measure"] == measure and {found["system"], found["baseline"]} == {one, other}:
            return _verdict(found) == "apart"
    a, b = _figure(run, one, measure), _figure(run, other, measure)
    if any(figure.get(end) is None for figure in (a, b) for end in ("low", "high")):
        return False
    return bool(a["low"] > b["high"] or b["low"] > a["high"])


def _verdict(found: Mapping[str, Any]) -> str:
    """`apart` where interval and p agree that it is not chance, `level` where they agree on chance, else `unsure`."""
    low, high, p = found.get("low"), found.get("high"), found.get("p")
    beyond = {low > 0 or high < 0} if low is not None and high is not None else set()
    beyond |= {p < CHANCE} if p is not None else set()
    return "unsure" if len(beyond) != 1 else "apart" if beyond.pop() else "level"


def _comparisons(run: Run) -> dict[str, list[dict[str, Any]]]:
    """The lines of the table of differences, by the pair that is compared."""
    pairs: dict[str, list[dict[str, Any]]] = {}
    for found in run.comparisons:
        pairs.setdefault(f"{found['system']} against {found['baseline']}", []).append(_comparison(run, found))
    return pairs


def _comparison(run: Run, found: Mapping[str, Any]) -> dict[str, Any]:
    by, measure, verdict = found["difference"], found["measure"], _verdict(found)
    way = "better" if (by < 0) == (measure in LOWER_IS_BETTER) else "worse"
    reach = found.get("detectable")
    words = {
        "apart": f"{way}, beyond chance",
        "level": "no difference shown" + (f"; one below {reach:.2f} could stay unseen" if reach else ""),
        "unsure": "borderline: interval and p do not agree" if found.get("p") is not None else "not tested",
    }
    p, digits = found.get("p"), 0 if measure in WHOLE else 3
    return {
        "label": label(run, measure),
        "n": found["n"],
        "difference": f"{by:+,.{digits}f}".replace("-", MINUS),
        "interval": _interval(found, digits),
        "p": "–" if p is None else "< 0.001" if p < 0.001 else f"{p:.3f}",
        "detectable": "–" if reach is None else f"{reach:,.{digits}f}",
        "verdict": way if verdict == "apart" else verdict,
        "words": words[verdict],
    }


def _groups(run: Run) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """The summary: measures by group, a cell for each system; measures that apply to no question are left out."""
    known = set(itertools.chain(*GROUPS.values()))
    other = {m: None for name in run.systems for m in run.summary.get(name, {}) if m not in known}
    for group, measures in {**GROUPS, "Other": tuple(other)}.items():
        if lines := [_line(run, m) for m in measures if any(_figure(run, s, m).get("n") for s in run.systems)]:
            yield group, lines


def _line(run: Run, measure: str) -> dict[str, Any]:
    figures = [_figure(run, name, measure) for name in run.systems]
    counts = {figure.get("n") for figure in figures if figure}
    ranked = [] if measure in NEUTRAL or len(run.systems) == 1 else _ranked(run, measure)
    digits = 0 if measure in WHOLE else 3
    best = _number(_figure(run, ranked[0], measure), digits) if ranked else ""
    if all(_number(figure, digits) == best for figure in figures):
        ranked, best = [], ""
    cells = []
    for name, figure in zip(run.systems, figures, strict=True):
        shown = _number(figure, digits)
        level = name in ranked and figure.get("low") is not None and not _apart(run, ranked[0], name, measure)
        mark = "best" if name in ranked and shown == best else "level" if level else ""
        cells.append({"value": shown, "interval": _interval(figure, digits), "n": figure.get("n", 0), "mark": mark})
    n = counts.pop() if len(counts) == 1 else None
    return {"label": label(run, measure), "n": n, "lower": measure in LOWER_IS_BETTER, "cells": cells}


def _times(run: Run) -> Iterator[tuple[str, list[str]]]:
    for name, (text, told) in TIMES.items():
        values = [run.timings.get(system, {}).get(name) for system in run.systems]
        if any(value is not None for value in values):
            yield text, ["–" if value is None else told(value) for value in values]


def _outcomes(run: Run, system: str) -> list[int]:
    """The number of questions of each outcome."""
    ended = [row.get("outcome") for row in run.rows.get(system, [])]
    return [ended.count(kind) for kind in OUTCOMES]


def _figures(run: Run) -> dict[str, Any]:
    """The plots for which these results hold the figures, and which systems are `drawn` in them."""
    found: dict[str, Any] = dict.fromkeys(("outcomes", "risk", "reliability", "latency"))
    found["forest"] = plots.forest([_headline(run, aspect, measure) for aspect, measure in _aspects(run)])
    counts = [(name, _outcomes(run, name)) for name in run.systems]
    if any(sum(listed) for _, listed in counts):
        found["outcomes"] = plots.outcome_bars(counts, OUTCOMES)
    confident = [both for style, name in enumerate(run.systems) if (both := _confidence(run, style, name))]
    if confident:
        risks, bins = zip(*confident, strict=True)
        held = [curve for curve in bins if curve.points]  # of confidences that claim to be probabilities
        found |= {"risk": plots.risk_coverage(risks), "reliability": plots.reliability(held) if held else None}
    times = [
        plots.Curve(name=name, style=style, points=[(at, done / len(seconds)) for done, at in enumerate(seconds, 1)])
        for style, name in enumerate(run.systems)
        if (seconds := sorted(run.timings.get(name, {}).get("seconds") or []))
    ]
    if times:
        found["latency"] = plots.latency(times)
    bars = _category_bars(run) if any(len(kinds) > 1 for kinds in run.categories.values()) else []
    half = (len(bars) + 1) // 2 if len(bars) > TALL else len(bars)
    parts = [part for part in (bars[:half], bars[half:]) if part]
    found["categories"] = [plots.category_bars(part, run.systems, label(run, "f1")) for part in parts]
    found["drawn"] = {
        "risk": [risk.style for risk, _ in confident],
        "reliability": [bins.style for _, bins in confident if bins.points],
        "latency": [curve.style for curve in times],
    }
    return found


def _headline(run: Run, aspect: str, measure: str) -> tuple[str, list[tuple[str, int, plots.Estimate]]]:
    text = f"{aspect.capitalize()}: {label(run, measure)}{' (lower is better)' * (measure in LOWER_IS_BETTER)}"
    return text, [(name, style, _estimate(_figure(run, name, measure))) for style, name in enumerate(run.systems)]


def _confidence(run: Run, style: int, name: str) -> tuple[plots.Curve, plots.Curve] | None:
    """Risk over coverage, and reliability, of a system that gives its answers a confidence."""
    rows = run.rows.get(name, [])
    answers = [row for row in rows if not row["refused"] and not row.get("error")]
    judged = [row for row in answers if row.get("right", 0) is not None]
    if not judged or any(row["confidence"] is None for row in answers):
        return None
    said, right = np.array([row["confidence"] for row in judged]), np.array([_right(row) for row in judged])
    coverage, risk = (line.tolist() for line in risk_coverage(said, right, asked=len(rows)))
    bins = reliability(said, right) if all(row.get("calibrated", True) for row in answers) else []
    return (
        plots.Curve(name=name, style=style, points=list(zip(coverage, risk, strict=True))),
        plots.Curve(name=name, style=style, points=[held[2:] for held in bins], weights=[held[1] for held in bins]),
    )


def _category_bars(run: Run) -> list[tuple[str, int, list[plots.Estimate]]]:
    bars = []
    for kind in sorted({kind for name in run.systems for kind in run.categories.get(name, {})}):
        figures = [run.categories.get(name, {}).get(kind, {}).get("f1") or {} for name in run.systems]
        bars.append((kind, max(figure.get("n", 0) for figure in figures), [_estimate(figure) for figure in figures]))
    return bars


def _right(row: Row) -> bool:
    """As the row says; results of before do not, and there an answer is right where a citation holds a gold span."""
    return bool(row["right"] if "right" in row else row.get("citation_recall"))


def _estimate(figure: Mapping[str, Any]) -> plots.Estimate:
    return plots.Estimate(value=figure.get("value"), low=figure.get("low"), high=figure.get("high"))


def _number(figure: Mapping[str, Any], digits: int) -> str:
    value = figure.get("value")
    return "–" if value is None else f"{value:,.{digits}f}"


def _interval(figure: Mapping[str, Any], digits: int) -> str:
    low, high = figure.get("low"), figure.get("high")
    return "" if low is None or high is None else f"{low:,.{digits}f} to {high:,.{digits}f}".replace("-", MINUS)


def _listed(parts: Sequence[str]) -> str:
    return ", ".join(parts[:-1]) + (" and " if len(parts) > 1 else "") + parts[-1] if parts else ""
