"""Which sentences of the passages carry a claim, and how firmly: pure functions of both.

What one run of sentences says of a claim is its `Fit`; what the cited passages say of it together is `supporting`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import reduce
from itertools import pairwise
from operator import or_

from rag.claims import Content, Fact, Opening, claimed, named, said
from rag.modality import asked, happened, hedge_lost, hedged, only_quotes, ordered, speakers
from rag.sentences import Offsets, is_pointer
from rag.types import Document, Hit, Span, Support
from rag.wording import Change, compare, holds_quotes, same_words
from rag.words import stem, words

TOO_LITTLE = "the passages that it cites say too little of it"
APART = "what it puts together stands far apart in the passages that it cites"
REVERSED = "the passage says it the other way round or not at all"

_LEAST = 1 / 2  # share of a claim's stems that evidence must hold
_TOGETHER = 2 / 3  # the share that passages must hold of what none of them says alone
_JOINS = 2  # stems of a claim that a sentence must share to be put beside one that it does not refer to
_SPARE = 8  # one stem in so many may be missing from evidence that carries a claim whole
LONGEST_RUN = 3  # sentences of a quote: what stands further apart is seldom said together
_AND = re.compile(r"(?:[,;]|\s[–—-])?\s+(?:and|but|while)\s+(?:that\s+)?|;\s+", re.IGNORECASE)
_COUNTS = frozenset({"number", "amount", "sign"})  # kinds of facts that no pronoun stands for


class Fit(IntEnum):
    """How far the words of one run of sentences carry a claim, before anybody judges what they mean."""

    NONE = 0
    LENT = 1  # names that stand in the title alone; the rest of the facts
    LOOSE = 2  # all names, numbers and dates, and too few of the other words
    MARKED = 3  # so many that it can be shown, but said by nobody or less firmly: no judgement makes it whole
    PART = 4  # at least half of the other words
    WHOLE = 5  # all but very few of them
    SAME = 6  # the same words in the same order, or all of it somebody's own, said by the same


class Bond(IntEnum):
    """How the sentences of a quote hold together for a claim."""

    APART = 0  # they were put side by side by the claim alone
    NEAR = 1  # one takes up what the other says, but which of them a name or number belongs to is open
    FIRM = 2  # one sentence, or one and those before it that its pronouns refer to


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a passage, where it stands in the document, and what it carries: a pointer carries nothing."""

    start: int
    end: int
    text: str
    content: Content
    opening: Opening

    @classmethod
    def of(cls, text: str, start: int, end: int) -> Sentence:
        own = text[start:end]
        return cls(start, end, own, Content() if is_pointer(text, start, end) else said(own), Opening.of(own))


@dataclass(frozen=True, slots=True)
class Passage:
    """A hit in its document as it is now: its sentences, and the names that its title carries."""

    hit: Hit
    sentences: tuple[Sentence, ...]
    title: frozenset[Fact]
    content: Content

    @classmethod
    def of(cls, hit: Hit, document: Document, offsets: Sequence[Offsets]) -> Passage:
        found = tuple(Sentence.of(document.text, *at) for at in offsets)
        return cls(hit, found, named(document.title), content_of(found))


@dataclass(frozen=True, slots=True)
class Evidence:
    """Consecutive sentences of a passage that carry what of a claim the passage carries at all."""

    passage: Passage
    sentences: tuple[Sentence, ...]
    content: Content
    anchor: Content  # of the sentence that comes nearest to the claim: it is the one to deny or not to deny
    bond: Bond

    def carries(self, claim: Content) -> frozenset[object]:
        return (claim.facts & self.facts()) | (claim.stems & self.content.stems)

    def facts(self) -> frozenset[Fact]:
        return self.content.facts | self.passage.title

    @property
    def text(self) -> str:
        return " ".join(sentence.text for sentence in self.sentences)

    def agrees(self, claim: Content) -> bool:
        """Whether the claim and its nearest sentence both deny or both do not, and no word says the opposite.

        A claim that denies nothing takes no word from another sentence that denies. Where the claim keeps the wording
        of the quote, what it changed in it decides.
        """
        found = compare(claim.text, self.text)
        if found.change is Change.REVERSED or self.content.misdates(claim) or not holds_quotes(claim.text, self.text):
            return False
        if asked(_anchor(claim, self.sentences).text, claim.text) or self._undone(claim):
            return False
        others = (one.content for one in self.sentences if one.content.denies and not claim.denies)
        taken = any(claim.stems & other.stems - self.anchor.stems for other in others)
        opposed = self.anchor.opposes(claim) or self.content.opposes(claim)
        same = self.anchor.denies == claim.denies or (found.near and found.settled)
        return same and not taken and not opposed

    def _undone(self, claim: Content) -> bool:
        """Whether the claim tells as done what the quote only plans or expects."""
        theirs = hedged(self.text)
        lost = hedge_lost(hedged(claim.text), theirs, claim.stems)
        ahead = frozenset(stem for stem in lost if theirs.get(stem) in ("future", "intent"))
        return happened(claim.text, ahead) and not happened(self.text, ahead)

    def weakens(self, claim: Content) -> bool:
        """Whether the quote says it less firmly, or lets somebody else say it."""
        if hedge_lost(hedged(claim.text), hedged(self.text), claim.stems | claim.people()):
            return True
        if ordered(self.text) and not ordered(claim.text):
            return True
        who, theirs = speakers(claim.text, near=True), speakers(self.text)
        if not who or theirs is None:
            return bool(who)
        named = who - {""}  # "according to officials" names nobody
        return bool(named) and not (named & theirs or "" in theirs)

    def states(self, claim: Content) -> bool:
        """Whether the quote alone holds all facts of the claim, firmly, and all but very few of its stems."""
        missing = claim.stems - self.content.stems
        clauses = all(clause & self.content.stems for clause in claim.clauses)
        return self.bond is Bond.FIRM and claim.facts <= self.content.facts and clauses and _few(missing, claim)

    def joins(self, claim: Content) -> bool:
        return _joins(claim, self.content)

    def fit(self, claim: Content) -> Fit:
        """Return how far this quote alone carries the claim; none where something speaks against it."""
        if same_words(claim.text, self.text):
            return Fit.SAME
        if len(self.sentences) == 1 and only_quotes(claim.text, self.text):
            return Fit.SAME
        if self.bond is not Bond.FIRM or not claim.facts <= self.facts() or not self.agrees(claim):
            return Fit.NONE
        if not claim.facts <= self.content.facts:
            return Fit.LENT
        if not _carry(claim, [self], least=_LEAST):
            return Fit.LOOSE if claim.facts or claim.stems & self.content.stems else Fit.NONE
        change = compare(claim.text, self.text).change
        if change is Change.FACTS or self.weakens(claim):
            return Fit.MARKED
        return Fit.WHOLE if change is Change.NONE and self.states(claim) else Fit.PART

    def span(self) -> Span:
        return replace(self.passage.hit.span, start=self.sentences[0].start, end=self.sentences[-1].end)


