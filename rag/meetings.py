"""Who met whom, where and when, put together from the sentences in which one report tells of a meeting.

A report names two ministers who "reached an agreement", speaks of "their meeting" two sentences on, and has said at its
beginning where "a meeting on Tuesday" was. The network reads what stands close together and seldom concludes; these
rules do, and give nothing where more than one meeting may be meant, or it is not said to have taken place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from rag.referents import A_ROLE, Run, runs
from rag.sentences import Offsets, is_pointer, sentences
from rag.types import Document
from rag.words import MONTHS, TITLES, words

LEADING = 8  # characters of "In the" and "At the"
SUBJECT = 40  # characters of a sentence within which the one begins whom "he" takes up in the next
AFTER = 3  # sentences within which "their meeting" follows those who met
BEFORE = 40  # characters before "their meeting" that may say that it is still to come
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

NOUN = r"(?:meetings?|talks|discussions?|negotiations|conversations?|dialogue|summit|consultations)"
WORDS = r"(?:(?!between\b|with\b|of\b|and\b|in\b|at\b|on\b)[\w’-]+ ){0,3}"
_ADJECTIVES = r"(?:(?!after\b|following\b|before\b|press\b|their\b|his\b|her\b|and\b|in\b|of\b)[a-z’-]+ ){0,2}"
_LINKS = r"in|at|on|for|of|and|or|to|as|so|that|during|after|before|while|when|by|from"
_WHOM = rf"(?: (?:the|his|her|its|their))?(?: (?!(?:{_LINKS})\b)[a-z][\w’-]*){{0,3}}"
_ASIDE = r"(?:,[^,.;]{2,80},)?"
_UNSURE = r"(?:near|bare|hard|alleged|reported|reputed|supposed|possib|probab|like|ear)ly\b"
_ADVERBS = rf"(?:(?:have|has|had|also|then|later|again|first|(?!{_UNSURE})\w+ly) ){{0,3}}"
_HELD = rf"(?:held|had|opened|began|concluded|ended) {WORDS}{NOUN}"
_WENT = r"(?:travelled|traveled|flew|came|went) to [^,.;]{2,40}?"
# What stands from one name to the other, and behind two that "and" joins.
_MET = re.compile(
    rf"{_ASIDE} {_ADVERBS}(?:met(?: up)?(?: with)?|sat down with|conferred with|shook hands with|negotiated with|"
    rf"{_HELD} with|{_WENT} (?:for {WORDS}{NOUN} with|to meet(?: with)?))"
    rf"{_WHOM} "
)
_MET_EACH_OTHER = re.compile(rf"{_ASIDE} {_ADVERBS}(?:met\b(?! with)|sat down\b|conferred\b|shook hands\b|{_HELD}\b)")
_DID = re.compile(rf"{_ASIDE} {_ADVERBS}(?:[a-z]{{2,}}ed|gave|made|set|took|spoke|found|began|said|told|struck|put)\b")
_AND = re.compile(rf"{_ASIDE} and (?:(?:the|his|her|their) )?(?:[a-z]\w+ ){{0,3}}")
# A name that describes the next word is nobody: "the French author".
_DESCRIBES = re.compile(
    rf"[’']s\b| (?!(?:{_LINKS}|since|until|where|who|but|over|under|near|about|with|without|against|twice|again|there|"
    r"last|this|is|was|were|has|had|have|\w+ed|\w+ly|met|sat|held|gave|made|set|took|spoke|found|began|said|told|struck|"
    r"put)\b)[a-z]|-"
)
_BETWEEN = re.compile(rf"(?P<before>[^,;:]*)\b{NOUN} (?:\w+ )?between (?:the )?$")
_WITH = re.compile(
    rf"^(?:He|She|His|Her)\b[^.;]*?\b(?:(?:a|an|his|her|the) {WORDS}{NOUN} with|(?<=^He) {_ADVERBS}met(?: with)?|"
    rf"(?<=^She) {_ADVERBS}met(?: with)?){_WHOM} $"
)
_THEIRS = re.compile(rf"\btheir {WORDS}{NOUN}\b|\b[Tt]he two (?:men|women|leaders|ministers|sides) met\b")
# A meeting that was told of before, or that the sentence tells of by its day and place alone.
_TOLD = re.compile(
    r"\b(?:(?:[Dd]uring|[Aa]t|[Aa]fter|[Ff]ollowing) (?:a|the|this|these)|[Tt]he|[Tt]hese|[Tt]his) "
    rf"{_ADJECTIVES}{NOUN}\b(?! (?:\w+ )?(?:with|between|of)\b)"
)
_ACTS = re.compile(r"\b(?:\w{3,}ed|said|told|met|held|gave|made|spoke)\b")
_UNREAL = re.compile(
    r"\b(?:not?|never|without|cancel\w*|refus\w*|declin\w*|den(?:y|ied|ies)|potential|possible|propos\w+|plan\w*|"
    r"hop(?:es?|ed|ing)|would|will|could|can|may|might|should|must|if|whether|call(?:s|ed|ing)? for|invit\w+|expect\w*|"
    r"due|schedul\w*|next|(?<!day )(?<!week )(?<!month )before|ahead|eve|until|ready|want\w*|date for|future|upcoming|"
    r"rumou?r\w*|postpon\w*|fail\w*|demand\w*|offer\w*|suggest\w*|unless|coming|arrang\w*|to (?:meet|hold))\b|n[’']t\b",
    re.IGNORECASE,
)
_APPOSITION = re.compile(_ASIDE)
_BREAK = re.compile(r"[;:“”\"]|, (?!(?:in|at|on|the)\b|\d|[A-Z])")
_CLAUSE = re.compile(r"[;:]|, (?:but|and|while|although|though)\b")
_DAY, _MONTH = "|".join(DAYS), "|".join(MONTHS)
_DATE = rf"(?:(?:{_MONTH}) \d{{1,2}}\b|\b\d{{1,2}} (?:{_MONTH})\b)(?:,? \d{{4}}\b)?"
_WHEN = re.compile(rf"\b(?:{_DAY})(?:,? (?:the )?{_DATE})?|\b{_DATE}")
_OFFICES = frozenset("state foreign prime deputy vice affairs defence defense interior finance us uk eu un".split())
_WEEKDAYS = frozenset(map(str.lower, DAYS))
_NO_NAMES = frozenset(DAYS) | frozenset(MONTHS)
_OPENERS = frozenset("Although Though According Meanwhile However Following Later Since Unlike Despite Both".split())

Person = tuple[str, frozenset[str]]  # the name without titles, and all words that belong to it


@dataclass(frozen=True, slots=True)
class _Sentence:
    start: int
    end: int
    text: str
    runs: tuple[Run, ...]

    @property
    def offsets(self) -> Offsets:
        return self.start, self.end


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """Who met, where and when, in the words of the sentences that tell it: `told` who met, `beside` where and when."""

    people: tuple[Person, ...] = ()
    places: tuple[str, ...] = ()
    days: tuple[str, ...] = ()
    told: tuple[Offsets, ...] = ()
    beside: tuple[Offsets, ...] = ()


def meetings(document: Document) -> list[Meeting]:
    """The meetings that a document says have taken place, each with where and when it was as far as that is clear."""
    told = list(_sentences(document))
    named, loose = list(_meetings(told)), _loose(told)
    return [_completed(one, named, loose) for one in named]


def _sentences(document: Document) -> Iterator[_Sentence]:
    text = document.text
    for start, end in sentences(text, document.headings):
        if not is_pointer(text, start, end):
            yield _Sentence(start, end, text[start:end], tuple(runs(text[start:end])))


# --- meetings of those who are named


def _meetings(told: Sequence[_Sentence]) -> Iterator[Meeting]:
    for at, one in enumerate(told):
        for first, second in [*pairwise(one.runs), *zip(one.runs, one.runs[2:], strict=False)]:
            between, behind = one.text[first.end : second.start], one.text[second.end :]
            people = [person for run in (first, second) if (person := _person(run))]
            if len(people) < 2 or _DESCRIBES.match(behind):
                continue
            joined = _AND.fullmatch(between) is not None
            talks = _BETWEEN.search(one.text[: first.start]) if joined else None
            if talks:
                if not _UNREAL.search(talks["before"]):
                    yield _told(people, one, after=second.end)
            elif _MET.fullmatch(between) or (joined and _MET_EACH_OTHER.match(behind)):
                if not _UNREAL.search(_clause_before(one.text, first.start)):
                    yield _told(people, one, after=second.end)
            elif joined and _DID.match(behind) and not _ACTS.search(one.text[: first.start]):
                later = next(
                    (one for one in told[at + 1 : at + 1 + AFTER] if _speaks_of_their_meeting(one, people)), None
                )
                if later:
                    yield _told(people, one, later)
        people, end = _taken_up(told[at - 1], one) if at else ([], 0)
        if people:
            yield _told(people, told[at - 1], one, after=end)


def _told(people: Sequence[Person], one: _Sentence, *more: _Sentence, after: int | None = None) -> Meeting:
    """A meeting that these sentences tell of; its place follows `after` in the last of them."""
    told = (one, *more)
    tells = one if after is None else told[-1]
    stop = _BREAK.search(tells.text, after or 0)
    days = _WHEN.findall(tells.text, 0, stop.start() if stop else len(tells.text))
    return Meeting(
        people=tuple(people), places=() if after is None else tuple(_places(tells, after)), days=tuple(days),
        told=tuple(each.offsets for each in told),
    )  # fmt: skip


def _taken_up(before: _Sentence, one: _Sentence) -> tuple[list[Person], int]:
    """Who "he" is that met somebody, and whom he met: "His remarks followed a conversation with …"; and its end."""
    begins = (run for run in before.runs if run.start < SUBJECT and not _ACTS.search(before.text[: run.start]))
    subject = next((person for run in begins if (person := _person(run))), None)
    if subject and len(subject[1]) == 1:  # may be any word that begins a sentence
        return [], 0
    for run in one.runs:
        match, person = _WITH.match(one.text[: run.start]), _person(run)
        if match and subject and person and not _UNREAL.search(match[0]) and not _DESCRIBES.match(one.text[run.end :]):
            return [subject, person], run.end
    return [], 0


def _speaks_of_their_meeting(one: _Sentence, people: Sequence[Person]) -> bool:
    """Whether a sentence about those people, or about nobody by name, speaks of a meeting that they have had."""
    match = _THEIRS.search(one.text)
    if not match or _UNREAL.search(one.text[max(0, match.start() - BEFORE) : match.end()]):
        return False
    everyone = frozenset[str]().union(*(known for _, known in people))
    named = [(run.start, bool(person[1] & everyone)) for run in one.runs if (person := _person(run))]
    own = [theirs for _, theirs in named]
    return (any(own) or not own) and all(theirs for start, theirs in named if start < match.start())


def _person(run: Run) -> Person | None:
    """A name without day and title before it, and its words; None for a place that something is in, and a day."""
    parts = run.text.split()
    while parts and (parts[0] in _NO_NAMES or parts[0] in _OPENERS):
        parts = parts[1:]
    if not parts or run.before in ("in", "at", "near", "from") or parts[0] in _NO_NAMES:
        return None
    titled = [i for i, part in enumerate(parts) if is_title(part) and not (i == 0 and len(parts) == 1)]
    own = parts[titled[-1] + 1 :] if titled else parts
    whole = own and len(own[-1]) > 1  # "Dwight D", before a full stop
    return (" ".join(own), frozenset(words(" ".join(parts)))) if whole else None


def is_title(part: str) -> bool:
    """Whether a word before a name belongs to an office."""
    low = part.lower().strip(".")
    return low in TITLES or low in _OFFICES or A_ROLE.fullmatch(low) is not None


def _places(one: _Sentence, after: int) -> list[str]:
    """The place that follows in the same clause, or leads the sentence."""
    found = [run for run in one.runs if run.before in ("in", "at") and run.text.split()[0] not in _NO_NAMES]
    aside = _APPOSITION.match(one.text, after)
    behind = aside.end() if aside else after
    near = [run for run in found if run.start >= after and not _BREAK.search(one.text, behind, run.start)]
    leading = [run for run in found if run.start < LEADING]
    return [run.text for run in (near or leading)[:1]]


def _clause_before(text: str, end: int) -> str:
    """What of the clause stands before `end`."""
    cuts = [match.end() for match in _CLAUSE.finditer(text, 0, end)]
    return text[max(cuts, default=0) : end]


# --- meetings that are told of without those who met


def _loose(told: Sequence[_Sentence]) -> list[Meeting]:
    """By day and place; what the next sentence says of "the talks" belongs to the same."""
    found: list[Meeting] = []
    at = -1  # of the sentence before, where it tells of the last one found
    for number, one in enumerate(told):
        match = _TOLD.search(one.text)
        if not match or _UNREAL.search(match[0]):
            continue
        places, days = tuple(_places(one, match.end())), tuple(_WHEN.findall(one.text))
        again = match[0].split()[0].lower() in ("the", "these", "this")
        if again and not days and at == number - 1 and found and places:
            last = found[-1]
            found[-1] = replace(last, places=(*last.places, *places), told=(*last.told, one.offsets))
        elif places or days:
            found.append(Meeting(places=places, days=days, told=(one.offsets,)))
        else:
            continue
        at = number
    return found


def _completed(one: Meeting, meetings: Sequence[Meeting], loose: Sequence[Meeting]) -> Meeting:
    """With where and when it was, from the one place that tells of a meeting of that day, where no other was then."""
    if one.places and one.days:
        return one
    same = [other for other in loose if _may_be(one, other)]
    told = {place for event in same for place in event.told}
    rivals = {
        other.people for other in meetings if not told & {*other.told} and any(_may_be(other, two) for two in same)
    }
    if len(same) != 1 or len(rivals) > 1:
        return one
    days = tuple(sorted({*one.days, *same[0].days}, key=len))
    return replace(one, places=one.places or same[0].places, days=days, beside=same[0].told)


def _may_be(one: Meeting, other: Meeting) -> bool:
    """Whether two tell of one meeting as far as days and sentences go."""
    if set(one.told) & set(other.told):
        return True
    mine, others = (frozenset(words(" ".join(two.days))) for two in (one, other))
    dates = [{word for word in days if not word.isalpha()} for days in (mine, others)]
    if all(dates) and dates[0] != dates[1]:
        return False
    return bool(mine & others & _WEEKDAYS) or (not one.places and bool(mine) and mine <= others)
