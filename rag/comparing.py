"""Who says what: the sentences of a document that are one side's words or deeds, by rules of how reports attribute."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from rag.sentences import Offsets, is_pointer
from rag.words import STOP_WORDS, TITLES, fold, same_place, stem, stems, words

SAYS, ACTS = 2, 1  # how a sentence belongs to a side: as what it says, or as what it does

_VERBS = (
    r"(?:said|says|say|told|tells|asked|added|adds|answered|replied|wrote|insisted|insists|warned|argued|argues|"
    r"estimated|estimates|repeated|admitted|promised|demanded|called|calls|described|claimed|claims|denied|denies|"
    r"blamed|welcomed|dismissed|accused|believes?|thinks?|thought|wants?|expects?|expected|puts?|counts?|counted|"
    r"suggested|announced|declared|confirmed|stressed|noted|complained|conceded|declined|refused|rejected|offered|"
    r"urged|vowed|proposed|praised|criticised|criticized|hoped|hopes|agreed|acknowledged|explained|remarked)"
)
_SAID = re.compile(rf"\b(?:would |had |has |have |will |also |later |then )*(?P<verb>{_VERBS})\b")
_INVERTED = re.compile(r"\b(?:said|says|added|replied|asked|wrote|answered|insisted)\s+(?P<who>[^,.;:“\"]+)")
_ACCORDING = re.compile(r"\baccording to (?P<who>[^,.;:“\"]+)", re.IGNORECASE)
_QUOTE = re.compile(r"[“\"][^“”\"]*(?:[”\"]|$)")
_LAST_CAPITAL = re.compile(r"(?P<word>[A-Z][^\W\d_]+)\s$")
_CAPITAL = re.compile(r"[^\W\d_a-z][\w’'-]*")
_PRONOUN = re.compile(r"\b(?:he|she|they|it)$", re.IGNORECASE)
_OPENS_WITH_PRONOUN = re.compile(r"^\W*(?:he|she|they|it|his|her|their|its)\b", re.IGNORECASE)
_BELONGS = re.compile(r"^(?:[’']s?)?(?:\s+[a-z][\w’'-]*)*?(?:\s+(?:of|for|in|from|at|on|with)\s.*)?\s*$", re.DOTALL)
_JOINT = re.compile(r"\b(?:and|or)\s+(?:the\s+)?$")
_JOINED_TO = re.compile(r"^\s+(?:and|or)\s+(?:the\s+)?\w")
_ELSEWHERE = re.compile(r"\b(?:with|to|from|in|at|by|on|against|near|between)\s+(?:the\s+)?$", re.IGNORECASE)
_OPENING = re.compile(
    r"^(?:[A-Z ]+[—–-])?\W*(?:(?:the|an?|some|all|most|both|its)\s+)?(?:[A-Z][\w’'-]+\s+){0,3}$", re.IGNORECASE
)
_NAMED = re.compile(r"the |[^\W\d_a-z]")
_NEW_CLAUSE = re.compile(r"(?:;|,\s+(?:and|but|while))\s+[^,;]{1,60}$")
_AND = re.compile(r"^(?:and|but|then|or|who|also)$", re.IGNORECASE)
_AN_ASIDE = re.compile(r"^\s*(?:\d+|(?:an?|the|who|whose|which|of|for|now|then|once|aged?)\b.*|[a-z].*)$", re.DOTALL)
_NAME = r"(?:[^\W\d_a-z][\w’'-]+\.? ){0,3}(?P<last>[^\W\d_a-z][\w-]+)"
_CLOSING = "”’\"')] "
_STOPS = (".", "!", "?", "…", ":", ";")
_BACK = 3  # sentences that a statement may reach back to the one that names who "he" is

# A capital, or a house, that reports name in place of a country and its government, by stems.
_STANDS_FOR = [
    frozenset(line.split())
    for line in (
        "moscow kremlin russia russian", "kyiv kiev ukrain ukrainian", "washington us american america",
        "beij china chines", "tehran iran iranian", "london britain british uk", "pari franc french",
        "berlin germani german",
        "brussel eu european", "jerusalem israel isra", "riyadh saudi", "ankara turkey turkish", "delhi india indian",
        "tokyo japan japanes", "seoul korea korean", "warsaw poland polish", "minsk belaru belarusian",
        "cairo egypt egyptian", "doha qatar qatari", "damascu syria syrian", "baghdad iraq iraqi",
    )
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Side:
    """A party that is asked about: its own words as stems, and the last names, folded, of those who speak for it."""

    name: str
    own: frozenset[str]
    several: bool  # whether all words must stand together ("Wenna Water", "the port operator")
    people: frozenset[str] = frozenset()
    first: str = ""  # name before the last one, where a side is a person: Hanna Corrigan is not Dermot Corrigan
    last: str = ""

    @classmethod
    def of(cls, name: str, texts: Sequence[str] = ()) -> Side:
        """A side, with the people whom these texts name as its own: "Ilse Harrow of Velmark", "Velmark's envoy, …"."""
        kept = [word for word in words(name) if word not in STOP_WORDS] or words(name)
        plain = [word for word in kept if word not in TITLES] or kept
        own = frozenset(map(stem, plain))
        if len(own) == 1:
            own = own.union(*map(same_place, own), *(group for group in _STANDS_FOR if own & group))
        person = len(plain) > 1 and all(word[0].isupper() for word in name.split())
        side = cls(name, own, len(plain) > 1, frozenset(plain[-1:]) if person else frozenset())
        first = _first_name(plain[-1], texts) if name[0].isupper() and len(name.split()) <= 2 else ""
        return replace(side, people=side.people | frozenset(_people(side, texts)), first=first, last=plain[-1])

    def spots(self, text: str) -> list[Offsets]:
        """Where the side, or one of its people, is named in a text."""
        found = [(match.start(), match.end()) for match in re.finditer(r"[^\W_][\w-]*", text)]
        kinds = [self._kind(text[start:end]) for start, end in found]
        spots = [place for place, kind in zip(found, kinds, strict=True) if kind == "person"]
        if not self.several:
            return sorted({*spots, *(place for place, kind in zip(found, kinds, strict=True) if kind)})
        held: list[tuple[int, str]] = [(i, stem(fold(text[start:end]))) for i, (start, end) in enumerate(found)]
        run = [i for i, word in held if word in self.own]
        for first, last in _runs(run):
            if {word for _, word in held[first : last + 1]} >= self.own:
                spots.append((found[first][0], found[last][1]))
        return sorted(set(spots))

    def _kind(self, word: str) -> str:
        folded = fold(re.sub(r"[’'].*", "", word))
        if folded in self.people and word[0].isupper():
            return "person"
        return "own" if stem(folded) in self.own else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """Sentences that belong to a side, from the one that names it to the one that counts, and how they do.

    `around`: the sentence that counts with its neighbours in the same paragraph.
    """

    start: int
    end: int
    last: int  # where the sentence that counts begins
    how: int
    around: Offsets


def on_topic(text: str, said: Iterable[Said], topic: str) -> list[tuple[int, Said]]:
    """What of it speaks of the topic, with how near it does: 4 and 3 in its own words, 2 and 1 in the next ones.

    The higher number of each is for words that are said rather than for deeds.
    """
    wanted = set(stems(topic))
    found = []
    for one in said:
        own, near = (bool(wanted & set(stems(text[a:b]))) for a, b in ((one.start, one.end), one.around))
        if own or near or not wanted:
            found.append((one.how + (2 if own or not wanted else 0), one))
    return found


def said_by(side: Side, text: str, sentences: Sequence[Offsets]) -> list[Said]:
    """What of a document's sentences, which follow one another, a side says or does.

    A sentence of "he" or "she" belongs to whom the one before it names, and is shown with it.
    """
    found: list[Said] = []
    speaking: Said | None = None
    for i, (start, end) in enumerate(sentences):
        own, around = text[start:end], _paragraph(text, sentences, i)
        if is_pointer(text, start, end) or own.rstrip(_CLOSING)[-1:] not in _STOPS:  # a headline is nobody's word
            speaking = None
            continue
        how = _belongs(side, own)
        if how:
            speaking = Said(start=start, end=end, last=start, how=how, around=around)
            found.append(speaking)
        elif speaking and leaves_open(own) and _near(text, sentences, speaking, start):
            how = SAYS if _SAID.search(own) else ACTS
            found.append(Said(start=speaking.start, end=end, last=start, how=how, around=around))
        else:
            speaking = None
    return found


def _paragraph(text: str, sentences: Sequence[Offsets], i: int) -> Offsets:
    """From the sentence before to the one after, where no blank line lies between."""
    start, end = sentences[i]
    if i and "\n" not in text[sentences[i - 1][1] : start].replace("\n", "", 1):
        start = sentences[i - 1][0]
    if i + 1 < len(sentences) and "\n" not in text[end : sentences[i + 1][0]].replace("\n", "", 1):
        end = sentences[i + 1][1]
    return start, end


def _near(text: str, sentences: Sequence[Offsets], speaking: Said, start: int) -> bool:
    between = [one for one in sentences if speaking.start <= one[0] <= start]
    return len(between) <= _BACK and all("\n#" not in text[a[1] : b[0]] for a, b in pairwise(between))


def _belongs(side: Side, sentence: str) -> int:
    """SAYS where the side is whom the sentence attributes something to, ACTS where it is what it is about, else 0."""
    bare = _QUOTE.sub(lambda match: "”" + " " * (len(match[0]) - 2) + "”" if len(match[0]) > 1 else match[0], sentence)
    speakers = _speakers(bare)
    if any(_names(side, who) for who in speakers):
        return SAYS
    if any(_CAPITAL.search(who) for who in speakers if not _PRONOUN.search(who.strip())):
        return 0  # these are the words of somebody else
    subject = re.split(rf",|\b(?:{_VERBS}|is|are|was|were|has|have|had|will|would|can|could|did|does|do)\b", bare)[0]
    opens = any(_OPENING.match(subject[:start]) for start, _ in side.spots(subject))
    return ACTS if opens and _names(side, subject) else 0


def _speakers(bare: str) -> list[str]:
    """The parts of a sentence, its quotes blanked, that name whom something is attributed to.

    Whoever speaks in a clause of what another says ("she said that the company wants …") is not among them.
    """
    found: list[str] = []
    for match in _SAID.finditer(bare):
        left = bare[: match.start()].rstrip()
        if found and not _NEW_CLAUSE.search(left):
            continue
        inverted = _INVERTED.match(bare, match.start())
        if inverted and left[-1:] in ("”", ",", "") and _NAMED.match(inverted["who"]):
            aside = bare[inverted.end() :].split(",")
            found.append(inverted["who"] + (f",{aside[1]}" if aside[0] == "" and len(aside) > 2 else ""))
        else:
            found.append(_subject(left))
    return [*found, *(match["who"] for match in _ACCORDING.finditer(bare))]


def _subject(left: str) -> str:
    """Who acts, in what stands before a verb: "Kell, the general secretary," is Kell."""
    parts = [part.strip() for part in left.replace("”", ",").split(",")]
    aside = left.endswith(",")
    parts = [part for part in parts if part]
    while len(parts) > 1 and (aside or _AND.match(parts[-1])) and (_AN_ASIDE.match(parts[-1]) or _AND.match(parts[-1])):
        last = parts.pop()
        aside = True
        if _AND.match(last):  # "He blamed the company, which …, and said"
            return re.split(rf"\b{_VERBS}\b", parts[0])[0]
    last = parts[-1] if parts else ""
    return re.split(r"\b(?:that|and|but|while|because|when|after|before)\s", last)[-1]


def _names(side: Side, who: str) -> bool:
    """Whether a noun phrase is of this side: "the mayor of Brackford" is the mayor, not Brackford."""
    for start, end in side.spots(who):
        before, after = who[:start], who[end:]
        other = _LAST_CAPITAL.search(before) if side.first and fold(who[start:end]) == side.last else None
        if other and fold(other["word"]) not in (side.first, *TITLES, *STOP_WORDS):
            continue
        if _ELSEWHERE.search(before) or _JOINT.search(before) or _JOINED_TO.match(after):
            continue
        if not _CAPITAL.search(after) or _BELONGS.match(after):
            return True
    return False


def leaves_open(sentence: str) -> bool:
    """Whether a sentence speaks of a "he" or "she" whom it does not name."""
    bare = _QUOTE.sub("”", sentence)
    if _OPENS_WITH_PRONOUN.match(sentence):
        return True
    return any(_PRONOUN.search(who.strip()) for who in _speakers(bare))


def _first_name(last: str, texts: Iterable[str]) -> str:
    """The word with a capital that stands before a last name most often; empty where none does more than once."""
    found = Counter(
        fold(match[1])
        for text in texts
        for match in re.finditer(r"([A-Z][^\W\d_]+)\s([A-Z][\w-]+)", text)
        if fold(match[2]) == last and fold(match[1]) not in STOP_WORDS | TITLES
    )
    return min(found, key=lambda word: (-found[word], word)) if found else ""


def _people(side: Side, texts: Iterable[str]) -> Iterable[str]:
    for text in texts:
        for start, end in side.spots(text):
            for pattern in (_AFTER, _AFTER_TITLE):
                if match := pattern.match(text, end):
                    yield fold(match["last"])
            before = text[max(0, start - 90) : start]
            if match := _BEFORE.search(before):
                yield fold(match["last"])


_ROLE = (
    r"(?:minister|president|chancellor|premier|leader|envoy|ambassador|spokes\w+|negotiator|chief|head|secretary|"
    r"director|chair\w*|lawyer|counsel|general|commander|mayor|governor|coach|captain|economist|manager|official|"
    r"representative|adviser|advisor|aide|king|queen|owner|founder|conductor|led by)"
)
_LOWER = r"(?:[a-z][\w’'-]*\s)"
_AFTER = re.compile(
    rf"(?:[’']s?)?\s(?:by|{_LOWER}{{0,5}}?{_ROLE}),?\s{_NAME}"
)  # Velmark’s prime minister, Edda Lindqvar
_AFTER_TITLE = re.compile(rf"\s(?:[A-Z][a-z]+\s){{0,2}}?(?:President|Minister|Chancellor|Premier|King|Queen)\s{_NAME}")
_BEFORE = re.compile(  # Ilse Harrow of Velmark; Stile, the managing director of Carrow Terminals; Moira Kell, the
    rf"\b{_NAME}(?: of|,(?: (?:the|an?))?(?: [a-z][\w’'-]*){{0,4}} (?:of|for|at|runs|chairs|heads|owns)|,)(?: the)?\s$"
)


def _runs(numbers: Sequence[int]) -> Iterable[Offsets]:
    first = 0
    for i in range(1, len(numbers) + 1):
        if i == len(numbers) or numbers[i] != numbers[i - 1] + 1:
            yield numbers[first], numbers[i - 1]
            first = i
