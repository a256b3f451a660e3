"""Who earlier turns spoke of, told by what stands beside a name: a title, an office, a pronoun.

No list of names: a name is written with a capital letter. Where two are equally near, none is given.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from rag.types import Turn
from rag.words import DAYS, MONTHS, STOP_WORDS, TITLES, fold, names

Gender = Literal["", "man", "woman"]

_WORD = re.compile(r"[^\W\d_][\w’'-]*")
_PARTICLES = frozenset("von van der den de da di du la le bin ibn al el ter zu".split())
_MAN = frozenset("mr sir king lord prince spokesman chairman".split())
_WOMAN = frozenset("mrs ms miss lady queen princess dame spokeswoman chairwoman".split())
_SHORT_TITLES = frozenset("mr mrs ms mx dr prof gen col lt maj sgt cpl capt adm gov sen rep rev".split())
# Last words of names of places, bodies and things.
_THINGS = frozenset(
    """
    academy agency airlines airport alliance area army assembly association authority avenue bank bay bridge bureau
    canal castle cathedral center centre church city club coast college commission committee company confederation
    conference congress corporation council county court cup daughters dam district embassy federation ford forest
    foundation front fund gate group gull hall harbour harbor hill hospital hotel house institute island islands lake
    league line lines market ministry mountain museum nations office palace park parliament party port post press
    prize province railway region river road rovers school sea senate service society sons square stadium states station
    street terminal terminals times tower transit treaty tribunal trust union united university valley village water
    wire workers world
    """.split()
)
_NO_NAMES = frozenset(map(str.lower, MONTHS + DAYS))
_ROLE = (
    r"(?:minister|president|chancellor|premier|mayor|governor|secretary|senator|ambassador|envoy|general|captain|"
    r"commander|colonel|officer|soldier|policeman|policewoman|king|queen|prince|princess|judge|lawyer|counsel|"
    r"prosecutor|witness|chair|chairman|chairwoman|director|manager|head|boss|chief|owner|founder|leader|candidate|"
    r"spokesman|spokeswoman|mediator|economist|banker|engineer|doctor|nurse|teacher|professor|scientist|driver|pilot|"
    r"worker|farmer|baker|fisherman|skipper|clerk|editor|author|reporter|journalist|coach|referee|player|goalkeeper|"
    r"striker|singer|actor|actress|artist|priest|bishop|pope|prisoner|suspect|victim|man|woman|boy|girl)"
)
ROLE = re.compile(
    rf"\bthe\s+(?P<office>(?:(?!of\b|in\b|and\b)[\w’'-]+\s+){{0,2}}?{_ROLE})\b(?!\s+(?:of|in|for|at|from|who)\b)",
    re.IGNORECASE,
)
A_ROLE = re.compile(_ROLE, re.IGNORECASE)
_OFFICE_BEFORE = re.compile(
    rf"(?:\b{_ROLE},?|\b(?:President|Minister|Chancellor|Secretary(?: of [A-Z]\w+)?|King|Queen|Mayor))\s*$"
)
_SAYING = re.compile(
    r"^\s*(?:say|says|said|tell|tells|told|think|thinks|thought|call|calls|called|want|wants|wanted|ask|asks|asked|"
    r"promise|promised|warn|warned|mean|add|adds|added|answer|answered|reply|replied|admit|admitted|deny|denied)\b"
)
_SUBJECT = re.compile(r"\b(?:did|do|does|is|was|were|has|had|have|will)\s+(?=[^\W\d_])")
_WHO = re.compile(r"^\W*who\s+(?!is\b|was\b|are\b|were\b)", re.IGNORECASE)
_QUOTED = re.compile(r"“[^”]*”|\"[^\"]*\"")
_SHE = re.compile(r"\b(?:she|her|hers|herself)\b", re.IGNORECASE)
_HE = re.compile(r"\b(?:he|him|his|himself)\b", re.IGNORECASE)
_PLACE_BEFORE = frozenset("in at near outside inside around across".split())
_TOGETHER = re.compile(r",\s*|,?\s+(?:and|or)\s+")
REFUSED = re.compile(r"^(?:The documents (?:do not|changed)|No(?:ne of the)? documents)\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Words with a capital letter that stand together, at [start, end) of a text; `before` is the word before them."""

    text: str
    start: int
    end: int
    before: str


