"""Question and passages to the spans that may answer it, with a calibrated confidence, or nothing."""

from __future__ import annotations

import json
import math
import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Protocol

from rag.conversation import last_question
from rag.readable import echoes, readable
from rag.sentences import Offsets, is_pointer
from rag.stretches import Scored, Stretch, joined
from rag.support import Claim, answered, shared
from rag.types import Hit, Span
from rag.words import MONTHS, TITLES, names, numbers, same_place, stem, words

if TYPE_CHECKING:
    from rag.network import Network
    from rag.support import Checker

CALIBRATION = Path(__file__).parent / "training" / "calibration.json"
REMEMBERED = 16  # readings: who asks the same again, or ranks what was asked, does not wait twice
KEPT = 3  # spans of each passage that stay in the running
_HOW_MANY = re.compile(
    r"^(\W*(?:name|list|give|tell|which|what|who)(?: (?:me|us|all|any|the|are|were|top|first|last|other))*) \d{1,2}\b",
    re.IGNORECASE,
)
_MONTH_OF = {form: month.lower() for month in MONTHS for form in (month[:3].lower(), month[:4].lower())}
_ISO_DATE = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")
_CHANGES = {"and", "or", "not", "no", "never", "million", "billion", "thousand", "hundred"}
SURE = 14.0  # logit of a span above which more of it says nothing more
DOUBT = 1e-3  # least probability that a checker may give
ALONE = 5.0  # lead of a span that has no rival


class Scorer(Protocol):
    """What reads: `rag.network.Network`, or a stand-in."""

    def score(
        self, question: str, titles: Sequence[str], texts: Sequence[str], parts: Sequence[Sequence[Offsets]]
    ) -> list[list[Scored]]:
        """Spans of each text, best first; each span lies within one of its `parts`, which are in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A place that may answer: `answer` is the span of the answer itself, `short` its text; `span` the sentences that
    hold it; `score` orders candidates."""

    path: str
    span: Span
    answer: Span
    short: str
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What reading found, best first; `confidence` is the probability that the first candidate answers the question.

    `absent` are names and numbers of the question, as stems, that none of the passages holds.
    """

    ranked: tuple[Hit, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    confidence: float = 0.0
    absent: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """Logistic weights of features by name: `order` scores candidates, `confidence` the best of them; `threshold` is
    the least confidence of an answer."""

    order: Mapping[str, float]
    confidence: Mapping[str, float]
    threshold: float

    @classmethod
    def load(cls, file: Path = CALIBRATION) -> Calibration:
        return cls(**json.loads(file.read_text(encoding="utf-8")))


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One span of one passage with what speaks for it: features by name."""

    rank: int  # of the passage, from 0
    start: int  # in the document, as end
    end: int
    text: str
    sentences: Offsets  # from the beginning of the first to the end of the last that holds it
    said: str  # these sentences
    features: Mapping[str, float]


