"""Where documents answer the same question differently: both answers, with who says so and when."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rag.errors import IndexFault
from rag.reader import Candidate
from rag.types import Document
from rag.words import STOP_WORDS, fold, names, numbers, stem, stems, words

NEAR = 3.5  # logits below the best span, at most, of one that answers the same question
_SHARE = 1 / 2  # of the question's stems that the other sentence, with its title, must hold
_LEAST = 2  # of them at least

_HOW_MANY = re.compile(
    r"\bhow (?:many|much|long|far|fast|high|tall|big|large|deep|old|often|wide|heavy)\b|"
    r"\b(?:what|which)(?: \w+){0,3} (?:percentage|share|proportion|price|cost|costs|sum|number|figure|attendance|speed|"
    r"margin|turnout|amount|total)\b|\bwhat (?:does|did|do|will|would|is|are)\b.*\b(?:cost|come to|worth|amount to)\b",
    re.IGNORECASE,
)
_WHEN = re.compile(
    r"^\W*(?:(?:since|until|from|by|at|on|in) )?(?:when|(?:what|which) (?:time|day|date))\b", re.IGNORECASE
)
_WHO = re.compile(r"^\W*(?:who|whom|which (?:\w+ ){1,2}(?!are|were)\w+)\b", re.IGNORECASE)
_CLOCK = re.compile(r"\b(\d{1,2})(?:[:.](\d\d))?\s?([ap])\.?m\b", re.IGNORECASE)
_MONTH = r"(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]*\.?"
_DAY = re.compile(rf"\b(?:({_MONTH})\s+(\d{{1,2}})|(\d{{1,2}})\s+({_MONTH}))\b", re.IGNORECASE)
_CORRECTS = re.compile(
    r"\bcorrect(?:s|ed|ion|ions|ing)?\b|\bearlier version\b|\b(?:put|set) right\b|"
    r"\bwe (?:gave|wrote|said|called|reported)\b|"
    r"\bin error\b|\bour report\b",
    re.IGNORECASE,
)
_SEVERAL_OF = re.compile(r"^\W*(?:what|which|who|name|list)\b.*\b(?:are|were|two|three|four|both|all)\b", re.IGNORECASE)
_AFTER_NUMBER = re.compile(
    r"\s*(?:(?:million|billion|thousand|hundred|percent|per cent|%)\s*)?(?P<of>of\s)?(?P<word>[^\W\d_][\w-]*)?"
)
_SCALE = re.compile(r"\b(million|billion|thousand|hundred|percent|per cent|degrees)\b|([%$€£])", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Candidates that answer otherwise than one another, oldest first; what to tell of it, and the answers in short."""

    candidates: tuple[Candidate, ...]
    note: str
    short: str


def difference(
    question: str, candidates: Sequence[Candidate], document_of: Callable[[str], Document]
) -> Difference | None:
    """What other documents answer otherwise than the best candidate; None where nothing is surely the same question.

    Only numbers, times and dates are held against each other, and names where a later document says that it corrects:
    two people may both have done something.
    """
    twofold = len(_HOW_MANY.findall(question)) > 1
    if not candidates or twofold or _SEVERAL_OF.search(question) or not (kind := _kind(question)):
        return None
    best = candidates[0]
    if (first := _current(best, document_of)) is None:
        return None
    told: list[tuple[Candidate, Document]] = [(best, first)]
    for one in candidates[1:]:
        if one.score < best.score - NEAR:
            break
        document = _current(one, document_of)
        if document is None:
            continue
        apart = all(one.path != other.path and document.id != its.id for other, its in told)
        if (
            apart
            and all(_differ(kind, one, document, other, its) for other, its in told)
            and (_same_question(question, one, document))
        ):
            told.append((one, document))
    if len(told) < 2:
        return None
    told.sort(key=lambda pair: (pair[1].date is None, pair[1].date or "", pair[0].path))
    corrects = len(told) == 2 and _corrects(*told)
    if kind == "name" and not corrects:
        return None
    return Difference(
        candidates=tuple(one for one, _ in told),
        note=_told(told, corrects=corrects),
        short=told[-1][0].short if corrects else "; ".join(one.short for one, _ in told),
    )


