"""One question's row, and what rows come to: means with their intervals, by category, and against another system."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from eval import measures
from eval.confidence import area, calibration_error
from eval.statistics import Drawn, Values, column, difference, interval, mean_of, resamples
from eval.suite import Gold, Question
from eval.systems import Found, Reply

CHARACTERS = (1_000, 2_000, 4_000)  # of ranked passages, read for recall_within: so passage size cannot buy recall
OF_ROWS = (
    "right", "exact_match", "f1", "recall_at_1", "recall_at_5", "recall_at_k", "reciprocal_rank", "ndcg_at_k",
    "recall_within_1000", "recall_within_2000", "recall_within_4000", "citation_precision", "citation_recall",
    "citation_f1", "statements_cited", "quote_fidelity", "characters_cited",
)  # fmt: skip
MEASURES = (
    *OF_ROWS, "refusal_precision", "refusal_recall", "refusal_f1", "false_refusals", "calibration_error",
    "area_under_risk_coverage", "answered", "refused", "failed",
)  # fmt: skip
COMPARED = (
    "right", "exact_match", "f1", "recall_within_1000", "reciprocal_rank", "citation_precision", "citation_recall",
    "citation_f1",
)  # fmt: skip
LOWER_IS_BETTER = frozenset({"false_refusals", "calibration_error", "area_under_risk_coverage", "failed"})
SHOWN = 200  # characters of an answer kept in a row; all of it is measured
_PLACES = 6  # decimals in results

Row = dict[str, Any]
Numbers = npt.NDArray[np.int64]


def score(
    question: Question,
    reply: Reply,
    ranked: Sequence[Found] | None,
    *,
    k: int,
    texts: Mapping[str, str] = MappingProxyType({}),
    error: str = "",
) -> Row:
    """The row of one question; a measure is None where it does not apply.

    Retrieval and citation recall need evidence; `ranked` is None of a system that cannot rank. Citation precision is
    taken over answers: a refusal cites nothing, and of an answer to an unanswerable question every citation is wrong.
    `texts` are those of the documents, against which quotes are held. A failure, of which `reply` and `ranked` are
    empty, is neither answer nor refusal.
    """
    evidence, citations = question.evidence, reply.citations
    answered, judged = not reply.refused, bool(evidence) or not question.answerable
    precision = measures.citation_precision(citations, evidence) if answered and judged else None
    recall = measures.citation_recall(citations, evidence)
    ranking = _of_ranking(ranked, evidence, k)
    ended = outcome(question, reply, found=ranking["recall_at_k"] in (None, 1.0), recall=recall, error=error)
    row: Row = {
        "id": question.id,
        "category": question.category,
        "document": question.document,
        "answerable": question.answerable,
        "refused": reply.refused,
        "failed": bool(error),
        "short": _shown(reply.short),
        "confidence": reply.confidence,
        "calibrated": reply.calibrated,
        "citations": [str(found) for found in citations],
        "statements": [
            {"text": _shown(said.text), "citations": [str(found) for found in said.citations]}
            for said in reply.statements
        ],
        "rank": measures.first_find((ranked or ())[:k], evidence),
        "outcome": ended,
        "right": float(ended in ("right", "rightly refused")) if judged else None,
        "exact_match": _correct(measures.exact_match, question, reply),
        "f1": _correct(measures.f1, question, reply),
        **ranking,
        "citation_precision": precision,
        "citation_recall": recall,
        "citation_f1": _citation_f1(question, precision, recall),
        "statements_cited": measures.statements_cited(reply.statements) if answered and not error else None,
        "quote_fidelity": measures.quote_fidelity([c for said in reply.statements for c in said.citations], texts),
        "characters_cited": sum(c.end - c.start for c in citations) if answered and not error else None,
        "error": error,
    }
    row["unscored"] = {name: _why(name, question, reply, ranked, error) for name in OF_ROWS if row[name] is None}
    return {key: _rounded(value) for key, value in row.items()}


def _why(measure: str, question: Question, reply: Reply, ranked: Sequence[Found] | None, error: str) -> str:
    """Why a measure has no value for a question."""
    if error:
        return "failed"
    if measure in ("exact_match", "f1"):
        return "no gold answer"
    if measure.startswith(("recall", "reciprocal", "ndcg")) and ranked is None:
        return "does not rank"
    if measure in ("quote_fidelity", "statements_cited", "characters_cited") or (question.evidence and reply.refused):
        return "refused" if reply.refused else "shows no quote"
    return "no evidence" if question.answerable or not reply.refused else "rightly refused"


def _of_ranking(ranked: Sequence[Found] | None, evidence: Sequence[Gold], k: int) -> Row:
    found = {
        "recall_at_1": lambda one: measures.recall_at_k(one, evidence, 1),
        "recall_at_5": lambda one: measures.recall_at_k(one, evidence, 5),
        "recall_at_k": lambda one: measures.recall_at_k(one, evidence, k),
        "reciprocal_rank": lambda one: measures.reciprocal_rank(one, evidence, k),
        "ndcg_at_k": lambda one: measures.ndcg_at_k(one, evidence, k),
        **{f"recall_within_{n}": lambda one, n=n: measures.recall_within(one, evidence, n) for n in CHARACTERS},
    }
    return {name: None if ranked is None else measure(ranked) for name, measure in found.items()}


def outcome(question: Question, reply: Reply, *, found: bool, recall: float | None, error: str = "") -> str:
    """What became of a question, in the words of the report; `found`: all that answers it was among what was ranked."""
    if error:
        return "failed"
    if not question.answerable:
        return "rightly refused" if reply.refused else "wrongly answered"
    if recall is None:
        return "not judged"
    if recall == 1:
        return "right"
    if recall:
        return "partly right"
    if not found:
        return "retrieval missed"
    return "wrongly refused" if reply.refused else "reader missed"


def _citation_f1(question: Question, precision: float | None, recall: float | None) -> float | None:
    """Of an answer to an unanswerable question 0.0, as its precision; of a refusal 0.0 where there is evidence."""
    if not question.evidence:
        return precision
    return measures.harmonic(precision or 0.0, recall)


def _correct(measure: Callable[[str, Sequence[str]], float], question: Question, reply: Reply) -> float | None:
    """Compare the short answer; a refusal is right, and wholly so, exactly where there is no answer."""
    if not question.answerable:
        return float(reply.refused)
    if not question.answers:
        return None
    return 0.0 if reply.refused else measure(reply.short, question.answers)


def draw(rows: Sequence[Row]) -> Drawn:
    """The resamples of a run's questions, for the intervals of all its systems."""
    return resamples(_clusters(rows))


