"""What becomes of each sentence of a draft: what its words say, put together with what a checker says of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from rag.claims import Content, Fact
from rag.evidence import REVERSED, Evidence, Fit, Passage, carrying, supporting
from rag.types import Support
from rag.words import stem

if TYPE_CHECKING:
    from rag.support import Checker, Judgement

Place = tuple[int, int, int]  # the number of a passage, and where a run of its sentences starts and ends
Outcome = Literal["contradicted", "not found", "declined", "aside", "repeated"]

STALE = "the passages that it cites have changed since they were searched"
NO_MARK = "it cites no passage"
SAYS_OTHERWISE = "the passages that it cites seem to say otherwise"

_CITED = 3  # places at most that are cited for one sentence
_ASKED = 8  # runs at most that a checker is asked about for one sentence
_PER_PASSAGE = 3  # of those, runs of one passage
_MOST = 3 / 5  # share of facts and stems together that a run must carry where a checker that is sure decides
_LEAST = 2 / 5  # the share of the stems, and of those of each clause
_LIGHT = frozenset(map(stem, "name locate take place date year number reason become be have do".split()))  # say little


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """From which probabilities a checker's judgement counts; `sure` is for what the words leave more than open."""

    supported: float
    sure: float
    contradicted: float


@dataclass(frozen=True, slots=True)
class Run:
    """A run of sentences that may carry a claim, how far its words do, and the number of its passage."""

    number: int
    fit: Fit
    evidence: Evidence
    most: bool  # whether it carries most of the facts and stems of the claim, taken together

    @property
    def open(self) -> bool:
        """Whether a checker that is sure may decide."""
        return self.most and self.fit in (Fit.LENT, Fit.LOOSE)

    @property
    def place(self) -> Place:
        return self.number, self.evidence.sentences[0].start, self.evidence.sentences[-1].end


