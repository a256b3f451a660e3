"""A follow-up question made to stand on its own, from the names in the turns before it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.types import Turn
from rag.words import content_words, names

_PERSON = re.compile(r"\b(he|she|him)\b", re.IGNORECASE)
_POSSESSIVE = re.compile(r"\b(his|her)\b(?=\s+\w)", re.IGNORECASE)
_ELLIPSIS = re.compile(r"^\W*(and|or|but|so|what about|how about)\b", re.IGNORECASE)
# Not the "there" of "was there", the "that" of "say that", or "this year": they point at nothing said before.
_VAGUE = re.compile(
    r"\b(?:it|its|they|them|their|there(?=\W*$)|(?<!\bis )(?<!\bare )(?<!\bwas )(?<!\bwere )(?<!\bbeen )there|"
    r"(?<!\bsay )(?<!\bsaid )(?<!\bclaim )(?<!\bthink )(?<!\bknow )that|"
    r"(?:those|these|this)(?!\s+(?:day|week|month|quarter|season|year|spring|summer|autumn|winter)s?\b))\b",
    re.IGNORECASE,
)
_QUESTION = re.compile(r"[^?]+\?*")
_RUN = re.compile(r"[A-Z][\w’'-]*(?:\s+[A-Z][\w’'-]*)+")
_BEFORE = 2  # questions of a turn that was itself a follow-up, at most


def complete(question: str, history: Sequence[Turn]) -> str:
    """The question with what it leaves open filled in; unchanged where it stands on its own.

    "he" and "she" become the last person named; a bare "And in March?" is read after the question before it.
    """
    if not history:
        return question
    person = _last_name(question, history)
    if person and (_PERSON.search(question) or _POSSESSIVE.search(question)):
        owned = _POSSESSIVE.sub(f"{person}’s", question, count=1)
        return _PERSON.sub(person, question, count=1) if owned == question else owned
    open_ended = _ELLIPSIS.match(question) and len(content_words(question)) <= 3
    if open_ended or (_VAGUE.search(question) and not names(question) and len(content_words(question)) <= 4):
        return f"{_standing(history[-1].question)} {question.lstrip()}"
    return question


def _standing(question: str) -> str:
    """A turn's question without the follow-ups that were read after it, for the next one takes their place."""
    parts = [part.strip() for part in _QUESTION.findall(question)]
    while len(parts) > 1 and _ELLIPSIS.match(parts[-1]):
        parts.pop()
    return " ".join(parts[-_BEFORE:])


def _last_name(question: str, history: Sequence[Turn]) -> str:
    """The last name of two words or more in the turns, newest first, that the question does not hold itself."""
    for turn in reversed(history):
        for text in (turn.question, turn.answer):
            for run in reversed(_RUN.findall(text)):
                words = names(run, initial=True)
                if len(words) >= 2 and not set(words) & set(names(question)):
                    return " ".join(run.split())
    return ""
