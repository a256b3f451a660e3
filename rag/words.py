"""What counts as a word, a name and a number: one rule for search, reading and the check of drafts."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Set
from functools import lru_cache
from typing import Any

# Words that a question is built with, and that say nothing of what it is about.
STOP_WORDS = frozenset(
    """
    a about above after again all also am an and any are aren as at be because been before being below between both
    but by can could did didn do does doesn doing don down during each every few for from further had hadn has hasn
    have having he her here hers herself him himself his how i if in into is isn it its itself just ll many may me
    might more most much must my myself no nor not of off on once one only or other our ours out over own s same
    shall she should so some such t than that the their theirs them themselves then there these they this those
    through to too under until up upon us ve very was wasn we were weren what whatever when where whether which
    while who whom whose why will with within without would you your yours yourself
    """.split()
)

_WORD = re.compile(r"[^\W_](?:[^\W_]|[\u0300-\u036f])*(?:[.,](?=\d)\d+)*")  # accents may be characters of their own
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_GROUPED = re.compile(r",(?=\d{3}(?!\d))")
_SMALL = re.compile(r"\b[a-z]\w+")
_SENTENCE_END = re.compile(r"[.!?:\n“\"]\s*$")
# Its full stop ends no sentence; "Gen." is no part of a name, the word after it is. So are initials ("J. Smith").
_TITLE = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Dr|Prof|Gen|Col|Lt|Maj|Sgt|Cpl|Capt|Adm|Gov|Sen|Rep|Rev|Hon|St)|(?<![\w.])[A-Z])\.\s*$"
)
# Who has one in a report may be asked about without it, and the other way round.
TITLES = frozenset(
    """
    mr mrs ms miss dr prof professor sir lord lady king queen prince princess president chancellor minister secretary
    chairman chairwoman director captain colonel major general lieutenant sergeant admiral corporal governor senator
    mayor judge justice ambassador bishop archbishop pope reverend saint
    """.split()
)
# Stems of a country and its people that begin differently.
_PLACES = [
    frozenset(line.split())
    for line in (
        "american america us usa", "british britain uk", "french franc", "spanish spain", "turkish turkey turk",
        "chines china", "dutch netherland holland", "greek greec", "swiss switzerland", "danish denmark dane",
        "swedish sweden swede", "finnish finland finn", "polish poland pole", "welsh wale", "irish ireland",
        "scottish scotland scot", "english england", "norwegian norway", "belgian belgium", "portugues portug",
        "canadian canada", "mexican mexico", "lebanes lebanon", "emirati emir uae", "filipino philippin",
        "thai thailand", "cypriot cypru", "unit us usa uk uae un", "state us usa", "kingdom uk", "nation un",
    )
]  # fmt: skip
_OF_A_PEOPLE = ("ian", "ean", "an", "n", "i", "es", "istan")  # ends of stems such as "iranian", "russian", "japanes"
_LEAST = 4  # letters of a country before such an end
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_LETTERS = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ð": "d", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"})
_SPELLED = {
    word: str(number)
    for number, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
        "seventeen eighteen nineteen twenty".split()
    )
} | {word: str(10 * number) for number, word in enumerate("thirty forty fifty sixty seventy eighty ninety".split(), 3)}

# Past forms that no rule of spelling leads back to the verb.
_IRREGULAR = {
    form: verb
    for verb, forms in {
        "become": "became", "begin": "began begun", "break": "broke broken", "bring": "brought", "build": "built",
        "buy": "bought", "choose": "chose chosen", "come": "came", "die": "dead death", "fall": "fell fallen",
        "fight": "fought", "find": "found", "fly": "flew flown", "give": "gave given", "go": "went gone",
        "grow": "grew grown", "hear": "heard", "hold": "held", "keep": "kept", "know": "knew known", "lead": "led",
        "leave": "left", "lose": "lost", "make": "made", "meet": "met", "pay": "paid", "rise": "rose risen",
        "run": "ran", "say": "said",
        "see": "saw seen", "sell": "sold", "send": "sent", "speak": "spoke spoken", "stand": "stood",
        "steal": "stole stolen", "take": "took taken", "tell": "told", "think": "thought", "win": "won",
        "write": "wrote written",
    }.items()
    for form in forms.split()
}  # fmt: skip


def words(text: str) -> list[str]:
    """The words of a text, folded to lower case without accents; a number is one word ("1,200" is 1200)."""
    return [fold(match.group()) for match in _WORD.finditer(text)]


def spelled(text: str, wanted: Set[str]) -> list[str]:
    """The words of a text in its own spelling, each once, whose stem or number is among `wanted`."""
    found = [match.group() for match in _WORD.finditer(text)]
    return list(dict.fromkeys(word for word in found if {stem(fold(word)), *numbers(word)} & wanted))


def fold(word: str) -> str:
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", word).casefold())
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return _GROUPED.sub("", plain.translate(_LETTERS))


def same_place(stem: str) -> frozenset[str]:
    """Stems for the same country or its people: "franc" for "french", "russia" for "russian"; itself too."""
    shorter = {short for end in _OF_A_PEOPLE if len(short := stem.removesuffix(end)) >= _LEAST}
    return frozenset({stem}).union(shorter, *(place for place in _PLACES if stem in place))


def content_words(text: str) -> list[str]:
    """The words that are not stop words."""
    return [word for word in words(text) if word not in STOP_WORDS]


def stems(text: str) -> list[str]:
    """Porter stems (Porter 1980) of the content words, irregular verbs led back to their infinitive."""
    return [stem(word) for word in content_words(text)]


@lru_cache(maxsize=100_000)
def stem(word: str) -> str:
    return word if not word.isascii() or word.isdigit() else str(_stemmer().stem(_IRREGULAR.get(word, word)))


@lru_cache(maxsize=1)
def _stemmer() -> Any:
    from nltk.stem.porter import PorterStemmer

    return PorterStemmer()


def numbers(text: str) -> list[str]:
    """The numbers in a text as digits: "1,200" is 1200, and "three" is 3."""
    found = []
    for match in _WORD.finditer(text):
        word = fold(match.group())
        if word in _SPELLED and word != "one":  # "one of them" counts nothing
            found.append(_SPELLED[word])
        found.extend(_NUMBER.findall(word))
    return found


def names(text: str, *, initial: bool = False) -> list[str]:
    """The words written with a capital letter, folded; stop words and titles ("Gen.") are none.

    A word at the start of a sentence counts only with `initial`, or where it could not be an ordinary one
    (an acronym, or the first of several capitalised words).
    """
    found = []
    matches = [match for match in _WORD.finditer(text) if not match.group()[0].isdigit()]
    for i, match in enumerate(matches):
        word = match.group()
        if not word[0].isupper() or fold(word) in STOP_WORDS or len(word) == 1:
            continue
        before = text[max(0, match.start() - 40) : match.start()]
        if _TITLE.search(text[max(0, match.start() - 2) : match.end() + 1]):
            continue
        opening = not before.strip() or (_SENTENCE_END.search(before) and not _TITLE.search(before))
        follower = matches[i + 1].group() if i + 1 < len(matches) else ""
        beside = follower and text[match.end() : matches[i + 1].start()].isspace() and follower[0].isupper()
        if initial or not opening or (len(word) > 1 and word.isupper()) or beside:
            found.append(fold(word))
    return found


def written_as_names(texts: Iterable[str]) -> frozenset[str]:
    """Stems of the words that these texts write with a capital letter inside sentences, and never without."""
    large: set[str] = set()
    small: set[str] = set()
    for text in texts:
        large.update(stem(name) for name in names(text))
        small.update(stem(fold(word)) for word in _SMALL.findall(text))
    return frozenset(large - small)
