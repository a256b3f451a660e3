"""What a draft of `eval.drafts` is made of: sentences of passages, and what a draft makes of them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from eval.standing import absent
from rag.sentences import sentences
from rag.types import Document, Hit
from rag.words import words

_BACK = re.compile(
    r"\b(?:he|she|it|they|him|them|his|her|its|their|both|the (?:two|three|former|latter|same))\b", re.IGNORECASE
)
_NAME = re.compile(r"(?<=\s)[A-Z][a-z]+")
_SOON = 60  # characters in which a sentence says of whom it speaks
_PLAIN = re.compile(r"[A-Z“\"][^\[\]{}<>*_`|#\\\n†【】]+[.”\"]")
_SPACED = tuple(
    (re.compile(found), put)
    for found, put in (
        (r"\s+([,.;:?!%)\]’”]|'s\b|n't\b)", r"\1"),
        (r"([(\[$£“‘])\s+", r"\1"),
        (r"(?<=\w) ([-–]) (?=\w)", r"\1"),
        (r"(``|'')", '"'),
        (r'" ([^"]*?) "', r'"\1"'),
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A sentence of a passage: the number of the passage, and where it stands. `text` is written as prose is."""

    number: int
    path: str
    start: int
    end: int
    text: str
    before: str
    following: str

    @property
    def refers(self) -> bool:
        """Whether alone it does not say of whom it speaks."""
        return refers(self.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A sentence of a draft and the passages it cites; `units` are those that it was made from, `kind` how."""

    text: str
    marks: tuple[int, ...]
    true: bool
    kind: str
    units: tuple[Unit, ...]

    @property
    def key(self) -> str:
        return " ".join(words(self.text))

    def marked(self, *, before: bool) -> str:
        marks = "".join(f"[{n}]" for n in self.marks)
        return f"{self.text[:-1]} {marks}." if before and self.text.endswith(".") else f"{self.text} {marks}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A draft, the passages that its marks count, and their documents by path; `article` is what it is about."""

    question: str
    article: str
    text: str
    told: tuple[Told, ...]
    hits: tuple[Hit, ...]
    documents: dict[str, Document] = field(repr=False)


def refers(text: str) -> bool:
    """Whether a sentence speaks of somebody or something before it names any."""
    back = _BACK.search(text[:_SOON])
    return back is not None and _NAME.search(text[: back.start()]) is None


def precedes(one: Unit, other: Unit) -> bool:
    """Whether it stands before the other and says itself of whom it speaks."""
    return one.path == other.path and one.text == other.before and one.end <= other.start and not one.refers


def says(passage: str, sentence: str) -> bool:
    """Whether a passage may say it too: it holds half of its words."""
    return absent(sentence, [passage]).share < 0.5


def prose(text: str) -> str:
    """A source sentence as a writer would put it: some sets stand in single words with spaces between."""
    text = " ".join(text.split())
    if " , " in text or " ." in text or " 's " in text:
        for found, put in _SPACED:
            text = found.sub(put, text)
    return text


def keys(text: str) -> list[str]:
    return [" ".join(words(text[start:end])) for start, end in sentences(text)]


def fit(text: str) -> bool:
    """Whether a sentence can stand in a draft: whole, plain, and one to the product's own rule."""
    return (
        40 <= len(text) <= 360
        and _PLAIN.fullmatch(text) is not None
        and text.count("(") == text.count(")")
        and text.count('"') % 2 == 0
        and text.count("“") == text.count("”")
        and len(sentences(f"{text} Another one follows.")) == 2
        and len(text.split()) > 5
    )
