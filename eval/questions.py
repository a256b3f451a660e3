"""The questions of a run as the page shows them: answers beside excerpts in which cited and gold spans are marked."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eval.suite import Gold, Question
from rag.types import Document

OUTCOMES = (
    "right", "rightly refused", "wrongly refused", "reader missed", "retrieval missed", "wrongly answered", "failed",
    "partly right", "not judged",
)  # fmt: skip
AROUND, NEAR = 200, 80  # characters shown beside a cited and a gold span
LONG, END = 500, 200  # a span of more characters than LONG is shown at both ends, END characters of each
FEW = 4  # documents of gold evidence, and gold spans of a document, that are shown

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A run of an excerpt: its marks ("c" cited, "g" gold, "c g" both), or the length of what is left out before it,
    and the numbers of the citations that end with it."""

    text: str = ""
    marks: str = ""
    skipped: int = 0
    numbers: tuple[int, ...] = ()


def view(
    asked: Sequence[Question], documents: Iterable[Document], rows: Mapping[str, Mapping[str, Row]]
) -> list[dict[str, Any]]:
    """What the page tells of each question; `rows[system]` are by the id of the question."""
    known = {document.path: document for document in documents}
    found = []
    for number, question in enumerate(asked):
        seen: dict[Any, str] = {}
        answers = []
        for style, listed in enumerate(rows.values()):
            if row := listed.get(question.id):
                answers.append(_answer(row, question, known, style, f"e{number}-{style}", seen))
        facts = list(dict.fromkeys(gold.fact for gold in question.evidence if gold.fact))
        found.append({"question": question, "answers": answers, "facts": facts, **_gold(question, known)})
    return found


def _answer(
    row: Row, question: Question, documents: Mapping[str, Document], style: int, anchor: str, seen: dict[Any, str]
) -> dict[str, Any]:
    """One system's answer; an excerpt that an earlier system of this question showed is pointed to (`seen`)."""
    statements = row.get("statements") or []
    cited = list(dict.fromkeys([*row.get("citations", []), *(c for s in statements for c in s.get("citations", []))]))
    numbers = {place: number for number, place in enumerate(cited, 1)}
    spans: dict[str, list[tuple[int, int, int]]] = {}
    for place, number in numbers.items():
        doc_id, start, end = place.rsplit(":", 2)
        spans.setdefault(doc_id, []).append((int(start), int(end), number))
    excerpts = []
    for place, (doc_id, listed) in enumerate(spans.items()):
        key, here = (doc_id, tuple(listed)), f"{anchor}-{place}"
        first = seen.setdefault(key, here)
        document = documents.get(doc_id)
        pieces = [] if document is None or first != here else excerpt(document.text, listed, _in(question, doc_id))
        shown = {"id": here, "same": first if first != here else "", "pieces": pieces, "missing": document is None}
        excerpts.append({**shown, "title": document.title if document else "", "doc_id": doc_id})
    outcome = row.get("outcome")
    return {
        "style": style,
        "row": row,
        "quoted": bool(statements) and row["short"] == statements[0]["text"],  # the short answer would be shown twice
        "outcome": OUTCOMES.index(outcome) if outcome in OUTCOMES else None,
        "statements": [(s["text"], sorted({numbers[c] for c in s.get("citations", [])})) for s in statements],
        "excerpts": excerpts,
        "facts": list(_facts(row)),
    }


def _facts(row: Row) -> Iterator[str]:
    """What the row measured of one answer, in words."""
    for measure, text in (
        ("f1", "F1 {:.2f}"),
        ("citation_precision", "citation precision {:.2f}"),
        ("citation_recall", "citation recall {:.2f}"),
        ("rank", "found at rank {}"),
    ):
        if row.get(measure) is not None:
            yield text.format(row[measure])
    if row.get("rank") is None and row.get("recall_at_k") is not None:
        yield "not found by retrieval"
    if row.get("confidence") is not None:
        yield f"confidence {row['confidence']:.2f}"


def _in(question: Question, doc_id: str) -> list[Gold]:
    return [gold for gold in question.evidence if gold.doc_id == doc_id and not gold.anywhere]


def _gold(question: Question, documents: Mapping[str, Document]) -> dict[str, Any]:
    """The gold evidence, document by document: the first few, and the number of the others."""
    named = list(dict.fromkeys(gold.doc_id for gold in question.evidence))
    places = []
    for doc_id in named[:FEW]:
        document, golds = documents.get(doc_id), _in(question, doc_id)
        pieces = excerpt(document.text, [], golds) if document else []
        places.append({"title": document.title if document else "", "doc_id": doc_id, "pieces": pieces})
    return {"places": places, "more_places": len(named) - len(places)}


def excerpt(text: str, cited: Sequence[tuple[int, int, int]], golds: Sequence[Gold]) -> list[Piece]:
    """What a document says at and around the cited spans (start, end, number) and the gold spans, in pieces."""
    held = [(start, end, number) for start, end, number in cited if 0 <= start < end <= len(text)]
    gold = [(one.start, one.end) for one in golds if 0 <= one.start < one.end <= len(text)]
    pieces: list[Piece] = []
    told = 0
    for first, last in _windows(text, [(a, b) for a, b, _ in held], gold[:FEW]):
        if first > told:
            pieces.append(Piece(skipped=first - told))
        edges = {edge for a, b in [*gold, *((a, b) for a, b, _ in held)] for edge in (a, b) if first < edge < last}
        for a, b in itertools.pairwise(sorted({first, last, *edges})):
            marks = ["c"] if any(s <= a and b <= e for s, e, _ in held) else []
            marks += ["g"] if any(s <= a and b <= e for s, e in gold) else []
            ends = tuple(number for _, end, number in held if end == b)
            pieces.append(Piece(text=text[a:b], marks=" ".join(marks), numbers=ends))
        told = last
    return [*pieces, Piece(skipped=len(text) - told)] if pieces and told < len(text) else pieces


def _windows(text: str, cited: Iterable[tuple[int, int]], gold: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The stretches shown, cut at white space; of a long span its beginning and its end."""
    wanted = []
    for spans, beside in ((cited, AROUND), (gold, NEAR)):
        for start, end in spans:
            first, last = max(0, start - beside), min(len(text), end + beside)
            wanted += [(first, start + END), (end - END, last)] if end - start > LONG else [(first, last)]
    merged: list[tuple[int, int]] = []
    for start, end in sorted(wanted):
        if merged and start <= merged[-1][1] + NEAR:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return [(_after_space(text, start), _before_space(text, end)) for start, end in merged]


def _after_space(text: str, at: int, within: int = 20) -> int:
    found = next((i for i in range(at, min(at + within, len(text))) if text[i].isspace()), None)
    return at if at == 0 or found is None else found + 1


def _before_space(text: str, at: int, within: int = 20) -> int:
    found = next((i for i in range(at - 1, max(at - within, 0), -1) if text[i].isspace()), None)
    return at if at == len(text) or found is None else found