def runs(text: str) -> Iterator[Run]:
    """The names of a text in order, without stop words before them; what follows "the" too."""
    run: list[re.Match[str]] = []
    before = ""
    for match in [*_WORD.finditer(text), None]:
        between = text[run[-1].end() : match.start()] if run and match else ""
        beside = between.isspace() or (between == ". " and fold(run[-1][0]) in _SHORT_TITLES)
        if run and not (beside and match and (match[0][0].isupper() or match[0] in _PARTICLES)):
            while run[-1][0] in _PARTICLES:
                run.pop()
            end = run[-1].end() - (2 if run[-1][0].endswith(("'s", "’s")) else 0)
            yield Run(text=text[run[0].start() : end], start=run[0].start(), end=end, before=before)
            before = run[-1][0].lower()
            run = []
        if match is None:
            return
        if (match[0][0].isupper() and (run or fold(match[0]) not in STOP_WORDS)) or (run and match[0] in _PARTICLES):
            run.append(match)
        elif not run:
            before = match[0].lower()


def subject(question: str) -> str:
    """The name that stands where a question has its subject: "What did Rubio say?"."""
    found = _subject(question)
    return found.text if found else ""


def _subject(question: str) -> Run | None:
    named = {run.start: run for run in runs(question)}
    return next((named[match.end()] for match in _SUBJECT.finditer(question) if match.end() in named), None)


# --- people


def people(question: str, history: Sequence[Turn], gender: Gender = "") -> tuple[str, ...]:
    """Who was spoken of last and is not named in the question: nobody, one, or those who are equally near.

    Of each turn, newest first: the name that it asks about, then other names of two words. A "who met …?" speaks of
    the one who is its answer.
    """
    own = set(names(question, initial=True))
    for turn in reversed(history):
        found = [one for one in _people(turn) if not set(names(one.name, initial=True)) & own]
        fitting = [one for one in found if not gender or one.gender in ("", gender)]
        if fitting:
            together = [one for one in fitting if one.group == fitting[0].group]
            known = [one for one in together if gender and one.gender == gender]
            nearest = tuple(dict.fromkeys(one.name for one in known or together))
            introduced = together[0].office and not any(one.office for one in together[1:])
            return nearest[:1] if introduced else nearest
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Person:
    name: str
    gender: Gender
    group: tuple[int, int]  # text and place of those named together with "and"
    office: bool  # stands before the name


def _people(turn: Turn) -> list[_Person]:
    """Those whom a turn speaks of, nearest first."""
    answer = "" if REFUSED.match(turn.answer) else turn.answer
    texts = [answer, turn.question] if _WHO.match(turn.question) else [turn.question, answer]
    asked = _subject(turn.question)
    found: list[_Person] = []
    for number, text in enumerate(texts):
        group, last = (number, -1), -1
        for run in runs(text):
            of_subject = text == turn.question and asked is not None and run.start >= asked.start
            together = last >= 0 and bool(_TOGETHER.fullmatch(text[last : run.start]))
            if not (is_person(run, text) or (of_subject and asked and (run == asked or together))):
                continue
            if not together:
                group = (number, run.start)
            last = run.end
            office = bool(_OFFICE_BEFORE.search(text[: run.start])) or len(run.text.split()) > 2
            found.append(_Person(name=_short(run.text), gender=_gender(run, text, turn), group=group, office=office))
    if asked is not None:
        first = _short(asked.text)
        if not _alone(asked, turn.question) or not any(" " in one.name for one in found):
            found.sort(key=lambda one: one.name != first)
    return found


