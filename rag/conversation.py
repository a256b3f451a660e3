"""A follow-up question made to stand on its own, from the names in the turns before it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rag.types import Turn
from rag.words import STOP_WORDS, content_words, fold, names

_AFTER_HER = r"(?:in|at|on|to|for|with|by|from|after|before|when|and|or|about)\b"  # then "her" owns nothing
_PERSON = re.compile(rf"\b(?:he|she|him|her(?=\s+{_AFTER_HER}|\W*$))\b", re.IGNORECASE)
_POSSESSIVE = re.compile(rf"\b(?:his|her)\b(?=\s+(?!{_AFTER_HER})\w)", re.IGNORECASE)
_ELLIPSIS = re.compile(r"^\W*(and|or|but|so|what about|how about)\b", re.IGNORECASE)
_WHOLE = re.compile(
    r"^\W*(?:and|or|but|so)\W+(?:who|what|when|where|why|how|which|did|do|does|is|are|was|were|has|have|will|can)\b",
    re.IGNORECASE,
)
_INSTEAD = re.compile(r"^\W*(?:and|or|but|what about|how about)\s+(?P<name>[^?]+?)\W*$", re.IGNORECASE)
# Not the "there" of "was there", the "that" of "say that", the "it" of "did it take", or "this year": they point at
# nothing said before.
_VAGUE = re.compile(
    r"\b(?:its|they|them|their|it(?!\s+(?:take|true|that|possible|likely)\b)|"
    r"there(?=\W*$)|(?<!\bis )(?<!\bare )(?<!\bwas )(?<!\bwere )(?<!\bbeen )there|"
    r"that(?=\W*$)|(?:did|does|do|is|was|about|of|to|for|with|after|before|by|from|like)\s+that|"
    r"(?:those|these|this)(?!\s+(?:day|week|month|quarter|season|year|spring|summer|autumn|winter)s?\b))\b",
    re.IGNORECASE,
)
_SUBJECT = re.compile(r"\b(?:did|do|does|is|was|were|has|had|have|will)\s+(?=[^\W\d_])")
_WHO = re.compile(r"^\W*who\s+(?!is\b|was\b|are\b|were\b)", re.IGNORECASE)
_QUESTION = re.compile(r"[^?]+\?*")
_WORD = re.compile(r"[^\W\d_][\w’'-]*")
_BEFORE = 2  # questions of a turn that was itself a follow-up, at most


def complete(question: str, history: Sequence[Turn]) -> str:
    """The question with what it leaves open filled in; unchanged where it stands on its own.

    "he" and "she" become the person spoken of last, unless the question names somebody before; "And Lavrov?" asks the
    question before it of another; a bare "And in March?" is read after it.
    """
    if not history:
        return question
    pronoun = _POSSESSIVE.search(question) or _PERSON.search(question)
    if pronoun and not names(question[: pronoun.start()], initial=True) and (person := _person(question, history)):
        owned = "’s" if _POSSESSIVE.match(question, pronoun.start()) else ""
        return f"{question[: pronoun.start()]}{person}{owned}{question[pronoun.end() :]}"
    before = _standing(history[-1].question)
    if (instead := _INSTEAD.match(question)) and (other := _asked_of_another(before, instead["name"])):
        return other
    if names(question) and _WHOLE.match(question):
        return question
    open_ended = _ELLIPSIS.match(question) and len(content_words(question)) <= 3
    if open_ended or (_VAGUE.search(question) and not names(question) and len(content_words(question)) <= 4):
        return f"{before.rstrip('?!. ')}? {question.lstrip()}"
    return question


def last_question(question: str) -> str:
    """What is asked last of a completed follow-up; with what stands before it where a bare "And in March?" needs it."""
    parts = _QUESTION.findall(question)
    return "".join(parts[_last_whole(parts) :]).strip()


def _standing(question: str) -> str:
    """A turn's question without the follow-ups that were read after it, for the next one takes their place."""
    parts = _QUESTION.findall(question)
    return " ".join(part.strip() for part in parts[: _last_whole(parts) + 1][-_BEFORE:])


def _last_whole(parts: Sequence[str]) -> int:
    """The place of the last part that says something by itself: not "And in March?", but "And who won?"."""
    at = len(parts) - 1
    while at > 0 and (not parts[at].strip(" ?!.") or (_ELLIPSIS.match(parts[at]) and not _WHOLE.match(parts[at]))):
        at -= 1
    return max(at, 0)


def _asked_of_another(question: str, name: str) -> str:
    """The question with another name for the one that it asks about; empty where either is no name."""
    subject = _subject(question)
    if not subject or next(_runs(name), "") != name:
        return ""
    return question.replace(subject, name, 1)


def _person(question: str, history: Sequence[Turn]) -> str:
    """Who was spoken of last, and is not named in the question; empty where nobody was.

    Of each turn, newest first: the name that it asks about, then other names of two words. A "who met …?" speaks of
    the one who is its answer.
    """
    own = set(names(question, initial=True))
    for turn in reversed(history):
        texts = [turn.answer, turn.question] if _WHO.match(turn.question) else [turn.question, turn.answer]
        named = [run for text in texts for run in _runs(text) if " " in run]
        for run in [*filter(None, [_subject(turn.question)]), *named]:
            if not set(names(run, initial=True)) & own:
                return " ".join(run.split()[-2:])  # "Secretary of State Marco Rubio" is Marco Rubio
    return ""


def _subject(question: str) -> str:
    """The name that stands where a question has its subject: "What did Rubio say?"."""
    for match in _SUBJECT.finditer(question):
        run = next(_runs(question[match.end() :]), "")
        if run and question.startswith(run, match.end()):
            return run
    return ""


def _runs(text: str) -> Iterator[str]:
    """Words with a capital letter that stand together, without stop words before them; not what follows "the"."""
    run: list[re.Match[str]] = []
    before = ""
    for match in [*_WORD.finditer(text), None]:
        beside = bool(run) and match is not None and text[run[-1].end() : match.start()].isspace()
        if run and not (beside and match and match[0][0].isupper()):
            if before != "the":
                yield text[run[0].start() : run[-1].end()]
            run = []
        if match is None:
            return
        if match[0][0].isupper() and (run or fold(match[0]) not in STOP_WORDS):
            run.append(match)
        elif not run:
            before = fold(match[0])
