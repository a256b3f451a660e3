"""What speaks for a sentence being the answer to a question: features of the two, and what must hold."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

from rag.types import Hit
from rag.words import fold, names, numbers, stem, stems, words

Kind = Literal["day", "date", "number", "who", "where", "why", "said", "other"]

# What a question asks for, by its wording; the first that fits counts.
_KINDS: tuple[tuple[Kind, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(pattern))  # type: ignore[misc]
    for kind, pattern in (
        ("number", r"\bhow (many|much|long|old|far|often|large|big|high|tall|fast|deep)\b"),
        (
            "number",
            r"\b(what|which) (is |was |were |are )?(the )?(percent|percentage|share|number|amount|proportion)\b",
        ),
        ("day", r"\b(what|which) (exact |calendar )?(date|day)\b"),
        ("date", r"\bwhen\b|\b(what|which) (year|month|century|decade|time)\b"),
        ("who", r"^who\b|\b(by|to|with|from|for|of) whom?\b|\bwhose\b|\bwhom\b"),
        (
            "where",
            r"^where\b|\b(what|which) (city|country|place|state|region|town|village|building|river|island|port)\b",
        ),
        ("why", r"\bwhy\b"),
        (
            "said",
            r"\bwhat (did|does|do|has|have|had) .*\b(say|said|tell|told|claim|state|stress|warn|announce|reply)\b",
        ),
    )
)
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|"
    r"nov(?:ember)?|dec(?:ember)?)\b\.?"
)
DAY = re.compile(
    rf"\b{_MONTH} \d{{1,2}}\b|\b\d{{1,2}}(?:st|nd|rd|th)?(?: of)? {_MONTH}|\b\d{{4}}-\d\d-\d\d\b|\b\d+/\d+/\d+\b", re.I
)
DATE = re.compile(
    rf"\b1\d{{3}}\b|\b20\d\d\b|\b\d+(?:st|nd|rd|th)\b|\bcentur|\b\d{{1,2}}(?:[:.]\d\d)? ?[ap]\.?m\b|"
    r"\b(?:mon|tues|wednes|thurs|fri|satur|sun)day\b|\b(?:yester|to)day\b|\btomorrow\b|\b(?:next|last|this) \w+\b|"
    rf"\b(?:spring|summer|autumn|winter|ago|later|age of|noon|midnight|evening|morning)\b|\b{_MONTH}|{DAY.pattern}",
    re.I,
)
_QUANTITY = re.compile(
    r"\b(one|half|third|quarter|twice|dozens?|several|hundreds?|thousands?|millions?|billions?|every)\b", re.I
)
_SPEECH = re.compile(
    r"[“”\"]|\b(says?|said|saying|told|tells|add(?:s|ed|ing)|stat(?:es|ed|ing)|not(?:es|ed|ing)|stress\w*|warn\w*|claim\w*|argu\w+|"
    r"announc\w+|express\w+|emphasi\w+|insist\w*|repl\w+|remark\w*|declar\w+|according|call(?:s|ed|ing)|urg\w+|den\w+|"
    r"confirm\w*|promis\w+|ask(?:s|ed)|highlight\w*|explain\w*|accus\w+|criticis\w+|criticiz\w+)\b",
    re.I,
)
_CAUSE = re.compile(
    r"\b(because|due|since|so|to|after|as|result\w*|caus\w+|reason\w*|therefore|led|blam\w+|over|in order)\b", re.I
)
_PLACE = re.compile(
    r"\b(?:[Ii]n|[Aa]t|[Nn]ear|[Ff]rom|to|of|outside|on|off|around|across|into|[Ii]nside)\s+(?:the\s+)?(?:\w+\s+){0,3}?[A-Z]"
)
_PERSON = re.compile(
    r"\b(he|she|they|man|woman|men|women|people|person|members?|officials?|minist\w+|\w{3,}(?:ers?|ors?|ists?|ants?))\b",
    re.I,
)
_FULL_NAME = re.compile(r"(?<!\b[Ii]n )(?<!\b[Aa]t )\b[A-Z][\w’'-]+(?:\s+[A-Z][\w’'.-]*)+")
_WILL = re.compile(r"\bwill\b", re.I)
_FUTURE = re.compile(
    r"\b(will|would|shall|plan\w*|due|schedul\w+|expect\w*|set (?:to|for)|next|upcoming|potential|future|later this|"
    r"(?:is|are) to|intend\w*|tomorrow|forthcoming)\b",
    re.I,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question, taken apart once: `rarity` weighs each of its content stems."""

    kind: Kind
    rarity: Mapping[str, float]
    names: frozenset[str]  # stems of names; those of sentence-initial words too where the passages write them so
    numbers: frozenset[str]
    future: bool
    words: frozenset[str] = field(repr=False)

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
            future=_WILL.search(question) is not None,
            words=frozenset(words(question)),
        )

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


