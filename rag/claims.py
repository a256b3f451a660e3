"""What a sentence claims and what a text says, as sets of facts and stems that can be compared."""

from __future__ import annotations

import re
from collections.abc import Set
from dataclasses import dataclass

from rag.opposites import OPPOSITES
from rag.synonyms import widened
from rag.visible import visible
from rag.words import MONTHS, STOP_WORDS, content_words, fold, names, numbers, stem, stems, words

Date = tuple[str, str, str]  # a month, a number that goes with it, and what that is: "day" or "year"
Fact = tuple[str, str]  # a kind ("name", "number", …) and a value: two texts share it where both are equal

_INITIALS = re.compile(r"\b[A-Za-z](?:\.[A-Za-z])+\b\.?")  # U.S. and a.m. are US and am
_UNIONS = re.compile(r"\b(United|European) (States|Kingdom|Nations|Union)\b(?: of America\b)?|\b(U)(S)A\b")
_SCALES = {"bn": " billion", "tn": " trillion", "mn": " million", "m": " million", "%": " percent"}
_SCALE = re.compile(r"(?<=\d)\s?%|(?<=\d)(?:bn|tn|mn|m)\b", re.IGNORECASE)
_PER_CENT = re.compile(r"\bper cent\b", re.IGNORECASE)
_ONE = re.compile(r"\bone\b(?!\s+(?:of|another)\b)", re.IGNORECASE)
_TENS = dict(zip("thirty forty fifty sixty seventy eighty ninety".split(), range(30, 100, 10), strict=True))
_ORDINALS = dict(
    zip(
        """eleventh twelfth thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth
        thirtieth fortieth fiftieth sixtieth seventieth eightieth ninetieth""".split(),
        [*range(11, 20), *range(20, 100, 10)],
        strict=True,
    )
)
_COUNTED = _TENS | _ORDINALS  # beside those that `rag.words.numbers` reads
_MINUS = re.compile(r"\bminus\s+(?=[$€£¥₪₽₹]?\d)", re.IGNORECASE)
_BELOW_ZERO = re.compile(r"(?<![\w)\]%])(?<!\d\s)[-−–][$€£¥₪₽₹]?(\d+(?:[.,]\d+)*)")  # "3-5" and "F-16" are not
_FOLD = re.compile(r"\b([\w.]{1,30}?)-?fold\b", re.IGNORECASE)
_ISO = re.compile(r"\b(\d{4})-(0[1-9]|1[0-2])-([0-2]\d|3[01])\b")
_SHORT_MONTH = re.compile(
    r"\b(?:jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)\b\.?(?=\s\d)|"
    r"(?<=\d )(?:jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)\b(?:\.(?=\s+[a-z\d]))?",
    re.IGNORECASE,
)
_FULL_MONTH = {month[:3].lower(): month for month in MONTHS}
_MONTH = rf"(?:{'|'.join(MONTHS)})"
_DAY = r"\d{1,2}(?:st|nd|rd|th)?"
_DAYS = rf"{_DAY}(?:\s?(?:[-–,]|and|or|to)\s?{_DAY}){{0,3}}"
_MONTH_FIRST = re.compile(rf"\b({_MONTH})\s(?:the\s)?(\d{{1,2}})(?:st|nd|rd|th)?\b(?![-–,:.]?\d)(?:,?\s(\d{{4}})\b)?")
_CANNOT = re.compile(r"\bcan(?:\s+not|['’]t)\b")
_DOLLARS = re.compile(r"\bUS\$|\bUSD\b")
_DATE = re.compile(
    rf"\b(?P<days>{_DAYS})\s(?:of\s)?(?P<month>{_MONTH})\b(?:,?\s(?P<year>\d{{4}})\b)?|"
    rf"\b(?P<month_>{_MONTH})(?:\s(?:the\s)?(?P<days_>{_DAYS})\b)?(?:,?\s(?P<year_>\d{{4}})\b)?"
)
_AMOUNTS = frozenset(
    stem(word)
    for word in """half quarter dozen hundred thousand million billion trillion percent twice double triple
    fold first second third fourth fifth sixth seventh eighth ninth tenth""".split()
)
_SIGN = re.compile(r"[$€£¥₪₽₹]")
_ADDRESS = re.compile(
    r"\b\w{1,40}:/\S+|\b[\w-]{1,63}(?:\.[\w-]{1,63}){0,9}\.(?:[a-z]{2,}|[A-Z]{2,})\b(?:[/:?#]\S*)?|"
    r"[\w.+-]{1,64}@\S+|\]\([^)]{0,2000}\)?|<[/!a-zA-Z][^>]{0,2000}>?"
)
_TOKEN = re.compile(r"[^\W_]+")
_CASED = frozenset({"May", "Will", "Don"})  # names that are stop words when written small
_LINKING = frozenset(
    """according additionally although amid citing despite following furthermore however meanwhile moreover
    nevertheless overall separately since therefore though thus yes yet""".split()
)
_DENYING = (
    r"den(?:y|ies|ied|ying|ials?)|refus(?:e|es|ed|ing|als?)|reject(?:s|ed|ing|ions?)?|declin(?:e|es|ed|ing)\s+to|"
    r"fail(?:s|ed|ing|ures?)?|avoid(?:s|ed|ing|ance)?|stop(?:s|ped|ping)?\s+short|lack(?:s|ed|ing)?"
)
_NEGATION = re.compile(
    rf"\b(?:not|cannot|never|no|none|nor|neither|nobody|nothing|nowhere|without|hardly|barely|scarcely|{_DENYING}|"
    r"unable|ruled\s+out|false(?:ly)?|untrue|unclear|unknown|uncertain|unconfirmed)\b|n[’']t\b",
    re.IGNORECASE,
)
_NOT_DENIED = re.compile(rf"(?:\b(?:not|never|cannot)|n[’']t)\s+(?:\w+ly\s+)?(?:{_DENYING})\b", re.IGNORECASE)
_UNDONE = re.compile(
    r"(?:\b(?:not|never|cannot|no|without|(?:refus|declin|fail)\w*\s+to)|n[’']t)\s+(?:\w+\s+)?$", re.IGNORECASE
)
_AGENT = re.compile(r"\bby\s+(?:(?:the|an?|its|his|her|their)\s+)?(?![a-z]+ing\b)([a-z]\w+)")
_QUANTITIES = frozenset("several many numerous various certain different".split())  # "by several companies"
_SAYING = frozenset("said say says saying told tell tells stated states added adds noted notes remarked".split())
_SAYING_TOO = _SAYING | frozenset(  # in a source: who argues a thing says it
    """according argued argues wrote writes announced announces claimed claims insisted insists explained explains
    reported reports declared declares warned warns confirmed confirms""".split()
)


