"""Text without what nobody sees: for prompts, where it could hide orders, and for search, where it splits words."""

from __future__ import annotations

import unicodedata

_JOINERS = "\u200c\u200d"
_BLANK_LETTERS = "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u3164\uffa0"
_VARIATIONS = map(chr, (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)))
_BLANK = frozenset((*_BLANK_LETTERS, *_VARIATIONS))


def visible(text: str) -> str:
    """Return text without characters that show nothing or reorder others; control characters become spaces.

    Joiners stay inside the words of the scripts that need them.
    """
    if text.replace("\n", "").replace("\t", "").isprintable() and (text.isascii() or _BLANK.isdisjoint(text)):
        return text  # as nearly all texts are
    return "".join(_shown(text, i) for i in range(len(text)))


def _shown(text: str, i: int) -> str:
    character = text[i]
    if character in "\n\t":
        return character
    if character in _JOINERS:
        return character if _joins(text[i - 1 : i]) and _joins(text[i + 1 : i + 2]) else ""
    category = unicodedata.category(character)
    if category in ("Zl", "Zp"):
        return "\n"
    if category == "Cc":
        return " "
    hidden = category in ("Cf", "Co", "Cs") or character in _BLANK
    return "" if hidden else character


def _joins(neighbour: str) -> bool:
    return neighbour != "" and not neighbour.isascii() and unicodedata.category(neighbour)[0] in "LM"