def carrying(claim: Content, passage: Passage) -> Iterator[tuple[Fit, Evidence]]:
    """Yield the runs of sentences of a passage that carry all facts of a claim, the shortest first.

    A run ends before a sentence that carries nothing: a quote never passes over a pointer to another article.
    """
    if not claim.facts <= passage.content.facts | passage.title:
        return
    for length in range(1, LONGEST_RUN + 1):
        for i in range(len(passage.sentences) - length + 1):
            inside = passage.sentences[i : i + length]
            content = content_of(inside)
            lent = claim.facts - content.facts
            if not lent <= passage.title or lent == claim.facts != frozenset():
                continue
            if not all(sentence.content.facts for sentence in inside):
                continue
            bond = _bond(claim, inside, passage)
            evidence = Evidence(passage, inside, content, _anchor(claim, inside).content, bond)
            if fit := evidence.fit(claim) or _joined(claim, evidence):
                yield fit, evidence


def _joined(claim: Content, evidence: Evidence) -> Fit:
    """Whether a claim puts two neighbouring sentences together with a word such as "and", and each says its part."""
    if len(evidence.sentences) != 2:
        return Fit.NONE
    for match in _AND.finditer(claim.text):
        parts = claim.text[: match.start()], claim.text[match.end() :]
        fits = []
        for part, sentence in zip(parts, evidence.sentences, strict=True):
            content = sentence.content
            one = Evidence(evidence.passage, (sentence,), content, content, Bond.FIRM)
            begins = _first_words(part) == _first_words(sentence.text)
            fits.append(one.fit(claimed(part)) if begins else Fit.NONE)
        if min(fits) >= Fit.WHOLE:
            return Fit.WHOLE
    return Fit.NONE


def supporting(claim: Content, passages: Sequence[Passage]) -> str | tuple[Support, list[Evidence]]:
    """Return how far the passages support a claim, with the evidence to cite; or say what is wrong.

    "supported": one quote states it. "partial": one quote holds its facts and at least half of its stems, or several
    passages do that together, each of which shares enough of the claim to be speaking of the same thing.
    """
    found = [evidence for passage in passages if (evidence := _evidence(claim, passage))]
    full = [e for e in found if e.bond and _carry(claim, [e], least=_LEAST)]
    whole = [evidence for evidence in full if evidence.agrees(claim)]
    if full and not whole:
        return REVERSED
    parts = [e for e in found if e not in full and e.bond and claim.facts & e.content.facts and e.joins(claim)]
    chosen = list(whole)
    carried = frozenset[object]().union(*(evidence.carries(claim) for evidence in whole))
    for evidence in sorted(parts, key=lambda part: -len(part.carries(claim))):
        if not evidence.carries(claim) <= carried:
            chosen.append(evidence)
            carried |= evidence.carries(claim)
    if not _carry(claim, chosen, least=_LEAST if whole else _TOGETHER):
        return TOO_LITTLE if _hold(claim, [evidence for evidence in found if evidence.bond]) else APART
    nearest = max(chosen, key=lambda evidence: _nearness(claim, evidence.anchor))
    return ("partial", chosen) if nearest.agrees(claim) else REVERSED


