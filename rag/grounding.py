"""Drafts and candidates to statements whose citations carry them; what nothing carries is removed. No I/O.

The check of a draft is one of words: every name, number and address of a sentence, half of its other words, and
whether it is denied, must stand in the sentences cited. It does not see who did what to whom, or which of two
numbers counts what, where both stand in the same few sentences: there the quote shown is the reader's own check.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import or_
from typing import Protocol

from rag.claims import Content, Fact, claimed, named, said
from rag.errors import RagError
from rag.features import written_as_names
from rag.prompts import DECLINED, visible
from rag.sentences import Offsets, is_pointer, sentences
from rag.types import Citation, Document, Hit, Span, Statement
from rag.words import words

DECLINES = "the model says that the passages do not answer"
_ABOUT_PASSAGES = "it speaks of the passages, not of what they say"
_NO_MARK = "it cites no passage"
_STALE = "the passages that it cites have changed since they were searched"
_TOO_LONG = "it is too long to be one sentence"
_NOTHING = "it says nothing that can be checked"
_TOO_LITTLE = "the passages that it cites say too little of it"
_APART = "what it puts together stands far apart in the passages that it cites"
_REVERSED = "the passage says it the other way round or not at all"
_REPEATED = "it has been said before"

_MARK = re.compile(r"[^\S\n]*[\[【]\s*(?:passages?\s*)?(\d{1,3}(?:\s*[,;–-]\s*\d{1,3})*)\s*(?:†[^\]】]*)?[\]】]", re.I)
_WIDEST_RANGE = 20  # [1-3] means 1, 2 and 3; a wider range than this means nothing
_LIST_SIGN = re.compile(r"^[^\S\n]*(?:[-*•–]|#{1,6}|\d{1,2}[.)])[^\S\n]+", re.MULTILINE)
_EMPHASIS = re.compile(r"\*{1,3}|__|`")
_LONGEST = 1_000  # characters of a sentence that is read at all
_TOGETHER = 2 / 3  # share of stems that passages must hold of what none of them says alone
_RUN = 3  # sentences of a quote: what stands further apart is seldom said together
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


@dataclass(frozen=True, slots=True)
class _Passage:
    """A hit in its document as it is now: its sentences with what they carry, and what its title carries."""

    hit: Hit
    sentences: tuple[tuple[Offsets, Content], ...]
    title: frozenset[Fact]

    def content(self) -> Content:
        return reduce(or_, (content for _, content in self.sentences), Content())


@dataclass(frozen=True, slots=True)
class _Evidence:
    """Consecutive sentences of a passage that carry what of a claim the passage carries at all."""

    passage: _Passage
    start: int
    end: int
    content: Content
    anchor: Content  # of the sentence that comes nearest to the claim: it is the one to deny or not to deny

    def carries(self, claim: Content) -> frozenset[object]:
        return (claim.facts & (self.content.facts | self.passage.title)) | (claim.stems & self.content.stems)

    def agrees(self, claim: Content) -> bool:
        """Whether the claim and its nearest sentence both deny or both do not, and no word says the opposite."""
        return self.anchor.denies == claim.denies and not (self.anchor.opposes(claim) or self.content.opposes(claim))

    def span(self) -> Span:
        return replace(self.passage.hit.span, start=self.start, end=self.end)


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

    `hits` are those shown to the model: [1] is the first. A sentence stays where the sentences quoted for it hold
    all its numbers and addresses, all its names (the title may hold them instead), at least half of its other
    content stems, and a negation if and only if it has one itself. A quote is three sentences at most. Passages
    that add nothing are not cited.
    A draft that declines, by the agreed line or in its first sentence, yields no statement.
    """
    passages = {number: _passage(hit, document_of) for number, hit in enumerate(hits, start=1)}
    known = written_as_names([passage.hit for passage in passages.values() if passage])
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
        places = dict.fromkeys((evidence.passage.hit.path, evidence.span()) for evidence in verdict)
        cited = [_citation(path, span, document_of) for path, span in places]
        if None in cited:  # a document went away since its passage was read above
            removed.append((text, _STALE))
            continue
        kept[key] = Statement(text=text, citations=tuple(c for c in cited if c is not None))
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


def _passage(hit: Hit, document_of: Callable[[str], Document]) -> _Passage | None:
    """Read a hit's sentences out of its document; None where it is not citable. Pointers carry nothing."""
    whole = _citation(hit.path, hit.span, document_of)
    if whole is None:
        return None
    text, first = whole.document.text, hit.span.start
    offsets = hit.sentences or [(first + start, first + end) for start, end in sentences(whole.quote)]
    return _Passage(
        hit,
        tuple(((s, e), Content() if is_pointer(text, s, e) else said(text[s:e])) for s, e in offsets),
        named(whole.title),
    )


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


