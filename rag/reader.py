"""Question and passages to the sentences that may answer it, with a calibrated confidence, or nothing."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from rag.encoder import Encoder
from rag.features import Asked, Place, absent, documents_read, possible, sentence_features, written_as_names
from rag.sentences import is_pointer
from rag.short import short_answer
from rag.types import Hit, Span

WEIGHTS = Path(__file__).parent / "training" / "sentences.json"

Features = dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A sentence that may answer: `score` is its logit, `short` the answer in a few words where one shows."""

    path: str
    span: Span
    score: float
    short: str = ""


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
class Weights:
    """What training found: logistic weights of features by name, the threshold, and how rare each stem is (IDF)."""

    sentence: Mapping[str, float]
    confidence: Mapping[str, float]
    threshold: float
    rarity: Mapping[str, float] = field(repr=False)
    unseen: float

    @classmethod
    def load(cls, file: Path = WEIGHTS) -> Weights:
        return cls(**json.loads(file.read_text(encoding="utf-8")))


class Reader:
    """Scores each sentence of the passages against the question; a pure function of the two and the weights."""

    def __init__(self, encoder: Encoder, weights: Weights | None = None) -> None:
        self._encoder = encoder
        self.weights = weights or _shipped()

    @property
    def threshold(self) -> float:
        """The calibrated confidence below which a reading is no answer."""
        return self.weights.threshold

    def read(self, question: str, hits: Sequence[Hit]) -> Reading:
        """Order `hits` by their best sentence, and the sentences that could answer by how likely they do."""
        asked = Asked.of(question, self.weights.rarity, self.weights.unseen, written_as_names(hits))
        places = readable(hits)
        if not places:
            return Reading(ranked=tuple(hits))
        rows = sentence_features(asked, places, self.cosines(question, places))
        scores = [logit(self.weights.sentence, row) for row in rows]
        order = sorted(range(len(places)), key=lambda i: (-scores[i], places[i].rank, places[i].start))
        best: dict[int, float] = {}
        for i in order:
            best.setdefault(places[i].rank, scores[i])
        ranks = sorted(range(len(hits)), key=lambda rank: (-best.get(rank, -math.inf), rank))
        documents = documents_read(places)
        held = [i for i in order if possible(asked, places[i], documents[places[i].hit.path])]
        return Reading(
            ranked=tuple(hits[rank] for rank in ranks),
            candidates=tuple(_candidate(question, places[i], scores[i]) for i in held),
            confidence=sigmoid(logit(self.weights.confidence, rows[held[0]])) if held else 0.0,
            absent=absent(asked, places),
        )

    def cosines(self, question: str, places: Sequence[Place]) -> list[float]:
        """The cosine of each sentence with the question."""
        rows = self._encoder.encode([question, *(" ".join(place.text.split()) for place in places)])
        cosines: list[float] = (rows[1:] @ rows[0]).tolist()
        return cosines


def readable(hits: Sequence[Hit]) -> list[Place]:
    """The sentences of the passages that can be evidence: what only points to another article cannot."""
    places = [
        Place(hit=hit, start=start, end=end, rank=rank) for rank, hit in enumerate(hits) for start, end in hit.sentences
    ]
    return [
        place
        for place in places
        if not is_pointer(place.hit.text, place.start - place.hit.span.start, place.end - place.hit.span.start)
    ]


def logit(weights: Mapping[str, float], features: Features) -> float:
    """The weighted sum of the features and the constant "bias"; a feature without a weight counts nothing."""
    return weights.get("bias", 0.0) + sum(
        weights[name] * features[name] for name in sorted(weights) if name in features
    )


def sigmoid(x: float) -> float:
    return 1.0 / (1.0 + math.exp(-x)) if x >= 0 else math.exp(x) / (1.0 + math.exp(x))


def _candidate(question: str, place: Place, score: float) -> Candidate:
    span = Span(document_id=place.hit.span.document_id, start=place.start, end=place.end)
    return Candidate(path=place.hit.path, span=span, score=score, short=short_answer(question, place.text))


@cache
def _shipped() -> Weights:
    return Weights.load()