def _current(one: Candidate, document_of: Callable[[str], Document]) -> Document | None:
    """The document that was read; None where it is gone or is another one by now."""
    try:
        document = document_of(one.path)
    except (IndexFault, KeyError):
        return None
    return document if document.id == one.span.document_id else None


def _kind(question: str) -> str:
    if _HOW_MANY.search(question):
        return "number"
    if _WHEN.search(question):
        return "time"
    return "name" if _WHO.search(question) else ""


def _differ(kind: str, one: Candidate, document: Document, other: Candidate, its: Document) -> bool:
    """Whether two answers of the same kind share nothing, and count the same thing."""
    if kind == "name":
        first, second = set(names(one.short, initial=True)), set(names(other.short, initial=True))
        return bool(first and second) and not first & second
    if kind == "time":
        return any(
            left and right and not left & right
            for left, right in ((_clock(one.short), _clock(other.short)), (_days(one.short), _days(other.short)))
        )
    left, right = set(numbers(one.short)), set(numbers(other.short))
    if not left or not right or left & right or _clock(one.short) or _clock(other.short):
        return False
    return _counted(one, document) in ("", _counted(other, its)) or not _counted(other, its)


def _counted(one: Candidate, document: Document) -> str:
    """What a number counts, as a stem with its scale: "people", "million crown"; empty where that is not told."""
    sentence = document.text[one.span.start : one.span.end]
    at = one.answer.start - one.span.start
    digits = re.compile(r"\d[\d.,]*|\b[a-z]+(?=\s)").search(sentence, at)
    match = _AFTER_NUMBER.match(sentence, digits.end()) if digits else None
    scale = _SCALE.search(sentence[at : (match.end() if match else at)])
    sign = "" if scale is None else fold(scale[0])
    word = "" if match is None or match["of"] or not match["word"] else fold(match["word"])
    return f"{sign} {'' if word in STOP_WORDS else stem(word)}".strip()


def _same_question(question: str, one: Candidate, document: Document) -> bool:
    """Whether the sentence of an answer, with the title above it, speaks of what the question does."""
    if set(names(one.short, initial=True)) & set(words(question)):
        return False  # it names somebody whom the question names
    wanted = set(stems(question)) - {stem(word) for word in ("many", "much", "long", "number")}
    sentence = document.text[one.span.start : one.span.end]
    held = wanted & set(stems(f"{document.title} {sentence}"))
    return len(held) >= max(_LEAST, _SHARE * len(wanted)) and bool(wanted & set(stems(sentence)))


def _corrects(earlier: tuple[Candidate, Document], later: tuple[Candidate, Document]) -> bool:
    """Whether the later document says of itself that it puts something right."""
    document = later[1]
    sentence = document.text[later[0].span.start : later[0].span.end]
    dated = bool(earlier[1].date and document.date and earlier[1].date <= document.date)
    return dated and bool(_CORRECTS.search(document.title) or _CORRECTS.search(sentence))


def _told(told: Sequence[tuple[Candidate, Document]], *, corrects: bool) -> str:
    said = [f"{one.short} ({', '.join(filter(None, (its.outlet or its.title, its.date)))})" for one, its in told]
    if corrects:
        return f"A later report corrects an earlier one: {said[0]}; corrected: {said[1]}."
    return f"The documents disagree: {'; '.join(said)}."


def _clock(text: str) -> set[tuple[int, int, str]]:
    return {(int(hour), int(minute or 0), half.lower()) for hour, minute, half in _CLOCK.findall(text)}


def _days(text: str) -> set[tuple[str, int]]:
    return {((a or d)[:3].lower(), int(b or c)) for a, b, c, d in _DAY.findall(text)}
