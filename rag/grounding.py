"""Drafts and candidates to statements whose citations carry them; what nothing carries is removed. No I/O.

Each sentence of a draft is looked at twice: against the passages that it cites, then against all that were shown.
The numbers in a draft are hints: every citation is made here, of the shortest run of source sentences that carries
the sentence, so that a forged, wrong or missing mark costs a true sentence nothing and buys a false one nothing.

- "supported": one run of at most three sentences holds every name, number, date and address of it; denies, attributes
  and hedges as it does; and, by words alone, holds nearly all of its other words. A checker must agree, and where it
  does, half of the other words are enough; where it is sure, most of facts and words together, and the title may lend a
  name. A sentence of the source, word for word, needs no checker.
- "partial": a passage that it cites holds the facts and half of the other words, or the title lends a name, or several
  passages speak of the same thing. Nothing is cited anew for that.
- "contradicted", "not found": removed.

A sentence that begins with a pronoun is about somebody whom it does not name. It is supported only where its quote,
lengthened to the sentences that the pronoun refers to, names somebody whom the statement shown before it names too;
where none was shown before, somebody at all. Otherwise it is partial.

What words alone do not see: whom a pronoun inside a sentence stands for, opposites that are not in the list, and an
ordinary word that changes the sense. There the checker is to see it, and the quote shown is the reader's own check.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from rag.antecedents import naming, refers
from rag.claims import Content, claimed
from rag.drafts import LONGEST, Drafted, declines, drafted
from rag.errors import RagError
from rag.evidence import Passage
from rag.sentences import is_pointer, sentences
from rag.types import Citation, Document, Hit, Span, Statement
from rag.verdicts import STALE, Bars, Outcome, Verdict, Weighed, decided, weighed
from rag.visible import visible
from rag.words import words, written_as_names

if TYPE_CHECKING:
    from rag.support import Checker

DECLINES = "the model says that the passages do not answer"
_ABOUT_PASSAGES = "it speaks of the passages, not of what they say"
_TOO_LONG = "it is too long to be one sentence"
_NOTHING = "it says nothing that can be checked"
_ASKS = "it asks, and states nothing"
_REPEATED = "it has been said before"


class Candidate(Protocol):
    """A place that may answer: `rag.reader` has the class."""

    @property
    def path(self) -> str: ...
    @property
    def span(self) -> Span: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """A sentence of a draft that is not shown, what was found of it, and why in plain words."""

    text: str
    outcome: Outcome
    reason: str

    @property
    def unsupported(self) -> bool:
        """Whether it claims something that no passage carries: remarks about the passages and repetitions do not."""
        return self.outcome in ("contradicted", "not found")


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What of a draft may be shown, and what was removed, each in the draft's order."""

    statements: tuple[Statement, ...]
    removed: tuple[Removed, ...] = ()

    @property
    def declined(self) -> bool:
        """Whether the draft says that the passages do not answer."""
        return bool(self.removed) and self.removed[0].outcome == "declined"


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


