"""Who met whom, where and when, put together from the sentences in which one report tells of a meeting.

A report names two ministers who "reached an agreement", speaks of "their meeting" two sentences on, and has said at its
beginning where "a meeting on Tuesday" was. The network reads what stands close together and seldom concludes; these
rules do. They know a few plain shapes of sentences and give nothing for any other, nor where more than two met, where
another meeting may be meant, or where it is not said flatly that people met in one room.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from rag import meeting_shapes as shape
from rag.referents import A_ROLE, Run, is_person, runs
from rag.sentences import Offsets, is_pointer, sentences
from rag.types import Document
from rag.words import DAYS, TITLES, words

LONGEST = 1_000  # characters of a sentence: a longer one is a table or a list
AFTER = 3  # sentences within which "their meeting" follows those who met
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
        for mark in shape.QUOTES.findall(text, reached, start):
            quoted = mark == "“" or (mark == '"' and not quoted)
        reached = start
        if not quoted and end - start <= LONGEST and not is_pointer(text, start, end):
            yield _Sentence(start, end, text[start:end], tuple(runs(text[start:end])))


# --- meetings of those who are named


def _meetings(told: Sequence[_Sentence]) -> Iterator[Meeting]:
    for at, one in enumerate(told):
        later = told[at + 1 : at + 1 + AFTER]
        if shape.UNREAL.search(one.text) or (later and shape.UNDONE.match(later[0].text)):
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
    opening = shape.OPENING.fullmatch(before)
    setting = _setting(text[: first.end] if before.endswith("On ") else opening["setting"]) if opening else ((), ())
    if opening and shape.MET.fullmatch(between):
        return _held(people, one, behind, between, setting)
    if not shape.AND.fullmatch(between):
        return None
    if shape.BETWEEN.fullmatch(before):
        places, days, end = _where_and_when(one, behind)
        ended = shape.TOOK_PLACE.match(text, end)
        return Meeting(people=people, places=places[:1], days=days, told=(one.offsets,)) if ended else None
    if shape.MARKING.fullmatch(before):
        held = _held(people, one, behind, "", ((), ()))
        return replace(held, open=True) if held else None
    if opening and (met := shape.MET_EACH_OTHER.match(text, behind)):
        return _held(people, one, met.end(), met[0], setting)
    further = [run for run in one.runs if second.end < run.start < len(text.partition("“")[0])]
    if any(_person(text, run) or run.before in ("in", "at") for run in further):  # "signed it with …"
        return None
    if opening and (did := shape.AGREED.match(text, behind)):
        for number, other in enumerate(later):
            if _speaks_of_their_meeting(other, people, beside=number == 0):
                days = setting[1] or _where_and_when(one, did.end())[1]
                return Meeting(people=people, days=days, told=(one.offsets, other.offsets), open=True)
    return None


def _held(
    people: tuple[Person, ...], one: _Sentence, end: int, how: str, setting: Setting, *before: _Sentence
) -> Meeting | None:
    """What is told up to `end`; None where more people may have met, or what follows is not understood."""
    aside = shape.APPOSITION.match(one.text, end)
    behind = aside.end() if aside else end
    if behind == end and shape.MORE_PEOPLE.match(one.text, end):
        return None
    places, days, stop = _where_and_when(one, behind)
    places, days = places or setting[0], days or setting[1]
    if not (shape.ENDS if shape.GOING.search(how) else shape.GOES_ON).match(one.text, stop) or (
        shape.BY_TELEPHONE.search(how) and not places
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
    if not shape.OPENING.fullmatch(before.text[: subject.start]) or not shape.ACTS.match(before.text, subject.end):
        return None
    alone = not any(_person(before.text, run) for run in before.runs[1:])
    for run in one.runs:
        how, other = one.text[: run.start], _person(one.text, run)
        he_met = alone and how.startswith(("He ", "She ")) and shape.MET.fullmatch(how, how.index(" "))
        if other and (he_met or shape.FOLLOWED.fullmatch(how)):
            return _held((person, other), one, run.end, how, ((), ()), before)
    return None


def _speaks_of_their_meeting(one: _Sentence, people: Sequence[Person], *, beside: bool) -> bool:
    """Whether a sentence begins with a meeting that those people have had, and goes on with one of them, or both."""
    match = shape.THEIRS.match(one.text)
    if not match or shape.UNREAL.search(one.text):
        return False
    everyone = frozenset[str]().union(*(known for _, known in people))
    office = shape.AN_OFFICE.match(one.text, match.end())
    named = next((run for run in one.runs if run.start in (match.end(), office.end() if office else -1)), None)
    if named:
        person = _person(one.text, named)
        return person is not None and bool(person[1] & everyone) and shape.ACTS.match(one.text, named.end) is not None
    return beside and one.text.startswith(("they ", "both ", "the two "), match.end())


def _person(text: str, run: Run) -> Person | None:
    """A name without day and title, and its words; None for a place that something is in, an office and a day."""
    parts = run.text.split()
    while parts and (parts[0] in shape.NO_NAMES or parts[0] in shape.OPENERS):
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
        low in TITLES or low in shape.OFFICES or A_ROLE.fullmatch(low) is not None
        for low in part.lower().strip(".").split("-")
    )


def _setting(opening: str) -> Setting:
    return tuple(shape.PLACE.findall(opening)), tuple(shape.A_DAY.findall(opening))


def _where_and_when(one: _Sentence, at: int) -> tuple[tuple[str, ...], tuple[str, ...], int]:
    """The places and days that stand together right at `at`, and where they end."""
    places: list[str] = []
    days: list[str] = []
    while match := shape.BEHIND.match(one.text, at):
        at = match.end()
        if match["day"]:
            days.append(match["day"])
        elif match["place"]:
            run = next((run for run in one.runs if run.start == match.start("place")), None)
            if not run or shape.NO_PLACE.search(run.text) or one.text[run.end : run.end + 1] in ("’", "'", "-"):
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
        match = shape.TOLD.search(one.text)
        places, days, end = _where_and_when(one, match.end()) if match else ((), (), 0)
        if not match or not (places or days) or shape.ABOUT.match(one.text, end):
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
