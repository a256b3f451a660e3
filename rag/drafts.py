"""A draft of a language model as sentences, each with the passages that it cites; of a growing one, the whole ones."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rag.prompts import DECLINED
from rag.sentences import sentences
from rag.visible import visible
from rag.words import words

LONGEST = 1_000  # characters of a sentence that is read at all

_LABEL = r"(?:passages?|sources?|documents?|docs?|refs?|[\^#№])"
_MARK = re.compile(
    rf"[\[【［]{{1,3}}\s{{0,3}}(?:{_LABEL}\s{{0,3}})?"
    r"(\d{1,3}(?:\s{0,3}[,;–-]\s{0,3}\d{1,3})*)\s{0,3}(?:†[^\]】\n]{0,40})?"
    r"(?:[,:@]\s{0,3}(?:[a-z]{1,6}\.?\s{0,3})?\d[\d:–-]{0,15})?[\]】］]{1,3}",  # a page or characters are no hint
    re.IGNORECASE,
)
_WIDEST_RANGE = 20  # [1-3] means 1, 2 and 3; a wider range than this means nothing
_OPEN_MARK = re.compile(r"[\[【［][^\]】］]{0,60}$")
_LIST_SIGN = re.compile(r"^[^\S\n]*(?:[-*•–]|#{1,6}|\d{1,2}[.)])[^\S\n]+", re.MULTILINE)
_EMPHASIS = re.compile(r"\*{1,3}|__|`")
_LOOSE_STOP = re.compile(r"\s(?=[.,;:!?…](?:\s|$))")
_ENOUGH = 400  # characters in which those words stand
_AHEAD = 5  # words that must follow a sentence before its end is certain: “Why?” | Ana Maria Lesk asked.

_ABOUT = (
    r"(?:passages?|excerpts?|the\s+context|(?:the|these)\s+documents?|"
    r"(?:provided|given|supplied|available)\s+(?:documents?|sources?|texts?|context|information))"
)
_META = re.compile(
    rf"""\b{_ABOUT}\b[^.]{{0,40}}?(?:\b(?:do|does|did|is|are|was|were|can)(?:\s+not|n[’']t)|\bcannot|\bcan[’']t)\b
    |\b{_ABOUT}\s+(?:\w{{1,20}}\s+)?(?:no|nothing|neither)\b
    |(?:\b(?:not|nothing|no\s+(?:information|mention|answer|evidence|details?))\b|n[’']t\b)[^.]{{0,60}}
        \b(?:in|by|from)\s+(?:(?:the|these|those|any)\s+)?{_ABOUT}\b
    |\b(?:based\s+on|according\s+to)\s+(?:the\s+|these\s+)?(?:passages?|excerpts?|provided|given|context)\b
    |^\W{{0,5}}I\s+(?:cannot|can[’']t|could\s+not|am\s+(?:unable|not)|do\s+not|don[’']t)\b
    |^\W{{0,5}}(?:there\s+is\s+)?no\s+information\b|\bas\s+an?\s+(?:AI|language)\b""",
    re.IGNORECASE | re.VERBOSE,
)
_PREAMBLE = re.compile(
    r"(?:based\s+on|according\s+to)\s+(?:the\s+|these\s+)?(?:information\s+in\s+(?:the\s+)?)?(?:(?:provided|given|above)\s+)?"
    r"(?:passages?|excerpts?|documents?|context|information|sources?)(?:\s+(?:provided|given|above|\d{1,3}))?,\s+(?=\w)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Drafted:
    """A sentence of a draft without its marks, and the numbers that they named, in order."""

    text: str
    marks: tuple[int, ...] = ()


def drafted(draft: str, *, complete: bool = True) -> Iterator[Drafted]:
    """Yield the sentences of a draft; of one that still grows only those that no further text can change.

    Marks are taken out before the sentences are found; one belongs to the sentence in or after which it stood.
    A line break ends a sentence: drafts are not wrapped. "According to the passages," before a sentence is no part
    of what it says.
    """
    text, marks = _without_marks(_EMPHASIS.sub("", _LIST_SIGN.sub("", visible(draft))))
    if not complete:
        text = _OPEN_MARK.sub("", text)
    found = _split(text)
    waiting = iter([*marks, (len(text) + 1, [])])
    at, numbers = next(waiting)
    for i, (start, end) in enumerate(found):
        if not complete and not _ended(text, end):
            return
        following = found[i + 1][0] if i + 1 < len(found) else len(text)
        own: list[int] = []
        while at <= following:
            own += numbers if at > start else []
            at, numbers = next(waiting)
        if any(character.isalnum() for character in text[start:end]):
            yield Drafted(_tidy(text[start:end]), tuple(dict.fromkeys(own)))


def declines(sentence: Drafted, cited: Sequence[str]) -> bool:
    """Whether a sentence is the agreed line, or speaks of the passages themselves in words that `cited` do not have."""
    if DECLINED in sentence.text or words(sentence.text) == words(DECLINED):
        return True
    match = _META.search(sentence.text[:LONGEST])
    if match is None:
        return False
    phrase = " ".join(words(match.group()))
    return not any(phrase in " ".join(words(text)) for text in cited)


def _ended(text: str, end: int) -> bool:
    """Whether enough stands behind a sentence to know that it and its marks end there."""
    line, newline, rest = text[end : end + _ENOUGH].partition("\n")
    return len(line.split()) > _AHEAD or (bool(newline) and len(rest.split()) > 1)


def _without_marks(draft: str) -> tuple[str, list[tuple[int, list[int]]]]:
    """Return a draft without its marks, and behind which character of that text each mark stood."""
    pieces: list[str] = []
    marks: list[tuple[int, list[int]]] = []
    length = solid = position = 0
    for match in _MARK.finditer(draft):
        piece = draft[position : match.start()].rstrip(" \t\u00a0")
        glue = " " if draft[match.end() : match.end() + 1].isalnum() else ""
        if piece.strip():
            solid = length + len(piece.rstrip())
        pieces.append(piece + glue)
        length += len(pieces[-1])
        marks.append((solid, _numbers(match.group(1))))
        position = match.end()
    return "".join([*pieces, draft[position:]]), marks


def _split(text: str) -> list[tuple[int, int]]:
    lines = [match.span() for match in re.finditer(r"[^\n]+", text)]
    return [(left + start, left + end) for left, right in lines for start, end in sentences(text[left:right])]


def _tidy(text: str) -> str:
    text = _LOOSE_STOP.sub("", " ".join(text.split()))
    bare = _PREAMBLE.sub("", text, count=1) if _PREAMBLE.match(text) else text
    return bare if bare == text else bare[0].upper() + bare[1:]


def _numbers(mark: str) -> list[int]:
    """Return the numbers that the inside of a mark stands for: "1, 3" or "1-3"."""
    found: dict[int, None] = {}
    for part in re.split(r"[,;]", mark):
        first, *rest = (int(number) for number in re.split(r"[–-]", part))
        last = rest[-1] if rest else first
        found |= dict.fromkeys(range(first, last + 1) if first <= last < first + _WIDEST_RANGE else [first, last])
    return list(found)