def _carry(claim: Content, chosen: Sequence[Evidence], *, least: float) -> bool:
    """Whether evidence together holds all facts of a claim and at least this share of its stems, of no clause less.

    A clause of one stem may lack it.
    """
    both = reduce(or_, (evidence.content for evidence in chosen), Content()).stems
    parts = [claim.stems, *(clause for clause in claim.clauses if len(clause) > 1)]
    shares = [least, *[_LEAST] * (len(parts) - 1)]
    return _hold(claim, chosen) and all(
        len(part & both) >= share * len(part) for part, share in zip(parts, shares, strict=True)
    )


def _hold(claim: Content, chosen: Sequence[Evidence]) -> bool:
    return claim.facts <= frozenset[Fact]().union(*(evidence.facts() for evidence in chosen))


def _few(missing: frozenset[str], claim: Content) -> bool:
    return len(missing) <= len(claim.stems) // _SPARE


def _joins(claim: Content, content: Content) -> bool:
    """Whether a text shares enough stems with a claim to be about the same thing."""
    shared = len(claim.stems & content.stems)
    return shared >= _JOINS and shared >= _LEAST * len(claim.stems)


def _evidence(claim: Content, passage: Passage) -> Evidence | None:
    """Return the run of sentences that carries the facts of a claim that the passage carries, and most of its stems.

    None where no run does. Facts of the title may stand outside of the run where no bound run holds them.
    """
    needed = claim.facts & passage.content.facts
    inside = _run(claim, needed, passage)
    if inside and inside.bond:
        return inside
    beside = _run(claim, needed - passage.title, passage)
    return beside if beside and beside.bond else inside or beside


def _run(claim: Content, needed: frozenset[Fact], passage: Passage) -> Evidence | None:
    """Return the run of sentences that holds what is needed and most stems of the claim, rather one that is bound.

    A further sentence must bring a further stem; of equal runs the one with most facts, the shortest, the first.
    A run ends before a sentence that carries nothing: a quote never passes over a pointer to another article.
    """
    best, best_key = None, (False, 0, 0, 0, 0, 0)
    for i in range(len(passage.sentences)):
        for j in range(i, min(i + LONGEST_RUN, len(passage.sentences))):
            inside = passage.sentences[i : j + 1]
            if not inside[-1].content.facts:
                break
            content = content_of(inside)
            shared = len(claim.stems & content.stems)
            if not (needed <= content.facts and (needed or shared)):
                continue
            bond = _bond(claim, inside, passage)
            enough = bool(bond) and shared >= _LEAST * len(claim.stems)
            key = (enough, bond, shared - (j - i), shared, len(claim.facts & content.facts), i - j)
            if best is None or key > best_key:
                best, best_key = Evidence(passage, inside, content, _anchor(claim, inside).content, bond), key
    return best


def _bond(claim: Content, inside: Sequence[Sentence], passage: Passage) -> Bond:
    """Tell how a run holds together: by its own sentences, and by the title where that must lend it a name."""
    bond = _bond_inside(claim, inside)
    opening, lent = inside[0].opening, claim.facts & passage.title - content_of(inside).facts
    if not lent or opening.refers:
        return bond
    own = claim.stems | {stem(value) for _, value in claim.facts | passage.title}
    return bond if opening.word in own else Bond.APART  # the sentence has a subject of its own


def _bond_inside(claim: Content, inside: Sequence[Sentence]) -> Bond:
    """Names may come from sentences before the nearest one, where it refers to them; numbers belong to their sentence.

    A later sentence must bring a word of the claim along with its facts; a sentence that refers to none before it
    must share enough of the claim to join.
    """
    anchor = _anchor(claim, inside)
    links = [_link(before, after) for before, after in pairwise(inside)]
    if Bond.APART in links:
        return Bond.NEAR if all(_joins(claim, one.content) for one in inside) else Bond.APART
    earlier = content_of(inside[: inside.index(anchor)]).facts
    rest = claim.facts - anchor.content.facts
    late = rest - earlier
    for sentence in inside[inside.index(anchor) + 1 :]:
        if late & sentence.content.facts and not claim.stems & sentence.content.stems - anchor.content.stems:
            return Bond.APART
    apart = late & content_of(inside).facts or any(kind in _COUNTS for kind, _ in rest & earlier)
    return Bond.NEAR if apart else min([Bond.FIRM, *links])


def _link(before: Sentence, after: Sentence) -> Bond:
    """Tell how a sentence refers to the one before it: by a pronoun, by a word that stands there ("The vote"), not."""
    if after.opening.refers:
        return Bond.FIRM
    return Bond.NEAR if after.opening.definite and after.opening.word in before.content.stems else Bond.APART


def _anchor(claim: Content, inside: Sequence[Sentence]) -> Sentence:
    return max(inside, key=lambda sentence: _nearness(claim, sentence.content))


def _nearness(claim: Content, content: Content) -> tuple[int, int]:
    return len(claim.stems & content.stems), len(claim.facts & content.facts)


def content_of(inside: Sequence[Sentence]) -> Content:
    return reduce(or_, (sentence.content for sentence in inside), Content())


def _first_words(text: str) -> list[str]:
    return words(text)[:2]
