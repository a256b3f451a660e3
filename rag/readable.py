"""Where an answer may lie: not in what points elsewhere, is said to be unknown, is past, or repeats the question."""

from __future__ import annotations

import re
from collections.abc import Iterable

from rag.sentences import Offsets, is_pointer
from rag.words import STOP_WORDS, fold, names, words

# A report that says what it does not know names it: "no details of a meeting between …". Of 87,371 answers of SQuAD's
# training questions 74 stand behind such words.
_UNKNOWN = re.compile(
    r"\b(?:no|any|without) (?:\w+ )?(?:details?|date|word|figures?|information|timetable)\b"
    r"(?=\W*$|[.,;]| (?:of|on|about|for|as to|regarding|why|when|where|whether)\b)|"
    r"\bnot (?:\w+ )?(?:known|clear|set|named|disclosed|decided)\b(?! (?:until|before|foot)\b)|"
    r"\bunclear\b|\b(?-i:unknown)\b|"
    r"\b(?:early|challenging|difficult|impossible|hard) to (?:say|specify|tell|know)\b|"
    r"\b(?:declined|refused) to (?:say|name)\b",
    re.IGNORECASE,
)
_DENIES = re.compile(r"\b(?:not?|unknown|unclear|never|without|declined?|refused?)\b|n[’']t\b", re.IGNORECASE)
# "When will …" is not answered by what has happened.
_WHEN_WILL = re.compile(r"^\W*(?:when|(?:on |in )?(?:what|which) (?:date|day|month|year))\b.*\bwill\b", re.IGNORECASE)
# What somebody said or agreed may well be what will be.
_PAST = re.compile(
    r"\b(?:(?![Uu]nited|agreed|announced|voted|added|noted|stated|decided|promised|confirmed|warned)\w{3,}ed|"
    r"was|were|did|had|met|took|began|came|went|made|gave|held)\b"
)
_TO_COME = re.compile(
    r"\b(?:will|would|shall|may|might|must|could|can|plan\w*|due|schedul\w+|expect\w*|set (?:to|for)|next|upcoming|"
    r"potential|future|later this|(?:is|are) to|intend\w*|tomorrow|forthcoming|until|by|"
    r"to (?:be|begin|start|take|meet|hold|open|reopen|end|let|return|resume|visit|vote|sign|close|leave|come|launch)|"
    r"ends|starts|begins|opens|reopens|takes|returns|resumes|expires|meets|closes|leaves|votes)\b",
    re.IGNORECASE,
)
# Then what is said to be unknown is an answer too.
_WHAT_WAS_SAID = re.compile(
    r"\b(?:say|says|said|tell|told|comment\w*|noted?|think|remark\w*)\b|"
    r"^\W*(?:has|have|had|is|was)\b.*\b(?:date|known|clear|set|decided|announced|disclosed|named)\b",
    re.IGNORECASE,
)
_WHO_IS = re.compile(r"^\W*(?:who|what)(?:[’']s| is| was| are| were)\s+(?P<name>.+)$", re.IGNORECASE | re.DOTALL)
_CHOICE = re.compile(r"(\w+) or (?:an? |the )?(\w+)")
_WORD_BEFORE, _WORD_AFTER = re.compile(r"(\w+)[^\S\n]+$"), re.compile(r"[^\S\n]+(\w+)")
_CLAUSE_END = re.compile(r"[,;:](?=\s)|[.!?](?=\W*$)")


def readable(question: str, text: str, sentences: Iterable[Offsets]) -> list[Offsets]:
    """The parts of `text` in which an answer to the question may lie, each within one of its `sentences`, in order."""
    found: list[Offsets] = []
    future = _WHEN_WILL.search(question) is not None
    denied = _DENIES.search(question) is not None or _WHAT_WAS_SAID.search(question) is not None
    asked = set(names(question))
    for start, end in sentences:
        own = text[start:end]
        if is_pointer(text, start, end) or (future and _PAST.search(own) and not _TO_COME.search(own)):
            continue
        unknown = None if denied else _UNKNOWN.search(own)
        if unknown and unknown[0][:3].lower() == "any" and not _DENIES.search(own, 0, unknown.start()):
            unknown = None  # "call us with any information"
        if unknown:
            stop = None if future else _CLAUSE_END.search(own, unknown.end())
            last = stop.start() if stop else end - start
            first = unknown.start()
            if asked and asked <= set(words(own[first:last])):  # what is asked is what is not known
                first = max((mark.end() for mark in _CLAUSE_END.finditer(own, 0, first)), default=0)
            found.extend([(start, start + first), (start + last, end)])
        else:
            found.append((start, end))
    return found


def echoes(question: str, text: str, start: int, end: int) -> bool:
    """Whether the span text[start:end] says no more than the question, or is the rest of the name that it asks about.

    "Yuri" does not say who Ushakov is. A choice ("red or blue?") is answered in words of the question all the same.
    """
    own = words(text[start:end])
    if set(own) <= set(words(question)):
        return not any(len({fold(one) for one in choice} & set(own)) == 1 for choice in _CHOICE.findall(question))
    match = _WHO_IS.match(question)
    if not match or len(own) > 1 or not text[start].isupper():
        return False
    name = set(words(match["name"]))
    beside = (_WORD_BEFORE.search(text[max(0, start - 40) : start]), _WORD_AFTER.match(text, end))
    small = question == question.lower() and not name & STOP_WORDS
    return (small or name <= set(names(question))) and any(fold(one[1]) in name for one in beside if one)
