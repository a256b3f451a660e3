"""A second, simple opinion on whether quotes hold a sentence: it shares no code with the product's check."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

_TOKEN = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+")
_COUNTS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
)
_COUNT_OF = {word: str(n) for n, word in enumerate(f"{_COUNTS} eighteen nineteen twenty".split())}
_COUNT_OF |= {
    word: str(n)
    for n, word in zip(range(30, 100, 10), "thirty forty fifty sixty seventy eighty ninety".split(), strict=True)
}
_ENDINGS = ("ingly", "edly", "ing", "ies", "ied", "ed", "es", "ly", "s", "e", "y")
_LITTLE = frozenset(
    """a about according after all also an and any are as at be because been before being but by can could did do does
    don for from had has have he her here him his how however i if in into is isn it its just like may me might more
    most must my no nor not of on one only or other our out over own said say says she should so some such t than that
    the their them then there these they this those though through to too under up us very was wasn we were what when
    where which while who whom whose why will with would yet you your re ve ll d m once before after again still even
    now both each during between off down during until few then very own same too""".split()
)


@dataclass(frozen=True, slots=True)
class Absent:
    """What of a sentence no quote holds: its names, its numbers, and the share of its other words."""

    names: frozenset[str]
    numbers: frozenset[str]
    share: float

    def stands(self, *, least: float) -> bool:
        """Whether all names and numbers are there, and at least this share of the other words."""
        return not self.names and not self.numbers and 1 - self.share >= least


def absent(sentence: str, quotes: Iterable[str]) -> Absent:
    """Compare a sentence with its quotes, word by word: ends of words, accents and spelled numbers aside."""
    held = {root for quote in quotes for root in _roots(quote)}
    tokens = _tokens(sentence)
    names = {
        _root(t) for i, t in enumerate(tokens) if t[0].isupper() and (i or t.isupper()) and t.lower() not in _LITTLE
    }
    numbers = {_number(t) for t in tokens if t[0].isdigit() or t.lower() in _COUNT_OF} - {"1"}
    others = {_root(t) for t in tokens if t.lower() not in _LITTLE} - names - numbers
    missing = len(others - held) / len(others) if others else 0.0
    return Absent(frozenset(names - held), frozenset(numbers - held), missing)


def _tokens(text: str) -> list[str]:
    plain = "".join(c for c in unicodedata.normalize("NFKD", text) if unicodedata.category(c) not in ("Mn", "Cf"))
    return _TOKEN.findall(re.sub(r"\b([A-Z])\.(?=[A-Z]\b)", r"\1", plain))


def _roots(text: str) -> set[str]:
    tokens = _tokens(text)
    return {_root(token) for token in tokens} | {_number(token) for token in tokens}


def _number(token: str) -> str:
    return _COUNT_OF.get(token.lower(), re.sub(r",(?=\d{3})", "", token))


def _root(token: str) -> str:
    word = token.casefold()
    if word[0].isdigit() or word in _COUNT_OF:
        return _number(word)
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word.removesuffix(ending)
    return word