class Reader:
    """Reads passages for the answer to a question: a pure function of the two, the weights and the calibration."""

    def __init__(
        self,
        network: Scorer | None = None,
        calibration: Calibration | None = None,
        checker: Checker | None = None,
    ) -> None:
        self._network = network
        self.calibration = calibration or _shipped()
        self.checker = checker or shared()
        self._read_before = lru_cache(maxsize=REMEMBERED)(self._read)

    @cached_property
    def network(self) -> Scorer:
        """Loaded with the first use. Raises ReaderError where the weights are missing or altered."""
        if self._network is not None:
            return self._network
        with _LOADING:
            return _network()

    @property
    def threshold(self) -> float:
        """The calibrated confidence below which a reading is no answer."""
        return self.calibration.threshold

    def read(self, question: str, hits: Sequence[Hit]) -> Reading:
        """Order `hits` by the best span in each, and the spans by how likely they answer."""
        return self._read_before(question, tuple(hits))

    def _read(self, question: str, hits: tuple[Hit, ...]) -> Reading:
        found = self.find(question, hits)
        order = in_order(found, self.calibration.order)
        scored = [(found[i], logit(self.calibration.order, found[i].features)) for i in order]
        best: dict[int, float] = {}
        for one, score in scored:
            best.setdefault(one.rank, score)
        ranks = sorted(range(len(hits)), key=lambda rank: (-best.get(rank, -math.inf), rank))
        candidates = tuple(_candidate(one, hits[one.rank], score) for one, score in scored)
        features = question_features([one for one, _ in scored])
        if scored and "support" in self.calibration.confidence:
            first = scored[0][0]
            (features["support"],) = supports([asked_of(question, first, hits[first.rank])], self.checker)
        return Reading(
            ranked=tuple(hits[rank] for rank in ranks),
            candidates=candidates,
            confidence=sigmoid(logit(self.calibration.confidence, features)) if candidates else 0.0,
            absent=absent(question, hits),
        )

    def find(self, question: str, hits: Sequence[Hit]) -> list[Found]:
        """The best spans of each passage, with their features, in the order of the passages."""
        stretches, last = joined(hits), last_question(question)
        parts = [readable(last, one.text, one.sentences) for one in stretches]
        scored = self.network.score(question, [one.title for one in stretches], [one.text for one in stretches], parts)
        found: list[list[Found]] = [[] for _ in hits]
        for stretch, spans in zip(stretches, scored, strict=True):
            for span in spans:
                rank = stretch.ranks[stretch.at(span.start)]
                if len(found[rank]) < KEPT:
                    found[rank].append(_found(last, rank, hits[rank], stretch, span))
        return [one for spans in found for one in spans]


def _found(question: str, rank: int, hit: Hit, stretch: Stretch, span: Scored) -> Found:
    start, end = stretch.start + span.start, stretch.start + span.end
    first, last = _around(hit, start, end)
    return Found(
        rank=rank,
        start=start,
        end=end,
        text=stretch.text[span.start : span.end],
        sentences=(first, last),
        said=hit.text[first - hit.span.start : last - hit.span.start],
        features={
            "span": span.score,
            "relevance": span.relevance,
            "log_rank": math.log1p(rank),
            "echo": float(echoes(question, stretch.text, span.start, span.end)),
        },
    )


def in_order(found: Sequence[Found], weights: Mapping[str, float]) -> list[int]:
    """The numbers of the spans, best first by these weights; ties in the order of the passages."""
    return sorted(range(len(found)), key=lambda i: (-logit(weights, found[i].features), found[i].rank, found[i].start))


def question_features(found: Sequence[Found]) -> dict[str, float]:
    """What speaks for the first of `found`, which are in order: the features that confidence is made of."""
    if not found:
        return {}
    best = found[0]
    span = best.features["span"]
    # What is shown are sentences: another span of the same one, or of a copy of it, is no rival.
    elsewhere = [one for one in found[1:] if one.said != best.said]
    rivals = [one.features["span"] for one in elsewhere if not says_the_same(one.text, best.text)]
    return {
        "sure": min(span, SURE),
        "relevance": best.features["relevance"],
        "lead": span - max(rivals, default=span - ALONE),
    }


def asked_of(question: str, found: Found, hit: Hit) -> Claim:
    """What a checker is asked of a span: whether its sentences carry it as the answer."""
    return Claim(text=answered(last_question(question), found.text), title=hit.title, premise=found.said)


def supports(claims: Sequence[Claim], checker: Checker) -> list[float]:
    """Log-odds that each claim is supported, cut off where more says nothing more."""
    probabilities = (min(max(one.supported, DOUBT), 1 - DOUBT) for one in checker.judge(claims))
    return [math.log(one / (1 - one)) for one in probabilities]


def says_the_same(one: str, other: str) -> bool:
    """Whether all words of one span stand in the other, with the same numbers, and nothing joined or denied."""
    first, second = set(words(one)), set(words(other))
    if not first or not second or set(numbers(one)) != set(numbers(other)) or (first ^ second) & _CHANGES:
        return False
    return first <= second or second <= first


