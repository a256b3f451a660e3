"""Who met whom, where and when, put together from the sentences in which one report tells of a meeting.

A report names two ministers who "reached an agreement", speaks of "their meeting" two sentences on, and has said at its
beginning where "a meeting on Tuesday" was. The network reads what stands close together and seldom concludes; these
rules do. They know a few plain shapes of sentences and give nothing for any other, nor where more than two met, where
another meeting may be meant, or where it is not said flatly that people met in one room.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from rag.referents import A_ROLE, Run, is_person, runs
from rag.sentences import Offsets, is_pointer, sentences
from rag.types import Document
from rag.words import MONTHS, TITLES, words

LONGEST = 1_000  # characters of a sentence: a longer one is a table or a list
AFTER = 3  # sentences within which "their meeting" follows those who met
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

NOUN = r"(?:meetings?|talks|discussions?|negotiations|conversations?|dialogue|summit|consultations)"
WORDS = r"(?:(?!between\b|with\b|of\b|and\b|in\b|at\b|on\b)[\w’-]+ ){0,3}"
_NAME = r"[A-Z\d][\w’'-]*"
_KIND = (  # of meeting: a "board meeting" is none of two people, nor are "separate talks"
    r"(?:(?:first|second|third|last|final|latest|brief|short|long|lengthy|private|public|formal|informal|official|secret|"
    r"bilateral|direct|face-to-face|one-on-one|closed-door|high-level|rare|historic|significant|emergency|tense|nearly|"
    r"almost|about|constructive|productive|[a-z]+-(?:hour|minute|day)) ){0,4}"
)
_OFFICE = (
    rf"(?:(?:the|an?|his|her|its|their) )?(?:(?:(?:{_NAME}|former|acting|then|top|chief|prime|foreign|trade|finance|"
    rf"interior|defen[cs]e|deputy|vice|new|senior) ){{0,4}}(?:{A_ROLE.pattern}|executive|brother|sister|father|mother|"
    rf"son|daughter|wife|husband) |(?:{_NAME} )?(?:Secretary|Minister) (?:of|for) )?"
)
_ASIDE = (
    rf"(?: (?:of|from) {_NAME}|, (?:an?|the|who|whose|\d+|(?:head|leader|chief|president|wife|husband) of)\b[^,.;“”]"
    r"{0,80},)?"
)
_ADVERBS = r"(?:(?:have|has|had|also|then|later|again|first|last|secretly|privately|briefly|recently|previously) ){0,3}"
_HELD = rf"(?:held|opened|began|concluded) (?:(?:an?|the|their|his|her) )?{_KIND}{NOUN}"
_WENT = rf"(?:travelled|traveled|flew|came|went) to {_NAME}(?: {_NAME}){{0,2}}"
# What stands from one name to the other, and behind two that "and" joins.
_MET = re.compile(
    rf"{_ASIDE} {_ADVERBS}(?:met(?: up)?(?: with)?|sat down with|conferred with|shook hands with|negotiated with|"
    rf"{_HELD} with|{_WENT} (?:for {_KIND}{NOUN} with|to meet(?: with)?)) {_OFFICE}"
)
_MET_EACH_OTHER = re.compile(rf"{_ASIDE} {_ADVERBS}(?:met|sat down|conferred|shook hands|{_HELD})\b")
_AGREED = re.compile(rf"{_ASIDE} {_ADVERBS}(?:agreed|reached|signed|announced|pledged|promised|settled|struck|made)\b")
_AND = re.compile(rf"{_ASIDE} and {_OFFICE}")
_ACTS = re.compile(r" (?:[a-z]+ed|said|told|spoke|gave|made|left|took)\b")
_BETWEEN = re.compile(rf"(?:(?:The|An?) )?{_KIND}(?:[Mm]eeting|[Tt]alks|[Ss]ummit) between (?:the )?")
_MARKING = re.compile(rf"[^“”]*, marking (?:the|their) {_KIND}(?:meeting|talks|summit) between (?:the )?")
_TOOK_PLACE = re.compile(r" (?:ended|lasted|took place|(?:was|were) held|began|opened|concluded)\b")
_FOLLOWED = re.compile(
    rf"H(?:is|er) (?:remarks|comments|words|statement|criticism|speech|warning|appeal) (?:followed|came after) "
    rf"(?:an?|the) {_KIND}{NOUN} with {_OFFICE}"
)
_THEIRS = re.compile(
    rf"(?:(?:(?:In|At) (?:comments|remarks|a news conference|a press conference)|Speaking)(?: to (?:the )?[a-z]+)? )?"
    rf"(?:[Aa]fter|[Ff]ollowing|[Dd]uring|[Aa]t) their {_KIND}(?:meeting|talks|summit), "
)
# A meeting at which something came about, or that the sentence before tells of.
_TOLD = re.compile(
    rf"^(?:(?:This|The) (?:step|development|move|deal|agreement|decision|announcement) (?:came|occurred|was made) "
    rf"(?:during|at|after|following) a|(?:However, )?(?P<again>[Tt]he|[Tt]hese)) {_KIND}(?:meeting|talks|discussions)\b"
)
# It did not take place, or not in one room, or not in this world.
_UNREAL = re.compile(
    r"\b(?:no|never|without|cancel\w*|call(?:s|ed|ing)? off|postpon\w*|scrapp\w*|collaps\w*|den(?:y|ied|ies)|dropped|"
    r"retract\w*|claim\w*|alleg\w*|rumou?r\w*|false\w*|fake\w*|(?:turn|show)\w* up|lied|fiction\w*|films?|movie|novel|"
    r"comic|scene|episode|imagin\w*|dream\w*|(?:tele)?phone\w*|video\w*|virtual\w*|online|remotely|letters?|e-?mails?|"
    r"indirect\w*|mediators|refus\w*|skipp\w*|turned away|diary|agenda|mind)\b|\?",
    re.IGNORECASE,
)
_DAY, _MONTH = "|".join(DAYS), "|".join(MONTHS)
_DATE = rf"(?:(?:{_MONTH}) \d{{1,2}}\b|\b\d{{1,2}} (?:{_MONTH})\b)(?:,? \d{{4}}\b)?"
_WHEN = rf"(?:\b(?:{_DAY})\b(?:,? (?:the )?{_DATE})?|\b{_DATE})(?![’'-])"
# Where and when, as it stands at the beginning of a sentence, and right behind what took place.
_SETTING = (
    r"(?:(?:Earlier|Later|Then|Meanwhile|Separately|The day before|Last week|Last month),? )?"
    rf"(?:(?:[Oo]n )?{_WHEN},? |[Oo]n (?={_DAY}|$)|(?:[Ii]n|[Aa]t) (?:the )?{_NAME}(?: {_NAME}){{0,4}}, )*"
)
_OPENING = re.compile(
    rf"(?P<setting>{_SETTING})(?:(?:After|Following|During|While|When) [^,;:“”\"]{{2,100}}, )?(?:The )?{_OFFICE}"
)
_PLACE = re.compile(rf"\b(?:[Ii]n|[Aa]t) (?:the )?({_NAME}(?: {_NAME}){{0,4}}), ")
_DAYS = re.compile(_WHEN)
_BEHIND = re.compile(
    rf",? (?:on )?(?:the )?(?P<day>{_WHEN})(?:,(?= (?:in|at) ))?|"
    rf" (?:again|there|briefly|earlier|last (?:week|month|year)|in (?:(?:{_MONTH}) )?\d{{4}}\b|in (?:{_MONTH})\b)|"
    r" (?:in|at) (?:the )?(?P<place>[A-Z])"
)
_GOES_ON = re.compile(r"$|[.,;:!]| (?:and|to|for|about|on|over|after|as|where|when|while|amid|but|ahead|since|in|at)\b")
_ENDS, _GOING = (
    re.compile(r"\W*$"),
    re.compile(rf" {_WENT} "),
)  # nothing more is said of the one who went to meet another
_MORE_PEOPLE = re.compile(r",? (?:and|or|as well as|along with|together with|alongside|with)\b|, [A-Z]")
_UNDONE = re.compile(
    r"[^.]*\b(?:cancel\w*|called off|(?:turn|show)\w* up|den(?:y|ied|ies)|retract\w*|(?:un|not )true|false|due)\b"
)
_BY_TELEPHONE = re.compile(r"discussion|negotiation|conversation|dialogue|consultation")  # unless it was somewhere
_APPOSITION = re.compile(_ASIDE)
_QUOTES = re.compile(r"[“”\"\n]")
_NO_PLACE = re.compile(rf"\b(?:{_DAY}|{_MONTH}|Operation)\b|[’']s |\b[A-Z]$")  # "the Robert F", before a full stop
_OFFICES = frozenset("state foreign prime deputy vice affairs defence defense interior finance us uk eu un ceo".split())
_NO_NAMES = frozenset(DAYS) | frozenset(MONTHS)
_OPENERS = frozenset("Although Though According Meanwhile However Following Later Since Unlike Despite Both".split())

Person = tuple[str, frozenset[str]]  # the name without titles, and all words that belong to it
Setting = tuple[tuple[str, ...], tuple[str, ...]]  # places and days


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
    """Who met, where and when: `told` who met, and `beside` where and when, if `open` may be told elsewhere."""

    people: tuple[Person, ...] = ()
    places: tuple[str, ...] = ()
    days: tuple[str, ...] = ()
    told: tuple[Offsets, ...] = ()
    beside: tuple[Offsets, ...] = ()
    open: bool = False


def meetings(document: Document) -> list[Meeting]:
    """The meetings that a document says have taken place, each with where and when it was as far as that is clear."""
    told = list(_sentences(document))
    named, loose = list(_meetings(told)), _loose(told)
    return [_completed(one, named, loose) if one.open else one for one in named]


def _sentences(document: Document) -> Iterator[_Sentence]:
    """What the document itself says: no sentence inside a quotation, and none that only points elsewhere."""
    text, reached, quoted = document.text, 0, False
    for start, end in sentences(text, document.headings):
        for mark in _QUOTES.findall(text, reached, start):
            quoted = mark == "“" or (mark == '"' and not quoted)
        reached = start
        if not quoted and end - start <= LONGEST and not is_pointer(text, start, end):
            yield _Sentence(start, end, text[start:end], tuple(runs(text[start:end])))


# --- meetings of those who are named


def _meetings(told: Sequence[_Sentence]) -> Iterator[Meeting]:
    for at, one in enumerate(told):
        later = told[at + 1 : at + 1 + AFTER]
        if _UNREAL.search(one.text) or (later and _UNDONE.match(later[0].text)):
            continue
        for first, second in [*pairwise(one.runs), *zip(one.runs, one.runs[2:], strict=False)]:
            people = tuple(person for run in (first, second) if (person := _person(one.text, run)))
            if len(people) == 2 and (meeting := _of_two(people, one, first, second, later)):
                yield meeting
        if at and (meeting := _taken_up(told[at - 1], one)):
            yield meeting


def _of_two(
    people: tuple[Person, ...], one: _Sentence, first: Run, second: Run, later: Sequence[_Sentence]
) -> Meeting | None:
    """The meeting of two whom a sentence names, told of in it or in one of those behind it."""
    text, behind = one.text, second.end
    before, between = text[: first.start], text[first.end : second.start]
    opening = _OPENING.fullmatch(before)
    setting = _setting(text[: first.end] if before.endswith("On ") else opening["setting"]) if opening else ((), ())
    if opening and _MET.fullmatch(between):
        return _held(people, one, behind, between, setting)
    if not _AND.fullmatch(between):
        return None
    if _BETWEEN.fullmatch(before):
        places, days, end = _where_and_when(one, behind)
        ended = _TOOK_PLACE.match(text, end)
        return Meeting(people=people, places=places[:1], days=days, told=(one.offsets,)) if ended else None
    if _MARKING.fullmatch(before):
        held = _held(people, one, behind, "", ((), ()))
        return replace(held, open=True) if held else None
    if opening and (met := _MET_EACH_OTHER.match(text, behind)):
        return _held(people, one, met.end(), met[0], setting)
    further = [run for run in one.runs if second.end < run.start < len(text.partition("“")[0])]
    if any(_person(text, run) or run.before in ("in", "at") for run in further):  # "signed it with …"
        return None
    if opening and (did := _AGREED.match(text, behind)):
        for number, other in enumerate(later):
            if _speaks_of_their_meeting(other, people, beside=number == 0):
                days = setting[1] or _where_and_when(one, did.end())[1]
                return Meeting(people=people, days=days, told=(one.offsets, other.offsets), open=True)
    return None


def _held(
    people: tuple[Person, ...], one: _Sentence, end: int, how: str, setting: Setting, *before: _Sentence
) -> Meeting | None:
    """What is told up to `end`; None where more people may have met, or what follows is not understood."""
    aside = _APPOSITION.match(one.text, end)
    behind = aside.end() if aside else end
    if behind == end and _MORE_PEOPLE.match(one.text, end):
        return None
    places, days, stop = _where_and_when(one, behind)
    places, days = places or setting[0], days or setting[1]
    if not (_ENDS if _GOING.search(how) else _GOES_ON).match(one.text, stop) or (
        _BY_TELEPHONE.search(how) and not places
    ):
        return None
    told = tuple(each.offsets for each in (*before, one))
    return Meeting(people=people, places=places[:1], days=days, told=told)


def _taken_up(before: _Sentence, one: _Sentence) -> Meeting | None:
    """Whom "he" met who begins the sentence before: "His remarks followed a conversation with …"."""
    subject = before.runs[0] if before.runs else None
    person = _person(before.text, subject) if subject else None
    if not subject or not person or len(person[1]) == 1 or not is_person(subject, before.text):
        return None
    if not _OPENING.fullmatch(before.text[: subject.start]) or not _ACTS.match(before.text, subject.end):
        return None
    alone = not any(_person(before.text, run) for run in before.runs[1:])
    for run in one.runs:
        how, other = one.text[: run.start], _person(one.text, run)
        he_met = alone and how.startswith(("He ", "She ")) and _MET.fullmatch(how, how.index(" "))
        if other and (he_met or _FOLLOWED.fullmatch(how)):
            return _held((person, other), one, run.end, how, ((), ()), before)
    return None


def _speaks_of_their_meeting(one: _Sentence, people: Sequence[Person], *, beside: bool) -> bool:
    """Whether a sentence begins with a meeting that those people have had, and goes on with one of them, or both."""
    match = _THEIRS.match(one.text)
    if not match or _UNREAL.search(one.text):
        return False
    everyone = frozenset[str]().union(*(known for _, known in people))
    office = re.compile(_OFFICE).match(one.text, match.end())
    named = next((run for run in one.runs if run.start in (match.end(), office.end() if office else -1)), None)
    if named:
        person = _person(one.text, named)
        return person is not None and bool(person[1] & everyone) and _ACTS.match(one.text, named.end) is not None
    return beside and one.text.startswith(("they ", "both ", "the two "), match.end())


def _person(text: str, run: Run) -> Person | None:
    """A name without day and title, and its words; None for a place that something is in, an office and a day."""
    parts = run.text.split()
    while parts and (parts[0] in _NO_NAMES or parts[0] in _OPENERS):
        parts = parts[1:]
    parts = parts[: next((i for i, part in enumerate(parts) if part in DAYS), None)]
    if not parts or run.before in ("in", "at", "near", "from"):
        return None
    last = max((i for i, part in enumerate(parts) if is_title(part) or part.endswith(("’s", "'s"))), default=-1)
    own = parts[last + 1 :]
    # "Dwight D", before a full stop, and "Bank of England" are none.
    if not own or len(own[-1]) == 1 or (len(own) == 1 and text.startswith((" of ", " from "), run.end)):
        return None
    return " ".join(own), frozenset(words(" ".join(parts)))


def is_title(part: str) -> bool:
    """Whether a word before a name belongs to an office."""
    return all(
        low in TITLES or low in _OFFICES or A_ROLE.fullmatch(low) is not None
        for low in part.lower().strip(".").split("-")
    )


def _setting(opening: str) -> Setting:
    return tuple(_PLACE.findall(opening)), tuple(_DAYS.findall(opening))


def _where_and_when(one: _Sentence, at: int) -> tuple[tuple[str, ...], tuple[str, ...], int]:
    """The places and days that stand together right at `at`, and where they end."""
    places: list[str] = []
    days: list[str] = []
    while match := _BEHIND.match(one.text, at):
        at = match.end()
        if match["day"]:
            days.append(match["day"])
        elif match["place"]:
            run = next((run for run in one.runs if run.start == match.start("place")), None)
            if not run or _NO_PLACE.search(run.text) or one.text[run.end : run.end + 1] in ("’", "'", "-"):
                return tuple(places), tuple(days), match.start()
            places.append(run.text)
            at = run.end
    return tuple(places), tuple(days), at


# --- meetings that are told of without those who met


def _loose(told: Sequence[_Sentence]) -> list[Meeting]:
    """By day and place; what the next sentence says of "the talks" belongs to the same."""
    found: list[Meeting] = []
    at = -1  # of the sentence before, where it tells of the last one found
    for number, one in enumerate(told):
        match = _TOLD.search(one.text)
        places, days, end = _where_and_when(one, match.end()) if match else ((), (), 0)
        if not match or not (places or days) or re.match(r" (?:of|with|between|on|about)\b", one.text[end:]):
            continue
        if not match["again"]:
            found.append(Meeting(places=places, days=days, told=(one.offsets,)))
        elif found and not days and at == number - 1:
            last = found[-1]
            found[-1] = replace(last, places=(*last.places, *places), told=(*last.told, one.offsets))
        else:
            continue
        at = number
    return found


def _completed(one: Meeting, meetings: Sequence[Meeting], loose: Sequence[Meeting]) -> Meeting:
    """With where and when it was, from the one place that tells of a meeting of that day, where no other was then."""
    same = [other for other in loose if _may_be(one, other)]
    told = {place for event in same for place in event.told}
    rivals = {
        other.people for other in meetings if not told & {*other.told} and any(_may_be(other, two) for two in same)
    }
    if one.places or len(same) != 1 or len(rivals) > 1:
        return one
    days = tuple(sorted({*one.days, *same[0].days}, key=len))
    return replace(one, places=same[0].places, days=days, beside=same[0].told)


def _may_be(one: Meeting, other: Meeting) -> bool:
    """Whether two tell of one meeting as far as days and sentences go."""
    if set(one.told) & set(other.told):
        return True
    mine, others = (frozenset(words(" ".join(two.days))) for two in (one, other))
    dates = [{word for word in days if not word.isalpha()} for days in (mine, others)]
    return bool(mine & others) and not (all(dates) and dates[0] != dates[1])