@dataclass(frozen=True, slots=True)
class Weighed:
    """A claim and what the words of the passages say of it.

    `cited` and `others` are runs that carry all its facts; `beside` is what the cited passages say of it together.
    """

    claim: Content
    cited: tuple[Run, ...]
    others: tuple[Run, ...]
    beside: str | tuple[Support, list[Evidence]]

    def asked(self) -> list[Run]:
        """The runs that a checker is to judge; none where a passage has the sentence word for word."""
        runs = [*self.cited, *self.others]
        if any(run.fit is Fit.SAME for run in runs):
            return []
        return sorted(runs, key=lambda run: run not in self.cited)[:_ASKED]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The evidence that supports a claim and how far, or the outcome and the reason for which it must go."""

    support: Support | None = None
    found: tuple[Evidence, ...] = ()
    outcome: Outcome = "not found"
    reason: str = ""


def weighed(claim: Content, marks: Sequence[int], passages: Mapping[int, Passage | None]) -> Weighed:
    """Compare a claim with the passages that it cites and with all others, by words."""
    runs = [run for number, passage in passages.items() if passage for run in _runs(claim, number, passage)]
    return Weighed(
        claim,
        tuple(run for run in runs if run.number in marks),
        tuple(run for run in runs if run.number not in marks and run.fit >= Fit.PART),
        _beside(claim, marks, passages),
    )


def decided(claims: Sequence[Weighed], checker: Checker | None, bars: Bars | None) -> list[Verdict]:
    """Return what becomes of each claim; the checker is asked once, about all of them."""
    if checker is None:
        return [_verdict(one, None, bars or Bars(supported=1.0, sure=1.0, contradicted=1.0)) for one in claims]
    from rag.support import CONTRADICTED, SUPPORTED, SURE, Claim

    bars = bars or Bars(supported=SUPPORTED, sure=SURE, contradicted=CONTRADICTED)
    asked = [one.asked() for one in claims]
    questions = [
        Claim(text=one.claim.text, title=run.evidence.passage.hit.title, premise=run.evidence.text)
        for one, runs in zip(claims, asked, strict=True)
        for run in runs
    ]
    answers = iter(checker.judge(questions) if questions else ())
    judged = [{run.place: next(answers) for run in runs} for runs in asked]
    return [_verdict(one, judgements, bars) for one, judgements in zip(claims, judged, strict=True)]


def _verdict(one: Weighed, judged: Mapping[Place, Judgement] | None, bars: Bars) -> Verdict:
    """Return what becomes of a claim; `judged` is None where there is no checker."""
    for runs in (one.cited, one.others):
        if found := _stating(runs, judged, bars):
            return Verdict("supported", found)
    if _opposed(one.asked(), judged, bars):
        return Verdict(outcome="contradicted", reason=SAYS_OTHERWISE)
    if isinstance(one.beside, tuple):
        return Verdict("partial", tuple(one.beside[1]))
    if lifted := _stating(one.cited, judged, bars, least=Fit.LOOSE):
        return Verdict("partial", lifted)
    if one.beside == REVERSED:
        return Verdict(outcome="contradicted", reason=REVERSED)
    return Verdict(reason=one.beside)


def _stating(
    runs: Iterable[Run], judged: Mapping[Place, Judgement] | None, bars: Bars, *, least: Fit = Fit.PART
) -> tuple[Evidence, ...]:
    """Return the shortest run of each passage that states a claim whole, of at most three passages.

    The same words are enough. Without a checker nearly the same words are, in a quote that reverses none of them;
    with one they must mean it, too, and then half of them are enough. Where it is sure, so are most of facts and words
    taken together, and the title may lend a name.
    """

    def states(run: Run) -> bool:
        if run.fit is Fit.SAME:
            return True
        if judged is None:
            return run.fit is Fit.WHOLE
        if run.fit >= least:
            return run.place in judged and judged[run.place].supported >= bars.supported
        return run.open and run.place in judged and judged[run.place].supported >= bars.sure

    stating = [run for run in runs if states(run)]
    if any(run.fit is Fit.SAME for run in stating):
        stating = [run for run in stating if run.fit is Fit.SAME or len(run.evidence.sentences) == 1]
    shortest: dict[int, Run] = {}
    for run in stating:
        shortest.setdefault(run.number, run)
    return tuple(run.evidence for run in list(shortest.values())[:_CITED])


def _opposed(runs: Iterable[Run], judged: Mapping[Place, Judgement] | None, bars: Bars) -> bool:
    return judged is not None and any(
        run.fit >= Fit.LOOSE and run.place in judged and judged[run.place].contradicted >= bars.contradicted
        for run in runs
    )


def _runs(claim: Content, number: int, passage: Passage) -> list[Run]:
    """The best and shortest runs of a passage: none that only adds sentences to one that fits as well."""
    found: list[Run] = []
    for fit, evidence in carrying(claim, passage):
        inside = (run for run in found if set(run.evidence.sentences) <= set(evidence.sentences))
        if all(run.fit < fit for run in inside):
            found.append(Run(number, fit, evidence, _most(claim, evidence)))
    return sorted(found, key=lambda run: -run.fit)[:_PER_PASSAGE]


def _most(claim: Content, evidence: Evidence) -> bool:
    """Whether evidence carries most of a claim, facts and other words together, and enough words of each clause."""
    own, held = claim.stems - _LIGHT, evidence.content.stems
    carried = len(evidence.carries(claim) - _LIGHT)
    parts = (own, *(clause - _LIGHT for clause in claim.clauses))
    enough = all(len(part & held) >= _LEAST * len(part) for part in parts)
    return enough and carried >= _MOST * (len(claim.facts) + len(own))


def _beside(
    claim: Content, marks: Sequence[int], passages: Mapping[int, Passage | None]
) -> str | tuple[Support, list[Evidence]]:
    """Return what the passages that a claim cites say of it together, or why there is nothing to say."""
    cited = [passage for number in marks if (passage := passages.get(number))]
    if not cited:
        if supporting(claim, [passage for passage in passages.values() if passage]) == REVERSED:
            return REVERSED
        if any(number in passages for number in marks):
            return STALE
        return f"it cites passage {marks[0]}, and there are {len(passages)}" if marks else NO_MARK
    carried: frozenset[Fact] = frozenset().union(*(passage.content.facts | passage.title for passage in cited))
    if missing := sorted({value for _, value in claim.facts - carried}):
        return f"the passages that it cites do not hold: {', '.join(missing)}"
    return supporting(claim, cited)