def kind_of(question: str) -> Kind:
    folded = " ".join(words(question))
    return next((kind for kind, pattern in _KINDS if pattern.search(folded)), "other")


def holds_kind(asked: Asked, text: str) -> bool:
    """Whether a sentence holds something of the kind that is asked for, and that the question does not say itself."""
    if asked.kind == "day":
        return any(not set(numbers(found)) <= asked.numbers for found in DAY.findall(text))
    if asked.kind == "date":
        return any(not set(words(found)) <= asked.words for found in (m.group() for m in DATE.finditer(text)))
    if asked.kind == "number":
        counted = DAY.sub(" ", text)
        return bool(set(numbers(counted)) - asked.numbers) or _QUANTITY.search(counted) is not None
    if asked.kind == "who":
        return bool(set(names(text, initial=True)) - asked.words) or bool(_PERSON.search(text))
    if asked.kind == "where":
        return _PLACE.search(text) is not None and bool(set(names(text)) - asked.words)
    if asked.kind == "said":
        return _SPEECH.search(text) is not None
    if asked.kind == "why":
        return _CAUSE.search(text) is not None
    return True


def sentence_features(asked: Asked, places: Sequence[Place], cosines: Sequence[float]) -> list[dict[str, float]]:
    """For each sentence its features by name; all between about -1 and 4. `cosines` are with the question."""
    best: dict[int, float] = {}
    for place, cosine in zip(places, cosines, strict=True):
        best[place.rank] = max(best.get(place.rank, -1.0), cosine)
    texts = {place.rank: stemmed(place.hit) for place in places}
    return [
        _features(asked, place, cosine, best[place.rank], texts[place.rank])
        for place, cosine in zip(places, cosines, strict=True)
    ]


def _features(asked: Asked, place: Place, cosine: float, passage_cosine: float, passage: Stemmed) -> dict[str, float]:
    at = place.hit.sentences.index((place.start, place.end))
    own = passage.sentences[at]
    around = (
        own
        | passage.title
        | passage.sentences[max(0, at - 1)]
        | passage.sentences[min(at + 1, len(passage.sentences) - 1)]
    )
    typed = asked.kind != "other" and holds_kind(asked, place.text)
    return {
        "cosine": cosine,
        "passage_cosine": passage_cosine,
        "retrieval": place.hit.score,
        "log_rank": math.log1p(place.rank),
        "coverage": asked.coverage(own),
        "coverage_around": asked.coverage(around),
        "coverage_passage": asked.coverage(passage.all),
        "others": _share(asked.others, own),
        "names": _share(asked.names, own),
        "names_passage": _share(asked.names, passage.all),
        "numbers_passage": _share(asked.numbers, passage.numbers),
        "of_kind": float(typed),
        "full_name": float(asked.kind == "who" and _names_somebody(asked, place.text)),
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
    sentences = tuple(frozenset(stems(text)) for text in texts)
    title = frozenset(stems(f"{hit.title}\n{hit.section}"))
    found = numbers("\n".join([hit.title, hit.section, *texts]))
    return Stemmed(sentences, title, title.union(*sentences), frozenset(found))


def _share(wanted: frozenset[str], present: frozenset[str]) -> float:
    return len(wanted & present) / len(wanted) if wanted else 1.0


def possible(asked: Asked, place: Place, document: Stemmed) -> bool:
    """Whether nothing rules the sentence out.

    It holds what is asked for, speaks of what is to come where the question does, and what is read of its document
    holds the question's numbers and one of its names.
    """
    return (
        holds_kind(asked, place.text)
        and (not asked.future or _FUTURE.search(place.text) is not None)
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


def _names_somebody(asked: Asked, text: str) -> bool:
    """Whether a sentence gives somebody's full name that the question does not."""
    return any(not set(words(found)) & asked.words for found in _FULL_NAME.findall(text))


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