def _alone(asked: Run, question: str) -> bool:
    """Whether a subject of one word may be no person: "What does Estgas sell?"."""
    return " " not in asked.text and not _SAYING.search(question[asked.end :])


def is_person(run: Run, text: str) -> bool:
    """Whether a name is taken for a person's: with a title, or of two words of which nothing tells otherwise."""
    words = run.text.split()
    last = fold(words[-1])
    if run.before == "the" or last in _THINGS or any(fold(word) in _NO_NAMES for word in words):
        return False
    if "&" in text[run.end : run.end + 3] or "&" in text[max(0, run.start - 3) : run.start]:
        return False
    if fold(words[0]).strip(".") in TITLES | _SHORT_TITLES and len(words) > 1:
        return True
    return len(words) > 1 and run.before not in _PLACE_BEFORE and not run.text.isupper()


def _short(name: str) -> str:
    """Name and surname of "State Marco Rubio", or title and surname of "Ms. Selim"; particles stay."""
    words = name.split()
    at = len(words) - 2
    while at > 0 and words[at] in _PARTICLES:
        at -= 1
    return " ".join(words[max(at, 0) :])


def _gender(run: Run, text: str, turn: Turn) -> Gender:
    """What a title says, or the pronouns of the statements that name nobody else."""
    titles = {fold(word) for word in [*text[: run.start].split()[-1:], *run.text.split()[:1]]}
    if kinds := {title.strip(".,") for title in titles} & (_MAN | _WOMAN):
        return "man" if kinds & _MAN else "woman"
    surname = run.text.split()[-1]
    for statement in _QUOTED.sub(" ", turn.answer).splitlines():
        others = [one for one in runs(statement) if is_person(one, statement) and surname not in one.text]
        she, he = bool(_SHE.search(statement)), bool(_HE.search(statement))
        if surname in statement and not others and she != he:
            return "woman" if she else "man"
    return ""


def speaks_of(office: str, turn: Turn) -> bool:
    """Whether a turn says "minister", whoever that is."""
    said = f"{turn.question}\n{'' if REFUSED.match(turn.answer) else turn.answer}"
    return bool(re.search(rf"\b{re.escape(office.split()[-1])}\b", said, re.IGNORECASE))


def speaks_of_somebody(turn: Turn) -> bool:
    """Whether a turn's question speaks of a person without a name: "the tram driver"."""
    return bool(ROLE.search(turn.question))


@cache
def appositive(noun: str) -> re.Pattern[str]:
    """What follows a name and says what it is: ", the mayor", " is a refrigerated vessel"."""
    return re.compile(
        rf"^(?:,\s*|\s+(?:is|was)\s+)(?:who\s+(?:is|was)\s+)?(?:the|an?|[\w’']+[’']s)\s+(?:[\w’'-]+\s+){{0,3}}?{noun}\b",
        re.IGNORECASE,
    )


def holder(office: str, turn: Turn) -> str:
    """Who is called so in a turn: "the mayor, Yusuf Tannahill"; empty where nobody is, or several are."""
    noun = re.escape(office)
    text = turn.question if REFUSED.match(turn.answer) else f"{turn.question}\n{turn.answer}"
    called, is_called = re.compile(rf"\b{noun},?\s*$", re.IGNORECASE), appositive(noun)
    found = set()
    for run in runs(text):
        title, _, rest = run.text.partition(" ")
        if rest and fold(title) == office.lower():
            found.add(_short(rest))
        elif run.before != "the" and (called.search(text[: run.start]) or is_called.search(text[run.end :])):
            found.add(_short(run.text))
    return found.pop() if len(found) == 1 else ""


def two(turn: Turn) -> tuple[str, str] | None:
    """The two names that a question joins with "and"; None where it names more or fewer."""
    named = [run for run in runs(turn.question) if fold(run.text) not in TITLES]
    if len(named) != 2 or not _TOGETHER.fullmatch(turn.question[named[0].end : named[1].start]):
        return None
    return named[0].text, named[1].text