class Gate:
    """Holds a draft, and the same draft as it grows, to the passages that were shown: [1] is the first of `hits`.

    `checker` is asked about all that words leave open; what becomes of a sentence depends on it and those before it
    only, so that a longer draft begins with the same statements and numbers.
    """

    def __init__(
        self,
        hits: Sequence[Hit],
        document_of: Callable[[str], Document],
        *,
        checker: Checker | None = None,
        bars: Bars | None = None,
    ) -> None:
        self._passages = {number: _passage_of(hit, document_of) for number, hit in enumerate(hits, start=1)}
        self._known = written_as_names(passage.hit.text for passage in self._passages.values() if passage)
        self._document_of, self._checker, self._bars = document_of, checker, bars
        self._weighed: dict[Drafted, Weighed | Removed] = {}

    def check(self, draft: str, *, complete: bool = True) -> Checked:
        """Return the sentences that the passages carry, and the others with the reason.

        With `complete` false the draft still grows, and what the rest could change is left out. A draft that begins by
        declining yields no statement; a later remark about the passages is removed alone.
        """
        found = list(drafted(draft, complete=complete))
        if found and _is_remark(found[0], self._passages):
            declined = (Removed(text=one.text, outcome="declined", reason=DECLINES) for one in found)
            return Checked(statements=(), removed=tuple(declined))
        read = [self._read(sentence) for sentence in found]
        verdicts = iter(decided([one for one in read if isinstance(one, Weighed)], self._checker, self._bars))
        shown: dict[str, Statement] = {}
        removed: list[Removed] = []
        about = Content()
        for sentence, one in zip(found, read, strict=True):
            result = (
                one if isinstance(one, Removed) else _shown(sentence, one, next(verdicts), about, self._document_of)
            )
            key = " ".join(words(sentence.text))
            if key in shown:
                removed.append(Removed(text=sentence.text, outcome="repeated", reason=_REPEATED))
            elif isinstance(result, Removed):
                removed.append(result)
            elif isinstance(one, Weighed):
                shown[key] = result
                about = one.claim | about if refers(one.claim) else one.claim
        return Checked(statements=_numbered(shown.values()), removed=tuple(removed))

    def _read(self, sentence: Drafted) -> Weighed | Removed:
        if sentence not in self._weighed:
            self._weighed[sentence] = _weighed(sentence, self._passages, self._known)
        return self._weighed[sentence]


def checked(
    draft: str,
    hits: Sequence[Hit],
    document_of: Callable[[str], Document],
    *,
    checker: Checker | None = None,
    bars: Bars | None = None,
    complete: bool = True,
) -> Checked:
    """Hold one draft to the passages, as `Gate.check` does."""
    return Gate(hits, document_of, checker=checker, bars=bars).check(draft, complete=complete)


def _weighed(sentence: Drafted, passages: Mapping[int, Passage | None], known: frozenset[str]) -> Weighed | Removed:
    """Compare a sentence with the passages, unless it must go whatever they say; `known` are names, as stems."""
    if _is_remark(sentence, passages):
        return Removed(text=sentence.text, outcome="aside", reason=_ABOUT_PASSAGES)
    if sentence.text.endswith("?"):
        return Removed(text=sentence.text, outcome="aside", reason=_ASKS)
    if len(sentence.text) > LONGEST:
        return Removed(text=sentence.text, outcome="not found", reason=_TOO_LONG)
    claim = claimed(sentence.text, known)
    if not claim.facts and not claim.stems:
        return Removed(text=sentence.text, outcome="not found", reason=_NOTHING)
    return weighed(claim, sentence.marks, passages)


def _shown(
    sentence: Drafted, one: Weighed, found: Verdict, about: Content, document_of: Callable[[str], Document]
) -> Statement | Removed:
    """Return a sentence as a statement with its citations, or why it is none; `about` is the statement before it."""
    if found.support is None:
        return Removed(text=sentence.text, outcome=found.outcome, reason=found.reason)
    support, evidence = found.support, found.found
    if support == "supported" and refers(one.claim):
        named = [longer for run in evidence if (longer := naming(one.claim, run, about))]
        support, evidence = ("supported", tuple(named)) if named else ("partial", evidence)
    places = dict.fromkeys((run.passage.hit.path, run.span()) for run in evidence)
    cited = [_citation(path, span, document_of) for path, span in places]
    if None in cited:  # a document went away since its passage was read above
        return Removed(text=sentence.text, outcome="not found", reason=STALE)
    return Statement(text=sentence.text, citations=tuple(c for c in cited if c is not None), support=support)


def _is_remark(sentence: Drafted, passages: Mapping[int, Passage | None]) -> bool:
    cited = (passages.get(number) for number in sentence.marks)
    return declines(sentence, [passage.hit.text for passage in cited if passage])


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
