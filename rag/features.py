"""What speaks for a sentence being the answer to a question: features of the two, and what must hold."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from rag.kinds import Kind, fits_time, holds, kind_of, names_somebody, says_unknown
from rag.types import Hit
from rag.words import fold, names, numbers, stem, stems, words

# Stems of words for one thing, which news reports use in turn: a question with one is matched by the others.
ALIKE = frozenset({"meet", "talk", "discuss", "negoti", "summit"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question, taken apart once: `rarity` weighs each of its content stems."""

    kind: Kind
    rarity: Mapping[str, float]
    names: frozenset[str]  # stems of names; those of sentence-initial words too where the passages write them so
    numbers: frozenset[str]
    question: str = field(repr=False)

    @classmethod
    def of(
        cls, question: str, rarity: Mapping[str, float], unseen: float, written: frozenset[str] = frozenset()
    ) -> Asked:
        """`written` are stems that the passages only write as names: a question may be typed without capitals."""
        found = stems(question)
        return cls(
            kind=kind_of(question),
            rarity={one: rarity.get(one, unseen) for one in found},
            names=frozenset(stem(name) for name in names(question)) | (written & set(found)),
            numbers=frozenset(numbers(question)),
            question=question,
        )

    @property
    def said(self) -> frozenset[str]:
        """The words and numbers of the question."""
        return frozenset(words(self.question)) | self.numbers

    @property
    def others(self) -> frozenset[str]:
        """The stems that are neither names nor numbers: what is done, and to what."""
        return frozenset(self.rarity) - self.names - self.numbers

    def coverage(self, present: frozenset[str] | set[str]) -> float:
        """The share, weighed by rarity, of the question's stems that are present; 0 where it has none."""
        total = sum(self.rarity.values())
        return sum(weight for one, weight in self.rarity.items() if one in present) / total if total else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A sentence inside a passage: offsets into the document; `rank` is the passage's, from 0."""

    hit: Hit
    start: int
    end: int
    rank: int

    @property
    def text(self) -> str:
        offset = self.hit.span.start
        return self.hit.text[self.start - offset : self.end - offset]


def sentence_features(asked: Asked, places: Sequence[Place], cosines: Sequence[float]) -> list[dict[str, float]]:
    """For each sentence its features by name; all between about -1 and 4. `cosines` are with the question."""
    by_place = {(place.rank, place.start): cosine for place, cosine in zip(places, cosines, strict=True)}
    texts = {place.rank: stemmed(place.hit) for place in places}
    documents = documents_read(places)
    return [_features(asked, place, by_place, texts[place.rank], documents[place.hit.path]) for place in places]


def _features(
    asked: Asked, place: Place, cosines: Mapping[tuple[int, int], float], passage: Stemmed, document: Stemmed
) -> dict[str, float]:
    at = place.hit.sentences.index((place.start, place.end))
    beside = slice(max(0, at - 1), at + 2)
    own = passage.sentences[at]
    around = passage.title.union(*passage.sentences[beside])
    typed = asked.kind != "other" and holds(asked.kind, place.text, asked.said)

    def nearest(sentences: Sequence[tuple[int, int]]) -> float:
        return max(cosines.get((place.rank, start), -1.0) for start, _ in sentences)

    return {
        "cosine": cosines[place.rank, place.start],
        "cosine_around": nearest(place.hit.sentences[beside]),
        "cosine_passage": nearest(place.hit.sentences),
        "retrieval": place.hit.score,
        "log_rank": math.log1p(place.rank),
        "coverage": asked.coverage(own),
        "coverage_around": asked.coverage(around),
        "coverage_passage": asked.coverage(passage.all),
        "coverage_named": asked.coverage(own | (asked.names & document.all)),
        "others": _share(asked.others, own),
        "names": _share(asked.names, own),
        "names_passage": _share(asked.names, passage.all),
        "numbers_passage": _share(asked.numbers, passage.numbers),
        "of_kind": float(typed),
        "full_name": float(asked.kind == "who" and names_somebody(place.text, asked.said)),
        "not_of_kind": float(not typed and asked.kind != "other"),
        "log_length": math.log1p(len(own)),
        "new_words": min(len(own - asked.rarity.keys()), 40) / 10,
    }


@dataclass(frozen=True, slots=True)
class Stemmed:
    """The stems of a passage: of each sentence, of title and section, of all; and its numbers."""

    sentences: tuple[frozenset[str], ...]
    title: frozenset[str]
    all: frozenset[str]
    numbers: frozenset[str]


@lru_cache(maxsize=4096)
def stemmed(hit: Hit) -> Stemmed:
    offset = hit.span.start
    texts = [hit.text[start - offset : end - offset] for start, end in hit.sentences]
    sentences = tuple(_with_alike(frozenset(stems(text))) for text in texts)
    title = frozenset(stems(f"{hit.title}\n{hit.section}"))
    found = numbers("\n".join([hit.title, hit.section, *texts]))
    return Stemmed(sentences, title, title.union(*sentences), frozenset(found))


def _with_alike(found: frozenset[str]) -> frozenset[str]:
    return found | ALIKE if found & ALIKE else found


def _share(wanted: frozenset[str], present: frozenset[str]) -> float:
    return len(wanted & present) / len(wanted) if wanted else 1.0


def possible(asked: Asked, place: Place, document: Stemmed) -> bool:
    """Whether nothing rules the sentence out.

    It holds what is asked for rather than says that it is not known, speaks of what is to come where the question
    does, and what is read of its document holds the question's numbers and one of its names.
    """
    return (
        holds(asked.kind, place.text, asked.said)
        and fits_time(asked.question, place.text)
        and not says_unknown(asked.kind, place.text)
        and asked.numbers <= document.numbers
        and (not asked.names or bool(asked.names & document.all))
    )


def documents_read(places: Sequence[Place]) -> dict[str, Stemmed]:
    """By path, what the passages of each document hold together."""
    found: dict[str, dict[int, Stemmed]] = {}
    for place in places:
        found.setdefault(place.hit.path, {})[place.rank] = stemmed(place.hit)
    return {
        path: Stemmed(
            sentences=(),
            title=next(iter(passages.values())).title,
            all=frozenset().union(*(one.all for one in passages.values())),
            numbers=frozenset().union(*(one.numbers for one in passages.values())),
        )
        for path, passages in found.items()
    }


def absent(asked: Asked, places: Sequence[Place]) -> frozenset[str]:
    """Names and numbers of the question that stand in no sentence, title or section of the places."""
    passages = {place.hit.passage_id: stemmed(place.hit) for place in places}.values()
    present = frozenset().union(*(passage.title for passage in passages), *(passage.numbers for passage in passages))
    own = frozenset().union(*(frozenset(stems(place.text)) for place in places))
    return (asked.names | asked.numbers) - present - own


def written_as_names(hits: Sequence[Hit]) -> frozenset[str]:
    """Stems of words that these passages write with a capital letter inside sentences, and never without."""
    large: set[str] = set()
    small: set[str] = set()
    for hit in hits:
        large.update(stem(name) for name in names(hit.text))
        small.update(stem(fold(word)) for word in _SMALL.findall(hit.text))
    return frozenset(large - small)


_SMALL = re.compile(r"\b[a-z]\w+")