def _declines(drafted: list[tuple[str, list[int]]], passages: Mapping[int, _Passage | None]) -> bool:
    """Whether a draft holds the agreed line, or opens by saying that the passages do not answer."""
    if any(DECLINED in text or words(text) == words(DECLINED) for text, _ in drafted):
        return True
    return bool(drafted) and _is_meta(*drafted[0], passages)


def _is_meta(text: str, marks: list[int], passages: Mapping[int, _Passage | None]) -> bool:
    """Whether a sentence speaks of the passages themselves, in words that those it cites do not have."""
    match = _META.search(text[:_LONGEST])
    if match is None:
        return False
    phrase = " ".join(words(match.group()))
    cited = (passages.get(number) for number in marks)
    return not any(phrase in " ".join(words(passage.hit.text)) for passage in cited if passage)


def _judged(
    text: str, marks: list[int], passages: Mapping[int, _Passage | None], known: frozenset[str]
) -> str | list[_Evidence]:
    """Return the evidence for a sentence in the passages that it cites, or why it must go; `known` are names."""
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
    return _supporting(claim, [evidence for p in cited if (evidence := _evidence(claim, p))])


def _supporting(claim: Content, found: list[_Evidence]) -> str | list[_Evidence]:
    """Choose the evidence that carries a claim whole, and what else adds to it; or say what is wrong.

    Where none carries it whole, those that carry most are taken until all is carried.
    """
    full = [evidence for evidence in found if _carry(claim, [evidence])]
    whole = [evidence for evidence in full if evidence.agrees(claim)]
    if full and not whole:
        return _REVERSED
    parts = [evidence for evidence in found if evidence not in full and claim.facts & evidence.content.facts]
    chosen = list(whole)
    carried = frozenset[object]().union(*(evidence.carries(claim) for evidence in whole))
    for evidence in sorted(parts, key=lambda part: -len(part.carries(claim))):
        if not evidence.carries(claim) <= carried:
            chosen.append(evidence)
            carried |= evidence.carries(claim)
    if not _carry(claim, chosen, least=0.5 if whole else _TOGETHER):
        return _TOO_LITTLE if _hold(claim, chosen) else _APART
    nearest = max(chosen, key=lambda evidence: _nearness(claim, evidence.anchor))
    return chosen if nearest.agrees(claim) else _REVERSED


def _carry(claim: Content, chosen: list[_Evidence], *, least: float = 0.5) -> bool:
    """Whether pieces of evidence together hold all facts of a claim and at least this share of its other stems."""
    both = reduce(or_, (evidence.content for evidence in chosen), Content())
    return _hold(claim, chosen) and len(claim.stems & both.stems) >= least * len(claim.stems)


def _hold(claim: Content, chosen: list[_Evidence]) -> bool:
    return claim.facts <= frozenset[Fact]().union(*(e.content.facts | e.passage.title for e in chosen))


def _evidence(claim: Content, passage: _Passage) -> _Evidence | None:
    """Return the run of sentences that carries the facts of a claim that the passage carries, and most of its stems.

    None where no run does. Facts of the title may stand outside of the run where they stand too far away.
    """
    needed = claim.facts & passage.content().facts
    run = _run(claim, needed, passage) or _run(claim, needed - passage.title, passage)
    if run is None:
        return None
    inside = passage.sentences[run[0] : run[1]]
    content = reduce(or_, (found for _, found in inside))
    anchor = max((found for _, found in inside), key=lambda found: _nearness(claim, found))
    return _Evidence(passage, inside[0][0][0], inside[-1][0][1], content, anchor)


def _run(claim: Content, needed: frozenset[Fact], passage: _Passage) -> Offsets | None:
    """Return the run of sentences, half-open, that holds what is needed and most stems of the claim.

    A further sentence must bring a further stem; of equal runs the one with most facts, the shortest, the first.
    A run ends before a sentence that carries nothing: a quote never passes over a pointer to another article.
    """
    best, best_key = None, (0, 0, 0, 0)
    for i in range(len(passage.sentences)):
        content = Content()
        for j in range(i, min(i + _RUN, len(passage.sentences))):
            if not passage.sentences[j][1].facts:
                break
            content |= passage.sentences[j][1]
            shared = len(claim.stems & content.stems)
            key = (shared - (j - i), shared, len(claim.facts & content.facts), i - j)
            if needed <= content.facts and (needed or shared) and (best is None or key > best_key):
                best, best_key = (i, j + 1), key
    return best


def _nearness(claim: Content, content: Content) -> tuple[int, int]:
    return len(claim.stems & content.stems), len(claim.facts & content.facts)