def summarise(rows: Sequence[Row], drawn: Drawn = ()) -> dict[str, Any]:
    """Each measure over the questions to which it applies: `{"value", "n", "low", "high"}`; of counts, n is all
    questions. Without resamples there are no intervals."""
    found: dict[str, Any] = {}
    everything = np.arange(len(rows), dtype=np.int64)
    for name, (statistic, n) in _statistics(rows).items():
        limits = interval(statistic, drawn) if drawn and n else None
        low, high = limits or (None, None)
        value = statistic(everything) if n else None
        found[name] = {"value": _rounded(value), "n": n, "low": _rounded(low), "high": _rounded(high)}
    failed = sum(bool(row["error"]) for row in rows)
    refused = sum(row["refused"] for row in rows)
    for name, count in (("answered", len(rows) - refused - failed), ("refused", refused), ("failed", failed)):
        found[name] = {"value": count, "n": len(rows), "low": None, "high": None}
    return {name: found[name] for name in MEASURES}


def _statistics(rows: Sequence[Row]) -> dict[str, tuple[Callable[[Numbers], float], int]]:
    """Each measure as a function of question numbers, with how many questions it applies to."""
    refused, able, failed = (column(rows, name) for name in ("refused", "answerable", "failed"))
    means = {name: column(rows, name) for name in OF_ROWS}
    # Song et al. 2024, Trust-Score (arXiv:2409.11242). A failure is neither refusal nor answer.
    means |= {
        "refusal_precision": np.where(refused == 1, 1 - able, np.nan),
        "refusal_recall": np.where(able == 0, refused, np.nan),
        "false_refusals": np.where(able == 1, np.maximum(refused, failed), np.nan),
    }
    found: dict[str, tuple[Callable[[Numbers], float], int]] = {
        name: (mean_of(values), _count(values)) for name, values in means.items()
    }

    def f1(chosen: Numbers) -> float:
        value = measures.refusal_f1(refused[chosen] == 1, able[chosen] == 1)
        return math.nan if value is None else value

    found["refusal_f1"] = (f1, 0 if math.isnan(f1(np.arange(len(rows)))) else len(rows))
    answers = [row for row in rows if not row["refused"] and not row["error"]]
    sure = bool(answers) and all(row["confidence"] is not None for row in answers)
    said = np.array(
        [row["confidence"] if sure and not row["refused"] and not row["error"] else np.nan for row in rows],
        dtype=np.float64,
    )
    probable = sure and all(row["calibrated"] for row in answers)
    found["calibration_error"] = (_of_confidence(calibration_error, said, means["right"]), len(answers) * probable)
    found["area_under_risk_coverage"] = (_of_confidence(area, said, means["right"]), len(answers) * sure)
    return found


def _of_confidence(measure: Callable[..., float], said: Values, right: Values) -> Callable[[Numbers], float]:
    """The measure over the answers; NaN where there is none."""

    def statistic(chosen: Numbers) -> float:
        mine = chosen[~np.isnan(said[chosen]) & ~np.isnan(right[chosen])]
        return measure(said[mine], right[mine] == 1) if len(mine) else math.nan

    return statistic


def by_category(rows: Sequence[Row]) -> dict[str, Any]:
    names = sorted({row["category"] for row in rows})
    return {name: summarise([row for row in rows if row["category"] == name]) for name in names}


def compare(rows: Sequence[Row], others: Sequence[Row], *, system: str, baseline: str) -> list[dict[str, Any]]:
    """The paired differences of two systems, or of two runs, on the questions that both were asked."""
    theirs = {row["id"]: row for row in others}
    mine = [row for row in rows if row["id"] in theirs]
    paired = [theirs[row["id"]] for row in mine]
    drawn = draw(mine) if mine else []
    listed = []
    for measure in COMPARED:
        found = difference(column(mine, measure), column(paired, measure), _clusters(mine), drawn) if mine else None
        if found:
            figures = {name: _rounded(value) for name, value in asdict(found).items()}
            listed.append({"system": system, "baseline": baseline, "measure": measure, **figures})
    return listed


def _clusters(rows: Sequence[Row]) -> list[str]:
    """The document that each question is about; a question about none stands alone."""
    return [row.get("document") or f"question {row['id']}" for row in rows]


def _count(values: Values) -> int:
    return int((~np.isnan(values)).sum())


def _shown(text: str) -> str:
    text = text.encode("utf-8", "replace").decode("utf-8")  # a lone surrogate cannot be written
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def _rounded(value: Any) -> Any:
    if not isinstance(value, float):
        return value
    return None if math.isnan(value) else round(value, _PLACES)