def absent(question: str, hits: Sequence[Hit]) -> frozenset[str]:
    """Stems of the names and numbers of the question that stand in no sentence, title or section of the passages."""
    present = frozenset[str]().union(*map(_held, joined(hits)))
    ordered = sorted(present)
    return frozenset(one for one in _wanted(question) if not (present & same_place(one) or _begins_any(one, ordered)))


def pointed(hits: Sequence[Hit]) -> frozenset[str]:
    """Stems and numbers of the sentences that only point elsewhere."""
    texts = [one.text[a:b] for one in joined(hits) for a, b in one.sentences if is_pointer(one.text, a, b)]
    return frozenset[str]().union(*map(_stems, texts))


def _wanted(question: str) -> frozenset[str]:
    """Names, but not a first word that may be an ordinary one, nor titles, and numbers in digits.

    What says how many are asked for counts nothing: "which three", "name 5 towns".
    """
    first = next(iter(words(question)), "")
    question = _ISO_DATE.sub(lambda date: _spelled_date(date.group()), _HOW_MANY.sub(r"\1", question))
    written = {number for number in numbers(question) if number in question.replace(",", "")}
    return frozenset(stem(name) for name in names(question) if name != first and name not in TITLES) | written


def _begins_any(wanted: str, present: Sequence[str]) -> bool:
    """Whether one of the sorted stems begins so: "apr" is in April, "us" in usa; a number must be equal."""
    at = bisect_left(present, wanted)
    return not wanted[0].isdigit() and at < len(present) and present[at].startswith(wanted)


def _held(stretch: Stretch) -> frozenset[str]:
    """Stems and numbers of titles, sections, dates, and sentences that say something themselves."""
    own = [stretch.text[a:b] for a, b in stretch.sentences if not is_pointer(stretch.text, a, b)]
    heads = [part for hit in stretch.hits for part in (hit.title, hit.section, _spelled_date(hit.date or ""))]
    return frozenset[str]().union(*map(_stems, dict.fromkeys([*heads, *own])))


def _spelled_date(date: str) -> str:
    """The year, month and day of an ISO 8601 date as a question names them: "22 April 2025"."""
    year, month, day = (*date.split("-"), "", "")[:3]
    named = MONTHS[int(month) - 1] if month.isdigit() and 1 <= int(month) <= 12 else ""
    return f"{day.lstrip('0')} {named} {year}"


@lru_cache(maxsize=4096)
def _stems(text: str) -> frozenset[str]:
    own = words(text)
    months = [_MONTH_OF[word] for word in own if word in _MONTH_OF]
    return frozenset(map(stem, own + months)) | {number.lstrip("0") or "0" for number in numbers(text)}


def _around(hit: Hit, start: int, end: int) -> Offsets:
    """The whole sentences that hold a span of the document."""
    held = [(first, last) for first, last in hit.sentences if first < end and start < last]
    return min([start, *(first for first, _ in held)]), max([end, *(last for _, last in held)])


def _candidate(found: Found, hit: Hit, score: float) -> Candidate:
    document = hit.span.document_id
    return Candidate(
        path=hit.path,
        span=Span(document_id=document, start=found.sentences[0], end=found.sentences[1]),
        answer=Span(document_id=document, start=found.start, end=found.end),
        short=" ".join(found.text.split()),
        score=score,
    )


def logit(weights: Mapping[str, float], features: Mapping[str, float]) -> float:
    """The weighted sum of the features and the constant "bias"; a feature without a weight counts nothing."""
    return weights.get("bias", 0.0) + sum(
        weights[name] * features[name] for name in sorted(weights) if name in features
    )


def sigmoid(x: float) -> float:
    return 1.0 / (1.0 + math.exp(-x)) if x >= 0 else math.exp(x) / (1.0 + math.exp(x))


@cache
def _shipped() -> Calibration:
    return Calibration.load()


@cache
def _network() -> Network:
    from rag.network import Network

    return Network.load()


_LOADING = Lock()  # the first two questions may come at once