_SAY = stem("say")
_CLAUSE = re.compile(
    r"[,;:](?!\d)|\s[–—-]\s|\b(?:and|but|while|whereas|who|which|after|before|as|because|when|although|though)\b",
    re.IGNORECASE,
)
_BACK = frozenset("he him his she her hers it its they them their theirs both".split())
_BOTH = re.compile(r"\bboth\b(?=\s[^,.;]{1,60}\sand\b)", re.IGNORECASE)  # "both Rubio and Lavrov" refers to nobody
_PAIR = frozenset("two three pair latter former".split())  # "The two met again."
_WHEN = frozenset(
    """monday tuesday wednesday thursday friday saturday sunday january february march april june july august
    september october november december today yesterday earlier later afterwards year month week day last next
    """.split()
)


@dataclass(frozen=True, slots=True)
class Content:
    """The facts of a text, the stems of its other content words, those that have opposites, and whether it denies.

    `clauses` are the stems of each part of a claim, `dates` its months, each with a day or year that goes with it,
    `text` the claim itself.
    """

    facts: frozenset[Fact] = frozenset()
    stems: frozenset[str] = frozenset()
    sides: frozenset[str] = frozenset()
    denies: bool = False
    clauses: tuple[frozenset[str], ...] = ()
    dates: frozenset[Date] = frozenset()
    text: str = ""

    def __or__(self, other: Content) -> Content:
        return Content(
            self.facts | other.facts,
            self.stems | other.stems,
            self.sides | other.sides,
            self.denies or other.denies,
            dates=self.dates | other.dates,
        )

    def people(self) -> frozenset[str]:
        """The stems of the names among the facts of a claim."""
        return frozenset(stem(value) for kind, value in self.facts if kind in ("name", "stem"))

    def opposes(self, claim: Content) -> bool:
        """Whether this lacks a word of the claim and has an opposite of it that the claim lacks."""
        return any(OPPOSITES[side] & self.sides - claim.sides for side in claim.sides - self.sides - self.stems)

    def misdates(self, claim: Content) -> bool:
        """Whether this has another day or year with a month of the claim, or another month with a day of it."""
        return any(
            bool({kind for other, _, kind in self.dates if other == month} & {kind})
            or any((other, same) == (number, kind) for _, other, same in self.dates)
            for month, number, kind in claim.dates - self.dates
        )


