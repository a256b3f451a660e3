"""What a sentence claims and what a text says, as sets of facts and stems that can be compared."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rag.prompts import visible
from rag.words import STOP_WORDS, fold, names, numbers, stem, stems, words

Fact = tuple[str, str]  # a kind ("name", "number", …) and a value: two texts share it where both are equal

_INITIALS = re.compile(r"\b[A-Za-z](?:\.[A-Za-z])+\b\.?")  # U.S. and a.m. are US and am
_SCALES = {"bn": " billion", "tn": " trillion", "mn": " million", "m": " million", "%": " percent"}
_SCALE = re.compile(r"(?<=\d)\s?%|(?<=\d)(?:bn|tn|mn|m)\b", re.IGNORECASE)
_PER_CENT = re.compile(r"\bper cent\b", re.IGNORECASE)
_ONE = re.compile(r"\bone\b(?!\s+(?:of|another)\b)", re.IGNORECASE)
_TENS = dict(zip("thirty forty fifty sixty seventy eighty ninety".split(), range(30, 100, 10), strict=True))
_AMOUNTS = frozenset(
    stem(word)
    for word in """half quarter dozen hundred thousand million billion trillion percent twice double triple
    first second third fourth fifth sixth seventh eighth ninth tenth""".split()
)
_SIGN = re.compile(r"[$€£¥₪₽₹]")
_ADDRESS = re.compile(
    r"\w+:/\S+|\b[\w-]+(?:\.[\w-]+)*\.(?:[a-z]{2,}|[A-Z]{2,})\b(?:[/:?#]\S*)?|[\w.+-]{1,64}@\S+|\]\([^)]*\)?|<[/!a-zA-Z][^>]*>?"
)
_TOKEN = re.compile(r"[^\W_]+")
_CASED = frozenset({"May", "Will", "Don"})  # names that are stop words when written small
_LINKING = frozenset(
    """according additionally although amid citing despite following furthermore however meanwhile moreover
    nevertheless overall separately since therefore though thus yes yet""".split()
)
_NEGATION = re.compile(
    r"\b(?:not|cannot|never|no|none|nor|neither|nobody|nothing|nowhere|without|den(?:y|ies|ied|ying|ials?)|"
    r"refus(?:e|es|ed|ing|als?)|reject(?:s|ed|ing|ions?)?|declin(?:e|es|ed|ing)\s+to|fail(?:s|ed|ing|ures?)?|unable|"
    r"ruled\s+out|false(?:ly)?|untrue|unclear|unknown|uncertain|unconfirmed|lack(?:s|ed|ing)?)\b|n[’']t\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Content:
    """The facts of a text, the stems of its other content words, and whether it denies."""

    facts: frozenset[Fact] = frozenset()
    stems: frozenset[str] = frozenset()
    denies: bool = False

    def __or__(self, other: Content) -> Content:
        return Content(self.facts | other.facts, self.stems | other.stems, self.denies or other.denies)


def claimed(sentence: str) -> Content:
    """Return what a sentence must be carried in: its names, numbers, amounts and addresses, and its other stems.

    A first word that could be an ordinary one is a fact too, but its stem is enough; only words that merely
    link ("However", "According to") are none.
    """
    text = _plain(sentence)
    inner = set(names(text))
    people = {name for name in names(text, initial=True) if name not in _LINKING and not _counts(name)}
    facts = {("name", name) for name in people & inner} | {("stem", stem(name)) for name in people - inner}
    facts |= _cased(text) | _figures(text) | _addresses(sentence)
    own = set(stems(text)) - {stem(name) for name in people | inner | _LINKING}
    own -= {value for _, value in facts}
    return Content(frozenset(facts), frozenset(word for word in own if not _numeral(word)), denies(sentence))


def said(text: str) -> Content:
    """Return everything that a text carries, in the same terms."""
    plain = _plain(text)
    folded = words(plain)
    known = set(stems(plain))
    facts = {("name", word) for word in folded} | {("stem", word) for word in known}
    facts |= {("cased", token) for token in _TOKEN.findall(plain) if token[0].isupper()}
    facts |= _figures(plain) | _addresses(text)
    facts |= {("number", "1") for word in folded if word in ("one", "single")}
    return Content(frozenset(facts), frozenset(known), denies(text))


def named(title: str) -> frozenset[Fact]:
    """Return the facts that a title may carry for its passage: names, never numbers."""
    return frozenset(fact for fact in said(title).facts if fact[0] in ("name", "stem", "cased"))


def denies(text: str) -> bool:
    return _NEGATION.search(text) is not None


def _plain(text: str) -> str:
    text = _INITIALS.sub(lambda match: match.group().replace(".", ""), visible(text))
    text = _SCALE.sub(lambda match: _SCALES[match.group().strip().lower()], text)
    return _PER_CENT.sub("percent", text)


def _cased(text: str) -> set[Fact]:
    """Return the capitalised words that only their capitals tell from stop words: US, May, the W of George W. Bush."""
    found = set()
    for i, match in enumerate(_TOKEN.finditer(text)):
        word = match.group()
        short = len(word) == 1 and word not in "AI"
        acronym = len(word) > 1 and word.isupper() and fold(word) in STOP_WORDS
        if word[0].isupper() and (
            short or acronym or (word in _CASED and (i > 0 or text[match.end() :][1:2].isdigit()))
        ):
            found.add(("cased", word))
    return found


def _figures(text: str) -> set[Fact]:
    """Return numbers as digits, words of amount by stem, and currency signs."""
    found = {("number", number) for number in numbers(text)}
    found |= {("number", str(_TENS[word])) for word in words(text) if word in _TENS}
    found |= {("number", "1") for _ in _ONE.finditer(text)}
    found |= {("amount", word) for word in stems(text) if word in _AMOUNTS}
    return found | {("sign", sign) for sign in _SIGN.findall(text)}


def _addresses(text: str) -> set[Fact]:
    """Return links, mail addresses and markup letter by letter: a draft may repeat them, never make them."""
    return {("address", address.rstrip(".,;:!?'\"”’")) for address in _ADDRESS.findall(visible(text))}


def _counts(word: str) -> bool:
    return word == "one" or word in _TENS or bool(numbers(word)) or stem(word) in _AMOUNTS


def _numeral(word: str) -> bool:
    return word in _TENS or bool(numbers(word))
