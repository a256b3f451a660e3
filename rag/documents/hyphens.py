"""Hyphens at line ends: whether one breaks a word or belongs to it, told from the other words of the document."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

HYPHENS = "-\u00ad\u2010"
_SOFT = "\u00ad"  # shows only where it breaks a word
_ENOUGH = 3  # line ends from which it shows whether the document breaks words at all
_PART = 4  # letters of a part of a compound at least, where nothing else speaks for one
_WORD = re.compile(r"\w+(?:[-\u2010]\w+)*")
# What makes compounds with whole words: "self-" goes on as "self-defence", not as "selfish", where that is a word.
_FIRST = frozenset(
    "all cross eight ever ex far fifty first five forty four full half hard high ill least less long low mid most much "
    "near nine ninety non north one open part post pre pro quasi second self semi seven seventy short single six sixty "
    "so south ten third thirty three twenty two upper vice well west wide world".split()
)
_LAST = frozenset(
    "assisted awarded backed based born called centric dependent driven facing friendly funded going growing intensive "
    "known lasting level like looking optimised optimized oriented owned ranging reaching related running scale "
    "sensitive sized specific sponsored standing style term winning year".split()
)
_CLOSED = frozenset(  # first parts of words that are written whole: "understand", "without"
    "anti back break down fore head here hind home house inter life mean more never news other over some super them "
    "there through trans under what when where with work your".split()
)


def ends_in_hyphen(text: str) -> bool:
    return text[-1:] in HYPHENS and text[-2:-1].isalnum()


class Hyphens:
    """Knows the words of a document, given its paragraphs as lines."""

    def __init__(self, paragraphs: Iterable[Sequence[str]]) -> None:
        self._words: Counter[str] = Counter()
        self._breaks = True
        broken: list[tuple[str, str]] = []
        lines = [["", *lines] for lines in paragraphs]
        if not any(ends_in_hyphen(text) for paragraph in lines for text in paragraph):
            return
        for before, text in (pair for paragraph in lines for pair in pairwise(paragraph)):
            found = _WORD.findall(text.lower())
            self._words.update(found[ends_in_hyphen(before) : len(found) - ends_in_hyphen(text)])
            broken.extend(_parts(before, text))
        self._breaks = len(broken) < _ENOUGH or any(self._words[left + right] for left, right in broken)

    def breaks(self, before: str, following: str) -> bool:
        """Whether the hyphen at the end of a line breaks a word that goes on in the next line.

        It belongs to the word where the document writes it with a hyphen elsewhere, where no lower-case letter
        follows, where two words make a compound, and where the document breaks no words.
        """
        if before.endswith(_SOFT):
            return True
        for left, right in _parts(before, following):
            whole, compound = self._words[left + right], self._words[f"{left}-{right}"]
            if whole or compound:
                return whole > compound
            return self._breaks and "-" not in left and not self._is_compound(left, right)
        return False

    def _is_compound(self, left: str, right: str) -> bool:
        if left in _CLOSED:
            return False
        if left == "non":
            return len(right) > _PART
        known, goes_on = self._words[left] > 0, self._words[right] > 0 and len(right) > 2
        if right in _LAST and (known or left in _FIRST):
            return True
        if goes_on and (left in _FIRST or (left.endswith("ly") and len(left) >= _PART)):
            return True
        return known and goes_on and min(len(left), len(right)) >= _PART


def _parts(before: str, following: str) -> Iterator[tuple[str, str]]:
    """What stands before and after the hyphen at the end of a line, if a word with a lower-case letter goes on."""
    if not ends_in_hyphen(before):
        return
    left = _WORD.findall(before[-80:].lower())
    right = _WORD.match(following)
    if left and right and following[0].islower():
        yield left[-1], right[0].lower()
