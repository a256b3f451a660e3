"""The answer in a few words, cut out of a sentence, for questions whose wording says what kind of thing they want."""

from __future__ import annotations

import re
from collections.abc import Set

from rag.kinds import CALENDAR, DATE, DAY, Kind, kind_of
from rag.words import STOP_WORDS, fold, numbers, stems, words

_NAME = re.compile(r"[A-Z][\w’'.-]*(?:\s+(?:(?:of|the|de|van|von|al|bin)\s+){0,2}[A-Z][\w’'-]*)*")
_PLACE = re.compile(
    r"(?:(?<=\b[Ii]n )|(?<=\b[Aa]t )|(?<=\b[Nn]ear )|(?<=\b[Ii]n the )|(?<=\b[Aa]t the ))" + _NAME.pattern
)  # a name elsewhere in the sentence is as likely somebody's
_WHO_IS = re.compile(
    r"^\W*who(?:se|m)?\s+(?:is|was|are|were)\s+(?-i:[A-Z])", re.IGNORECASE
)  # asks for no name: gives it
_AMOUNT = re.compile(
    r"(?:[$€£]\s?)?\b\d+(?:[.,]\d+)*(?:\s?%|\s(?:percent|per cent|million|billion|thousand|hundred|trillion)\b)?|"
    r"\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty|sixty|hundreds|dozens)\b",
    re.IGNORECASE,
)
_PATTERNS: dict[Kind, re.Pattern[str]] = {"day": DAY, "date": DATE, "number": _AMOUNT, "who": _NAME, "where": _PLACE}


def short_answer(question: str, sentence: str) -> str:
    """The part of `sentence` that is of the kind asked for, not said by the question, nearest to the question's words.

    Empty where the kind does not show or nothing fits: the sentence itself is then the answer.
    """
    pattern = _PATTERNS.get(kind_of(question))
    if pattern is None or _WHO_IS.match(question):
        return ""
    asked = set(stems(question))
    said = set(words(question)) | set(numbers(question)) | STOP_WORDS
    if pattern is not DAY and pattern is not DATE:
        said |= CALENDAR
        sentence = DAY.sub(lambda date: " " * len(date.group()), sentence)  # neither a name nor an amount
    anchors = [match.start() for match in re.finditer(r"\w+", sentence) if set(stems(match.group())) & asked]
    found = []
    for match in pattern.finditer(sentence):
        text = _trimmed(match.group(), said)
        if text and not {fold(word) for word in re.findall(r"\w+", text)} <= said:
            distance = min((abs(match.start() - anchor) for anchor in anchors), default=0)
            found.append((distance, match.start(), text))
    return min(found)[2] if found else ""


def _trimmed(text: str, said: Set[str]) -> str:
    """Without what only opens the sentence or was said already, and without loose punctuation."""
    first, _, rest = text.partition(" ")
    return _trimmed(rest, said) if rest and fold(first) in said else text.strip(" .,'’-")