def claimed(sentence: str, known: Set[str] = frozenset()) -> Content:
    """Return what a sentence must be carried in: its names, numbers, amounts and addresses, and its other stems.

    A first word that could be an ordinary one is a fact too, but its stem is enough; only words that merely
    link ("However", "According to") are none. Facts too, even in small letters, are the stems `known` as names, and
    whoever something was done by.
    """
    text = plain(sentence)
    inner = set(names(text))
    people = {name for name in names(text, initial=True) if name not in _LINKING and not counted(name)}
    facts = {("name", name) for name in people & inner} | {("stem", stem(name)) for name in people - inner}
    facts |= _cased(text) | figures(text) | _addresses(sentence)
    facts |= {("stem", word) for word in _agents(text) | (known & set(stems(text))) - {stem(name) for name in people}}
    own = {_root(word) for word in content_words(text) if not _numeral(word)}
    own -= {stem(name) for name in people | inner | _LINKING} | {value for _, value in facts}
    clauses = (own & {_root(word) for word in content_words(clause)} for clause in _CLAUSE.split(text))
    return Content(
        frozenset(facts),
        frozenset(own),
        _sides_taken(text),
        denies(sentence),
        tuple(frozenset(clause) for clause in clauses if clause),
        _dates(text),
        sentence,
    )


def said(text: str) -> Content:
    """Return everything that a text carries, in the same terms."""
    read = plain(text)
    folded = words(read)
    known = {stem(word) for word in folded if word not in STOP_WORDS}
    known |= {_SAY} if _SAYING_TOO.intersection(folded) else set()
    facts = {("name", word) for word in folded} | {("stem", word) for word in known}
    facts |= {("cased", token) for token in _TOKEN.findall(read) if token[0].isupper()}
    facts |= figures(read, folded) | _addresses(text)
    facts |= {("number", "1") for word in folded if word in ("one", "single")}
    return Content(frozenset(facts), frozenset(widened(known)), _sides_taken(read), denies(text), dates=_dates(read))


def named(title: str) -> frozenset[Fact]:
    """Return the facts that a title may carry for its passage: names, never numbers."""
    return frozenset(fact for fact in said(title).facts if fact[0] in ("name", "stem", "cased"))


@dataclass(frozen=True, slots=True)
class Opening:
    """How a sentence begins: whether it refers to one before it ("She", "The two"), and the stem of its first word.

    Stop words and times are passed over. `definite`: the word follows "the", so that it may have been named before.
    """

    refers: bool = False
    definite: bool = False
    word: str = ""

    @classmethod
    def of(cls, text: str) -> Opening:
        before = ""
        for word in words(_BOTH.sub(" ", text)):
            if word in _BACK or (before == "the" and word in _PAIR):
                return cls(refers=True)
            if not (word in STOP_WORDS or word in _WHEN or word in _LINKING or counted(word)):
                return cls(definite=before == "the", word=stem(word))
            before = word
        return cls()


def denies(text: str) -> bool:
    """Whether a text says that something is not so; "did not deny" does not."""
    return _NEGATION.search(_NOT_DENIED.sub(" ", text)) is not None


