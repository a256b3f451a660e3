"""Questions who met whom, where and when, and what the documents' own sentences answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from rag.conversation import last_question
from rag.errors import IndexFault
from rag.meeting_shapes import NOUN, WORDS
from rag.meetings import Meeting, is_title, meetings
from rag.sentences import Offsets
from rag.several import Place
from rag.types import Document, Hit
from rag.words import STOP_WORDS, names, words

TOLD = 0.8  # confidence: the 11 that the rules find in the training documents are told there, judged by hand

Kind = Literal["who", "where", "when"]
_NAME = r"(?:the )?[^\W\d_a-z][^?,;]*?"
_REST = r"(?P<rest>(?: (?:in|at|on|last|this)\b[^?]*)?)"
_MEET = (
    rf"(?i:(?:meet|met)(?: with)?|(?:hold|have|held) {WORDS}{NOUN}(?: with)?|sit down with|negotiate with|confer with)"
)
_BOTH = rf"did (?P<one>{_NAME}) (?:and (?P<two>{_NAME}) (?i:meet|hold {WORDS}{NOUN})|{_MEET} (?P<other>{_NAME})){_REST}"
_QUESTIONS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    ("who", re.compile(rf"\W*(?i:(?:with )?whom?) (?:did|has|had) (?P<one>{_NAME}) {_MEET}{_REST}\W*")),
    ("who", re.compile(rf"\W*(?i:who) (?:met|(?:held|had) {WORDS}{NOUN})(?P<rest> (?:in|at|on)\b[^?]*)\W*")),
    ("who", re.compile(rf"\W*(?i:who) (?:met(?: with)?|(?:held|had) {WORDS}{NOUN} with) (?P<one>{_NAME}){_REST}\W*")),
    ("where", re.compile(rf"\W*(?i:where|(?:in|at) (?:what|which) (?:city|town|country|place|capital)) {_BOTH}\W*")),
    ("when", re.compile(rf"\W*(?i:when|(?:(?:on|in) )?(?:what|which) (?:date|day)) {_BOTH}\W*")),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a question wants to know of a meeting: `people` are names that it gives, `rest` where or when it was."""

    kind: Kind
    people: tuple[frozenset[str], ...]
    rest: frozenset[str]

    @classmethod
    def of(cls, question: str) -> Asked | None:
        """None where a question does not ask who met, or where or when people met whom it names."""
        question = " ".join(last_question(question).split())
        for kind, pattern in _QUESTIONS:
            if match := pattern.fullmatch(question):
                given = match.groupdict()
                people = tuple(_named(one) for name in ("one", "two", "other") if (one := given.get(name)))
                rest = _without_stop_words(given["rest"].split())
                known = set(names(given["rest"])) | {one for one in rest if one.isdigit()}
                clear = all(people) and rest <= known and (people or rest)
                return cls(kind=kind, people=people, rest=rest) if clear else None
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a document says of it: the sentences that tell it, what answers first, and each answer in its words."""

    told: tuple[Offsets, ...]
    short: tuple[str, ...]


def of_meetings(
    question: str, hits: Sequence[Hit], document_of: Callable[[str], Document]
) -> tuple[list[Place], list[str]]:
    """What the documents of `hits` tell of a meeting that is asked about, and the answers in short; else nothing."""
    told: list[Place] = []
    short: list[str] = []
    asked = Asked.of(question)
    if asked is None:
        return told, short
    for path in dict.fromkeys(hit.path for hit in hits):
        try:
            document = document_of(path)
        except IndexFault:  # removed meanwhile
            continue
        if answer := found(asked, document):
            told += [Place(path=path, span=document.span(*place)) for place in answer.told]
            short += [one for one in answer.short if one not in short]
    return told, short


def found(asked: Asked, document: Document) -> Found | None:
    """What a document says; None where it tells of no such meeting, or of several that may be meant."""
    if not asked.rest.union(*asked.people).issubset(words(document.text)):
        return None  # what it does not name is not looked for in each of its sentences
    fitting = [one for one in meetings(document) if _fits(one, asked)]
    setting = {place for one in fitting for place in one.beside}
    fitting.sort(key=lambda one: not setting.isdisjoint(one.told))  # people before the countries that they stand for
    if asked.kind == "who":
        wanted = [_others(one, asked) for one in fitting]
        short = tuple(dict.fromkeys(" and ".join(people) for people in wanted)) if all(wanted) else ()
    else:
        answers = {one.places if asked.kind == "where" else one.days[-1:] for one in fitting} - {()}
        short = answers.pop() if len(answers) == 1 else ()
        fitting = [one for one in fitting if short and short[-1] in (*one.places, *one.days)][:1]
    if not short:
        return None
    needed = short if asked.kind != "who" else tuple(asked.rest)
    beside = [place for one in fitting for place in one.beside if _holds_any(document.text[slice(*place)], needed)]
    told = [place for one in fitting for place in one.told]
    shown = dict.fromkeys(told + beside if asked.kind == "who" else beside + told)
    return Found(told=_joined(list(shown), document.text), short=short)


def _joined(places: Sequence[Offsets], text: str) -> tuple[Offsets, ...]:
    """The places, those that follow one another on a line as one."""
    found = [places[0]]
    for start, end in places[1:]:
        last = found[-1]
        if last[1] <= start and not text[last[1] : start].strip(" "):
            found[-1] = (last[0], end)
        else:
            found.append((start, end))
    return tuple(found)


def _holds_any(text: str, needed: Sequence[str]) -> bool:
    held = set(words(text))
    return any(held >= set(words(one)) for one in needed)


def _fits(one: Meeting, asked: Asked) -> bool:
    known = frozenset(words(" ".join((*one.places, *one.days))))
    return all(any(person <= own for _, own in one.people) for person in asked.people) and asked.rest <= known


def _named(name: str) -> frozenset[str]:
    """The words of a name that a question gives, without titles."""
    return _without_stop_words(part for part in name.split() if " of " in name or not is_title(part))


def _without_stop_words(parts: Iterable[str]) -> frozenset[str]:
    """Their words; "May" and "US" are no stop words."""
    return frozenset(words(" ".join(part for part in parts if part not in STOP_WORDS)))


def _others(one: Meeting, asked: Asked) -> list[str]:
    """Whom those met who are asked about; all who met where nobody is."""
    return [name for name, known in one.people if not any(person <= known for person in asked.people)]
