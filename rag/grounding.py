"""Drafts and candidates to statements whose citations carry them; what nothing carries is removed. No I/O.

The check of a draft is one of words. A sentence is "supported" where one quote of at most three sentences holds
every name, number and address of it and nearly all of its other words, and denies only where it does; it is
"partial" where the quote holds the facts and half of the other words, where the title lends a name, or where
several passages speak of the same thing; anything else is removed. What the check does not see: who did what to
whom, or which of two numbers counts what, where both stand in the same sentence; whom a pronoun stands for; which
part of a sentence a "not" belongs to; opposites that are not in its list; an ordinary word that changes a
"partial" sentence. There the quote shown is the reader's own check.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from rag.claims import Fact, claimed
from rag.errors import RagError
from rag.evidence import Evidence, Passage, supporting
from rag.prompts import DECLINED
from rag.sentences import is_pointer, sentences
from rag.types import Citation, Document, Hit, Span, Statement, Support
from rag.visible import visible
from rag.words import words, written_as_names

DECLINES = "the model says that the passages do not answer"
_ABOUT_PASSAGES = "it speaks of the passages, not of what they say"
_NO_MARK = "it cites no passage"
_STALE = "the passages that it cites have changed since they were searched"
_TOO_LONG = "it is too long to be one sentence"
_NOTHING = "it says nothing that can be checked"
_REPEATED = "it has been said before"

_MARK = re.compile(r"[^\S\n]*[\[【]\s*(?:passages?\s*)?(\d{1,3}(?:\s*[,;–-]\s*\d{1,3})*)\s*(?:†[^\]】]*)?[\]】]", re.I)
_WIDEST_RANGE = 20  # [1-3] means 1, 2 and 3; a wider range than this means nothing
_LIST_SIGN = re.compile(r"^[^\S\n]*(?:[-*•–]|#{1,6}|\d{1,2}[.)])[^\S\n]+", re.MULTILINE)
_EMPHASIS = re.compile(r"\*{1,3}|__|`")
_LONGEST = 1_000  # characters of a sentence that is read at all
_LOOSE_STOP = re.compile(r"\s+(?=[.,;:!?…](?:\s|$))")

_ABOUT = (
    r"(?:passages?|excerpts?|the\s+context|(?:the|these)\s+documents?|"
    r"(?:provided|given|supplied|available)\s+(?:documents?|sources?|texts?|context|information))"
)
_META = re.compile(
    rf"""\b{_ABOUT}\b[^.]{{0,40}}?(?:\b(?:do|does|did|is|are|was|were|can)(?:\s+not|n[’']t)|\bcannot|\bcan[’']t)\b
    |\b{_ABOUT}\s+(?:\w+\s+)?(?:no|nothing|neither)\b
    |(?:\b(?:not|nothing|no\s+(?:information|mention|answer|evidence|details?))\b|n[’']t\b)[^.]{{0,60}}
        \b(?:in|by|from)\s+(?:(?:the|these|those|any)\s+)?{_ABOUT}\b
    |\b(?:based\s+on|according\s+to)\s+(?:the\s+|these\s+)?(?:passages?|excerpts?|provided|given|context)\b
    |^\W*I\s+(?:cannot|can[’']t|could\s+not|am\s+(?:unable|not)|do\s+not|don[’']t)\b
    |^\W*(?:there\s+is\s+)?no\s+information\b|\bas\s+an?\s+(?:AI|language)\b""",
    re.IGNORECASE | re.VERBOSE,
)


class Candidate(Protocol):
    """A place that may answer: `rag.reader` has the class."""

    @property
    def path(self) -> str: ...
    @property
    def span(self) -> Span: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What of a draft may be shown, and what was removed: each sentence with the reason in plain words."""

    statements: tuple[Statement, ...]
    removed: tuple[tuple[str, str], ...] = ()


def quoted(candidates: Sequence[Candidate], document_of: Callable[[str], Document]) -> tuple[Statement, ...]:
    """Return the candidates' own sentences as statements, in order, each cited where it stands.

    A sentence that several files hold, copies included, is one statement with a citation for each. A span that
    does not belong to its document as it is now is left out: where none does, there is no statement.
    """
    groups: dict[str, list[Citation]] = {}
    for candidate in candidates:
        citation = _citation(candidate.path, candidate.span, document_of)
        if citation is None or is_pointer(citation.document.text, citation.span.start, citation.span.end):
            continue
        same = groups.setdefault(" ".join(visible(citation.quote).casefold().split()), [])
        if all(other.path != citation.path for other in same):
            same.append(citation)
    return _numbered(Statement(text=group[0].quote, citations=tuple(group)) for group in groups.values())


def checked(draft: str, hits: Sequence[Hit], document_of: Callable[[str], Document]) -> Checked:
    """Return the sentences of a draft that the passages they cite carry, and the others with the reason.

    `hits` are those shown to the model: [1] is the first. `rag.evidence` says what carries a sentence, and whether
    its support is whole or partial. Passages that add nothing are not cited.
    A draft that declines, by the agreed line or in its first sentence, yields no statement.
    """
    passages = {number: _passage_of(hit, document_of) for number, hit in enumerate(hits, start=1)}
    known = written_as_names(passage.hit.text for passage in passages.values() if passage)
    drafted = list(_drafted(draft))
    if _declines(drafted, passages):
        return Checked(statements=(), removed=tuple((text, DECLINES) for text, _ in drafted))
    kept: dict[str, Statement] = {}
    removed = []
    for text, marks in drafted:
        verdict = _judged(text, marks, passages, known)
        key = " ".join(words(text))
        if isinstance(verdict, str) or key in kept:
            removed.append((text, verdict if isinstance(verdict, str) else _REPEATED))
            continue
        support, found = verdict
        places = dict.fromkeys((evidence.passage.hit.path, evidence.span()) for evidence in found)
        cited = [_citation(path, span, document_of) for path, span in places]
        if None in cited:  # a document went away since its passage was read above
            removed.append((text, _STALE))
            continue
        kept[key] = Statement(text=text, citations=tuple(c for c in cited if c is not None), support=support)
    return Checked(statements=_numbered(kept.values()), removed=tuple(removed))


def _citation(path: str, span: Span, document_of: Callable[[str], Document]) -> Citation | None:
    """Return a citation, numbered 1 for now, or None where the document is gone or is not the one searched."""
    try:
        return Citation(number=1, document=document_of(path), span=span)
    except (KeyError, RagError, ValueError):
        return None


def _numbered(statements: Iterable[Statement]) -> tuple[Statement, ...]:
    """Number citations by first appearance; the same place has the same number everywhere.

    The path belongs to the place: two files that hold the same text share their spans.
    """
    known: dict[tuple[str, Span], int] = {}
    numbered = []
    for statement in statements:
        own = [replace(c, number=known.setdefault((c.path, c.span), len(known) + 1)) for c in statement.citations]
        numbered.append(replace(statement, citations=tuple(sorted(own, key=lambda c: c.number))))
    return tuple(numbered)


def _passage_of(hit: Hit, document_of: Callable[[str], Document]) -> Passage | None:
    """Read a hit's sentences out of its document; None where it is not citable."""
    whole = _citation(hit.path, hit.span, document_of)
    if whole is None:
        return None
    first = hit.span.start
    offsets = hit.sentences or [(first + start, first + end) for start, end in sentences(whole.quote)]
    return Passage.of(hit, whole.document, offsets)


def _drafted(draft: str) -> Iterator[tuple[str, list[int]]]:
    """Yield the sentences of a draft without marks, each with the numbers it cites.

    Marks are taken out before the sentences are found; one belongs to the sentence in or after which it stood.
    A line break ends a sentence: drafts are not wrapped.
    """
    text, marks, position = "", [], 0
    draft = _EMPHASIS.sub("", _LIST_SIGN.sub("", visible(draft)))
    for match in _MARK.finditer(draft):
        text += draft[position : match.start()]
        marks.append((len(text.rstrip()), _cited(match.group(1))))
        position = match.end()
    text += draft[position:]
    lines = [match.span() for match in re.finditer(r"[^\n]+", text)]
    found = [(left + start, left + end) for left, right in lines for start, end in sentences(text[left:right])]
    for i, (start, end) in enumerate(found):
        following = found[i + 1][0] if i + 1 < len(found) else len(text)
        own = [number for at, numbers in marks if start < at <= following for number in numbers]
        if any(character.isalnum() for character in text[start:end]):
            yield _LOOSE_STOP.sub("", " ".join(text[start:end].split())), list(dict.fromkeys(own))


def _cited(mark: str) -> list[int]:
    """Return the numbers that the inside of a mark stands for: "1, 3" or "1-3"."""
    found: list[int] = []
    for part in re.split(r"[,;]", mark):
        first, *rest = (int(number) for number in re.split(r"[–-]", part))
        last = rest[-1] if rest else first
        found.extend(range(first, last + 1) if first <= last < first + _WIDEST_RANGE else [first, last])
    return found


def _declines(drafted: list[tuple[str, list[int]]], passages: Mapping[int, Passage | None]) -> bool:
    """Whether a draft holds the agreed line, or opens by saying that the passages do not answer."""
    if any(DECLINED in text or words(text) == words(DECLINED) for text, _ in drafted):
        return True
    return bool(drafted) and _is_meta(*drafted[0], passages)


def _is_meta(text: str, marks: list[int], passages: Mapping[int, Passage | None]) -> bool:
    """Whether a sentence speaks of the passages themselves, in words that those it cites do not have."""
    match = _META.search(text[:_LONGEST])
    if match is None:
        return False
    phrase = " ".join(words(match.group()))
    cited = (passages.get(number) for number in marks)
    return not any(phrase in " ".join(words(passage.hit.text)) for passage in cited if passage)


def _judged(
    text: str, marks: list[int], passages: Mapping[int, Passage | None], known: frozenset[str]
) -> str | tuple[Support, list[Evidence]]:
    """Return how far the passages that a sentence cites support it, and where, or why it must go.

    `known` are names, as stems.
    """
    if _is_meta(text, marks, passages):
        return _ABOUT_PASSAGES
    if len(text) > _LONGEST:
        return _TOO_LONG
    if not marks:
        return _NO_MARK
    within = [number for number in marks if number in passages]
    if not within:
        return f"it cites passage {marks[0]}, and there are {len(passages)}"
    cited = [passage for number in within if (passage := passages[number])]
    if not cited:
        return _STALE
    claim = claimed(text, known)
    if not claim.facts and not claim.stems:
        return _NOTHING
    carried: frozenset[Fact] = frozenset().union(*(passage.content().facts | passage.title for passage in cited))
    if missing := sorted({value for _, value in claim.facts - carried}):
        return f"the passages that it cites do not hold: {', '.join(missing)}"
    return supporting(claim, cited)
