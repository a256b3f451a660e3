"""What kind of thing a question asks for, and whether a sentence holds one that the question does not say itself."""

from __future__ import annotations

import re
from collections.abc import Set
from typing import Literal

from rag.words import names, numbers, words

Kind = Literal["day", "date", "number", "who", "where", "why", "said", "other"]

# What a question asks for, by its wording; the first that fits counts.
_KINDS: tuple[tuple[Kind, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(pattern))  # type: ignore[misc]
    for kind, pattern in (
        ("number", r"\bhow (many|much|long|old|far|often|large|big|high|tall|fast|deep)\b"),
        (
            "number",
            r"\b(what|which) (is |was |were |are )?(the )?(percent|percentage|share|number|amount|proportion)\b",
        ),
        ("day", r"\b(what|which) (exact |calendar )?(date|day)\b"),
        ("date", r"\bwhen\b|\b(what|which) (year|month|century|decade|time)\b"),
        ("who", r"^who\b|\b(by|to|with|from|for|of) whom?\b|\bwhose\b|\bwhom\b"),
        (
            "where",
            r"^where\b|\b(what|which) (city|country|place|state|region|town|village|building|river|island|port)\b",
        ),
        ("why", r"\bwhy\b"),
        (
            "said",
            r"\bwhat (did|does|do|has|have|had) .*\b(say|said|tell|told|claim|state|stress|warn|announce|reply)\b",
        ),
    )
)
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|"
    r"nov(?:ember)?|dec(?:ember)?)\b\.?"
)
CALENDAR = frozenset(  # written with a capital letter, and no name of anybody or of a place
    """monday tuesday wednesday thursday friday saturday sunday january february march april may june july august
    september october november december""".split()
)
DAY = re.compile(
    rf"\b{_MONTH} \d{{1,2}}\b|\b\d{{1,2}}(?:st|nd|rd|th)?(?: of)? {_MONTH}|\b\d{{4}}-\d\d-\d\d\b|\b\d+/\d+/\d+\b", re.I
)
DATE = re.compile(
    rf"\b1\d{{3}}\b|\b20\d\d\b|\b\d+(?:st|nd|rd|th)\b|\bcentur|\b\d{{1,2}}(?:[:.]\d\d)? ?[ap]\.?m\b|"
    r"\b(?:mon|tues|wednes|thurs|fri|satur|sun)day\b|\b(?:yester|to)day\b|\btomorrow\b|"
    r"\b(?:next|last|this) (?:week|month|year|decade|century)\b|"
    rf"\b(?:spring|summer|autumn|winter|ago|later|age of|noon|midnight|evening|morning)\b|\b{_MONTH}|{DAY.pattern}",
    re.I,
)
_QUANTITY = re.compile(
    r"\b(one|half|third|quarter|twice|dozens?|several|hundreds?|thousands?|millions?|billions?|every)\b", re.I
)
_SPEECH = re.compile(
    r"[“”\"]|\b(says?|said|saying|told|tells|add(?:s|ed|ing)|stat(?:es|ed|ing)|not(?:es|ed|ing)|stress\w*|warn\w*|claim\w*|argu\w+|"
    r"announc\w+|express\w+|emphasi\w+|insist\w*|repl\w+|remark\w*|declar\w+|according|call(?:s|ed|ing)|urg\w+|den\w+|"
    r"confirm\w*|promis\w+|ask(?:s|ed)|highlight\w*|explain\w*|accus\w+|criticis\w+|criticiz\w+)\b",
    re.I,
)
_CAUSE = re.compile(
    r"\b(because|due|since|so|to|after|as|result\w*|caus\w+|reason\w*|therefore|led|blam\w+|over|in order)\b", re.I
)
_PLACE = re.compile(r"\b(?:in|at|near|from|to|outside|inside|on|of|across)\s+(?:[a-z]+\s+){0,2}?(?-i:[A-Z])", re.I)
_QUOTED = re.compile(r"“[^”]*”|\"[^\"]*\"|\[[^\]]*\]")
_PERSON = re.compile(
    r"\b(he|she|they|m[ae]n|wom[ae]n|people|person|members?|officials?|leaders?|players?|workers?|\w{2,}ists?|\w{3,}ians?|"
    r"minist\w+|presidents?|kings?|queens?|army|troops|team|company|government)\b",
    re.I,
)
_NAME_OF_PLACE = re.compile(r"\b(?:[Ii]n|[Aa]t|[Nn]ear|[Ff]rom)\s+(?:the\s+)?[A-Z][\w’'-]+(?:\s+[A-Z][\w’'-]+)*")
_FULL_NAME = re.compile(r"\b[A-Z][\w’'-]+(?:\s+[A-Z][\w’'.-]*)+")
_WILL = re.compile(r"\bwill\b", re.I)
_FUTURE = re.compile(
    r"\b(will|would|shall|plan\w*|due|schedul\w+|expect\w*|set (?:to|for)|next|upcoming|potential|future|later this|"
    r"(?:is|are) to|intend\w*|tomorrow|forthcoming)\b",
    re.I,
)
_UNKNOWN = re.compile(
    r"\b(?:no|any|without) (?:\w+ )?(?:details?|date|word|figures?|information|timetable|reason)\b|"
    r"\bnot (?:\w+ )?(?:known|clear|set|named|disclosed|decided)\b|\bunclear\b|\bunknown\b|"
    r"\b(?:early|challenging|difficult|impossible|hard) to (?:say|specify|tell|know)\b|"
    r"\b(?:declined|refused) to (?:say|name)\b",
    re.I,
)


def kind_of(question: str) -> Kind:
    folded = " ".join(words(question))
    return next((kind for kind, pattern in _KINDS if pattern.search(folded)), "other")


def holds(kind: Kind, text: str, said: Set[str]) -> bool:
    """Whether a sentence holds something of the kind; `said` are the words and numbers that do not count."""
    if kind == "day":
        return any(not set(numbers(found)) <= said for found in DAY.findall(text))
    if kind == "date":
        return any(not set(words(match.group())) <= said for match in DATE.finditer(text))
    if kind == "number":
        counted = DAY.sub(" ", text)
        return bool(set(numbers(counted)) - said) or _QUANTITY.search(counted) is not None
    if kind == "who":
        return _PERSON.search(text) is not None or bool(
            set(names(_NAME_OF_PLACE.sub(" ", text), initial=True)) - said - CALENDAR
        )
    if kind == "where":
        own = _QUOTED.sub(" ", text)  # a place in somebody's words is not where the report sets the scene
        return _PLACE.search(own) is not None and bool(set(names(own)) - said - CALENDAR)
    if kind == "said":
        return _SPEECH.search(text) is not None
    return kind != "why" or _CAUSE.search(text) is not None


def names_somebody(text: str, said: Set[str]) -> bool:
    """Whether a sentence gives a full name, not that of a place, of which the question says no part."""
    return any(not set(words(found)) & (said | CALENDAR) for found in _FULL_NAME.findall(_NAME_OF_PLACE.sub(" ", text)))


def fits_time(question: str, text: str) -> bool:
    """Whether a sentence speaks of what is to come where the question does."""
    return _WILL.search(question) is None or _FUTURE.search(text) is not None


def says_unknown(kind: Kind, text: str) -> bool:
    """Whether a sentence says that a thing of this kind is not known, and so does not give it."""
    return kind in ("day", "date", "number", "where", "why") and _UNKNOWN.search(text) is not None
