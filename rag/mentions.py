"""Which documents mention something: every one of them, found in its own text letter by letter."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from rag.sentences import Offsets, is_pointer, sentences
from rag.types import Document
from rag.words import STOP_WORDS, fold

# "U.S." is one word; so is "&", which is an "and".
_WORD = re.compile(
    r"(?<![^\W_])(?:[^\W\d_]\.){1,3}[^\W\d_](?![^\W_])|"
    r"[^\W_](?:[^\W_]|[\u0300-\u036f\u00ad\u200b-\u200d\u2060])*(?:[.,](?=\d)\d+)*|&"
)
_HIDDEN = re.compile(r"[\u00ad\u200b-\u200d\u2060]")
# What may stand between two words of a name: no comma, no end of a sentence, no blank line.
_GAP = re.compile(r"(?:[^\S\n]|\n(?!\s*\n)|[-‐‑'’‘\"“”„*_/(])*")
_AFTER_SHORT = re.compile(r"\.[^\S\n]*\n?[^\S\n]*")  # "St. Odran", "Gen. Maran"
_SHORT = 4  # letters of a word whose full stop may end no sentence
_HYPHEN = "-‐‑"
_INSIDE = re.compile(rf"[{_HYPHEN}.]")
_LEAST = 3  # letters of each half of a word that may be written with a hyphen
_ODD = re.compile(r"[^\x00-\x7f\u00a0-\u00a9\u00ab\u00b0\u00b7\u00bb\u2010-\u2026\u20a0-\u20bf]")  # has to be folded


class Word(NamedTuple):
    """A word of a text: where it stands, its stem, and whether only its capitals tell it from a word that says nothing.

    `name`: it is written with a capital, and then `folded` is what another word must be to be the same name.
    """

    start: int
    end: int
    stem: str
    capitals: bool
    folded: str
    name: bool


@dataclass(frozen=True, slots=True)
class Phrase:
    """A name or term to look for; `spellings` are its words, as stems, whole and with a hyphen written or not."""

    text: str
    spellings: tuple[tuple[Word, ...], ...]
    commas: bool

    @classmethod
    def of(cls, text: str) -> Phrase:
        own = tuple(_words(text))
        joined = tuple(_closed_up(text, own))
        return cls(text, (own, joined) if joined != own else (own,), "," in text)

    def may_be_in(self, plain: str) -> bool:
        """False only where no form of the phrase can stand in the text that `plain_of` has made this of."""
        return any(all(part in plain for word in words for part in _certain(word)) for words in self.spellings)


class Mention(NamedTuple):
    """Where a document speaks of something: the whole sentences, and whether they are its title or a heading."""

    start: int
    end: int
    heading: bool


def plain_of(text: str) -> str:
    """A text folded for a first, quick look: a phrase that is not in here is not in it."""
    lowered = text.lower()
    if _ODD.search(lowered):
        lowered = fold(_HIDDEN.sub("", text))
    return f"{lowered}\n{_INSIDE.sub('', lowered)}"


def places(text: str, phrase: Phrase) -> Iterator[Offsets]:
    """Where a phrase stands in a text, in order: in any form of its words, accents, capitals and hyphens aside."""
    own = list(_words(text))
    for i in range(len(own)):
        ends = (_matched(text, own, i, words, phrase.commas) for words in phrase.spellings)
        if end := max((end for end in ends if end), default=0):
            yield own[i].start, end


def first_mention(document: Document, phrases: Sequence[Phrase]) -> tuple[Mention, ...] | None:
    """The first sentence that holds all phrases, or the first that holds each; titles and headings come last.

    None where the text does not hold one of them, or only in what points to other articles.
    """
    text = document.text
    bounds = sentences(text, document.headings)
    found: list[list[Mention]] = []
    for phrase in phrases:
        spots = list(dict.fromkeys(_around(document, bounds, place) for place in places(text, phrase)))
        said = [one for one in spots if not is_pointer(text, one.start, one.end)]
        if not said:
            return None
        found.append(sorted(said, key=lambda one: (one.heading, one.start)))
    together = [one for one in found[0] if all(one in others for others in found[1:])]
    if together:
        return (together[0],)
    return tuple(sorted({mentions[0] for mentions in found}))


def holds(document: Document, phrase: Phrase) -> bool:
    """Whether the phrase stands anywhere in the text, in whatever part of it."""
    return next(places(document.text, phrase), None) is not None


def _around(document: Document, bounds: Sequence[Offsets], place: Offsets) -> Mention:
    held = [(start, end) for start, end in bounds if start < place[1] and place[0] < end]
    start, end = held[0][0], held[-1][1]
    heading = document.text[start:end].strip("#*= \t\n") == document.title or any(
        first <= start and end <= last for first, last in document.headings
    )
    return Mention(start, end, heading)


def _matched(text: str, own: Sequence[Word], at: int, words: Sequence[Word], commas: bool) -> int:
    """Where words that begin with the one at a place end, if they are these; else 0."""
    i = at
    for number, wanted in enumerate(words):
        if number and (i >= len(own) or not _beside(text, own[i - 1], own[i], commas)):
            return 0
        taken = next((count for count in (1, 2) if _is(text, own[i : i + count], count, wanted)), 0)
        if not taken:
            return 0
        i += taken
    return own[i - 1].end


def _is(text: str, parts: Sequence[Word], count: int, wanted: Word) -> bool:
    """Whether one word, or two with a hyphen between them, are the one wanted."""
    if len(parts) < count:
        return False
    if count == 1:
        if wanted.name:  # Harris is not Harry, nor is Ines "in"; the Harrows are
            return parts[0].folded in (wanted.folded, f"{wanted.folded}s") and (
                parts[0].capitals or not wanted.capitals
            )
        return parts[0].stem == wanted.stem
    left, right = parts
    hyphen = right.start - left.end == 1 and text[left.end] in _HYPHEN
    return hyphen and not wanted.capitals and _joined(text, left, right).stem == wanted.stem


def _beside(text: str, left: Word, right: Word, commas: bool) -> bool:
    gap = text[left.end : right.start]
    if commas:
        gap = gap.replace(",", "")
    if left.end - left.start <= _SHORT and (stop := _AFTER_SHORT.match(gap)):
        gap = gap[stop.end() :]
    return _GAP.fullmatch(gap) is not None


def _words(text: str) -> Iterator[Word]:
    for match in _WORD.finditer(text):
        word = match.group()
        letters = "and" if word == "&" else word.replace(".", "") if word[0].isalpha() else word
        yield _word(match.start(), match.end(), _HIDDEN.sub("", letters))


def _word(start: int, end: int, letters: str) -> Word:
    folded = fold(letters)
    return Word(start, end, _porter(folded), _is_acronym(letters), folded, letters[:1].isupper())


def _is_acronym(word: str) -> bool:
    """Whether only its capitals tell it from a word that says nothing: US, WHO, IT."""
    return len(word) > 1 and word.isupper() and word.lower() in STOP_WORDS


def _closed_up(text: str, own: Sequence[Word]) -> Iterator[Word]:
    """The words with those that a hyphen joins made one: cease-fire is ceasefire."""
    i = 0
    while i < len(own):
        if i + 1 < len(own) and own[i + 1].start - own[i].end == 1 and text[own[i].end] in _HYPHEN:
            yield _joined(text, own[i], own[i + 1])
            i += 2
        else:
            yield own[i]
            i += 1


def _joined(text: str, left: Word, right: Word) -> Word:
    """Two words as one; it is no word where a part of it is too short."""
    enough = min(left.end - left.start, right.end - right.start) >= _LEAST
    letters = f"{text[left.start : left.end]}{text[right.start : right.end]}" if enough else ""
    return _word(left.start, right.end, letters)


def _certain(word: Word) -> Iterator[str]:
    """Letters that every form of a word has in what `plain_of` makes; none of a number, which has several spellings."""
    letters = word.folded if word.name else word.stem
    if letters != "and" and letters.isalpha():
        yield letters[: max(len(letters) - 2, 2)]  # endings become others: "happi" of "happy", "abl" of "ability"


@lru_cache(maxsize=100_000)
def _porter(word: str) -> str:
    """The stem as the lexical index makes it (Porter 1980, with his later changes); irregular verbs are themselves."""
    return word if not word.isascii() or len(word) < 3 or word.isdigit() else str(_stemmer().stem(word))


@lru_cache(maxsize=1)
def _stemmer() -> Any:
    from nltk.stem.porter import PorterStemmer

    return PorterStemmer(mode=PorterStemmer.MARTIN_EXTENSIONS)