def _sides_taken(text: str) -> frozenset[str]:
    """Return the stems that have an opposite, stop words included; "not accept" takes neither side."""
    found = ((match, stem(fold(match.group()))) for match in _TOKEN.finditer(text))
    return frozenset(
        side for match, side in found if side in OPPOSITES and not _UNDONE.search(text[: match.start()][-30:])
    )


def plain(text: str) -> str:
    """Return a text with its abbreviations, scales and dates written in the one way that is compared."""
    text = _SHORT_MONTH.sub(lambda match: _FULL_MONTH[match.group()[:3].lower()], text)
    text = _ISO.sub(lambda match: f"{int(match[3])} {MONTHS[int(match[2]) - 1]} {match[1]}", text)
    text = _CANNOT.sub("cannot", dated(text))
    text = _INITIALS.sub(lambda match: match.group().replace(".", ""), visible(text))
    text = _DOLLARS.sub("$", text)
    text = _UNIONS.sub(lambda match: "".join(part[0] for part in match.groups() if part), text)
    text = _SCALE.sub(lambda match: _SCALES[match.group().strip().lower()], text)
    text = _FOLD.sub(lambda match: f"{match[1]} fold" if counted(fold(match[1])) else match.group(), text)
    return _MINUS.sub("-", _PER_CENT.sub("percent", text))


def dated(text: str) -> str:
    """Return a text with "18 February 2025" for "February 18, 2025"."""
    return _MONTH_FIRST.sub(lambda match: " ".join(filter(None, (match[2], match[1], match[3]))), text)


def _agents(text: str) -> set[str]:
    """Return the stems of those by whom something was done: "led by putin" says more than "led" does."""
    found = map(fold, _AGENT.findall(text))
    return {stem(word) for word in found if word not in STOP_WORDS | _QUANTITIES and not _numeral(word)}


def _cased(text: str) -> set[Fact]:
    """Return the capitalised words that only their capitals tell from stop words: US, May, the W of George W. Bush."""
    found = set()
    for i, match in enumerate(_TOKEN.finditer(text)):
        word = match.group()
        short = len(word) == 1 and word not in "AI"
        acronym = len(word) > 1 and word.isupper() and fold(word) in STOP_WORDS
        if word[0].isupper() and (
            short or acronym or (word in _CASED and (i > 0 or text[match.end() :][1:2].isdigit()))
        ):
            found.add(("cased", word))
    return found


def figures(text: str, folded: list[str] | None = None) -> set[Fact]:
    """Return numbers as digits, with a minus where they have one, words of amount by stem, and currency signs."""
    found = {("number", f"-{fold(number)}") for number in _BELOW_ZERO.findall(text)}
    found |= {("number", number) for number in numbers(_BELOW_ZERO.sub(" ", text))}
    folded = words(text) if folded is None else folded
    found |= {("number", str(_COUNTED[word])) for word in folded if word in _COUNTED}
    found |= {("number", "1") for _ in _ONE.finditer(text)}
    found |= {("amount", root) for word in folded if (root := stem(word)) in _AMOUNTS}
    return found | {("sign", sign) for sign in _SIGN.findall(text)}


def _dates(text: str) -> frozenset[Date]:
    found: set[Date] = set()
    for match in _DATE.finditer(text):
        month = (match["month"] or match["month_"]).lower()
        days = numbers(match["days"] or match["days_"] or "")
        found |= {(month, day, "day") for day in days}
        if year := match["year"] or match["year_"]:
            found.add((month, year, "year"))
    return frozenset(found)


def _root(word: str) -> str:
    """Return the stem of a word; to tell, to add and to say are one."""
    return _SAY if word in _SAYING else stem(word)


def _addresses(text: str) -> set[Fact]:
    """Return links, mail addresses and markup letter by letter: a draft may repeat them, never make them."""
    return {("address", address.rstrip(".,;:!?'\"”’")) for address in _ADDRESS.findall(visible(text))}


def counted(word: str) -> bool:
    return word == "one" or _numeral(word) or stem(word) in _AMOUNTS


def _numeral(word: str) -> bool:
    return word in _COUNTED or bool(numbers(word))
