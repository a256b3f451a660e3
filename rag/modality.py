"""Who is said to say a thing, and whether it is said to be so or only to be possible, planned or rumoured."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from rag.claims import denies
from rag.synonyms import widened
from rag.wording import QUOTED, holds_quotes
from rag.words import STOP_WORDS, TITLES, fold, numbers, stem

Mood = Literal["maybe", "future", "intent", "duty", "would"]

_MOODS: dict[Mood, str] = {
    "maybe": r"may(?!\s+\d)|might|could|possibly|perhaps|probably|likely|reportedly|allegedly|alleged|apparently|"
    r"supposedly|presumably|potentially|unconfirmed|rumou?red|suspected|accused\s+of|(?:is|are|was|were)\s+said\s+to|"
    r"(?:seems?|appear(?:s|ed)?)\s+to|(?:believed|thought|understood|reported|considered|likely|possible)\s+to",
    "future": r"(?<!-)will|shall|(?:is|are|was|were)\s+(?:going|set)\s+to|"
    r"(?:is|are|was|were)\s+due\s+to\s+(?=(?:be|begin|start|end|arrive|leave|meet|return|visit|open|close|take|speak|appear|vote|hold|sign|expire|resume|travel|fly|go|"
    r"come|finish|report|publish|release|decide|face|stand|make|play|give|get|run|pay|move|join|talk)\b)",
    "intent": r"(?:plan|hope|intend|aim|seek|want|wish|threaten|vow|promise|pledge|prepare|agree|expect|propose|try|tri"
    r"|attempt|decide|ask|urge|(?<!in )order|demand|consider|offer)\w{0,4}\s+(?:to|for)|sought\s+to|about\s+to|"
    r"(?:is|are|was|were)\s+(?:scheduled|supposed|meant|ready)\s+to",
    "duty": r"should|must|ought\s+to|(?:has|have|need|needs)\s+to",
    "would": r"would",
}
_HEDGE = re.compile(
    "|".join(rf"(?P<{mood}>\b(?:{words})\b)" for mood, words in _MOODS.items()) + r"|(?P<will>[’']ll\b)", re.IGNORECASE
)
_CAPITAL_MAY = re.compile(r"(?<![.!?:]\s)(?<!^)\b(?:May|Will)\b")  # a month and a man
_REACH = 60  # characters behind a hedge in which the word that it hedges stands
_STOP = re.compile(r"[.;:!?,](?:\s|$)")
_TOKEN = re.compile(r"[^\W_]+")
_PAST = frozenset(
    """became began broke brought built bought chose came died fell fought found flew gave went grew heard held kept
    knew led left lost made met paid rose ran said saw sold sent spoke stood stole took told thought won wrote cut
    """.split()
)

_SAYS = (
    r"sa(?:id|ys?)|told|tells?|state[ds]?|added|adds|announced|announces|warn(?:ed|s)|argue[ds]|claim(?:ed|s)|wrote|writes|"
    r"insist(?:ed|s)|noted|notes|explain(?:ed|s)|replied|answered|asked|confirm(?:ed|s)|acknowledge[ds]|suggest(?:ed|s)|"
    r"remark(?:ed|s)|observe[ds]|believe[ds]|report(?:ed|s)|testified|declare[ds]|promise[ds]|predict(?:ed|s)|accuse[ds]|describe[ds]|denie[ds]"
)
_SAYING = re.compile(rf"\b(?:{_SAYS})\b")
_ACCORDING = re.compile(r"\baccording\s+to\s+([^,.;:]{1,80})", re.IGNORECASE)
_NAME = re.compile(r"[A-ZÀ-ÖØ-Þ][\w’'-]{1,40}")
_SAYS_WHO = re.compile(
    r"\s+(?:(?:the|an?|its|his|her)\s+)?(?:[a-z-]{1,20}\s+){0,3}?((?:[A-ZÀ-ÖØ-Þ][\w’'.-]{0,40}(?:\s+|$|(?=[,;:”\"]))){1,6})"
)
_SUBJECT_END = re.compile(r"[,.;:]|\b(?:that|has|had|was|is|would|will)\b")
_PRONOUN = re.compile(
    r"\b(?:he|she|they|it|who|(?:the|his|her|its|their)\s+[a-z]+(?:\s+[a-z]+){0,4})\s+(?:\w+ly\s+|also\s+|later\s+)?$",
    re.IGNORECASE,
)
_ORDER = re.compile(
    r"(?:^|[:,.;!?\])>–—-]\s*|\b(?:please|to|and|you|always|must|now|then)\s+)"
    r"(?:say|add|write|state|claim|answer|reply|respond|report|note|mention|insist|repeat|confirm|pretend|imagine|suppose|"
    r"assume|tell\s+(?:\w+\s+){1,3}?)\s*(?:that\b|:)",
    re.IGNORECASE,
)
_ASKED = re.compile(r"\b(?:ask|wonder|question|quer)\w*", re.IGNORECASE)
_WROTE = re.compile(r"(?:wrote|writes)\s+(?:an?|the|his|her|its|their|many|several|\d+)\s")  # a book: nothing is said
_APPOSED = re.compile(
    r"^((?:[A-ZÀ-ÖØ-Þ][\w’'-]+\s?){1,4}),\s[^“”\".;]{3,120},\s$"
)  # "Luke Bergmann, author of …, said"
_INITIAL = re.compile(r"\b([A-Z])\.(?=\s[A-Z])")
_FULL_NAME = re.compile(r"(?:[A-ZÀ-ÖØ-Þ][\w’'-]*\s?)+")
_QUOTATION = "\u2026"
_BESIDE = re.compile(  # "…", said Ana Silva; Silva, head of the port, said on Monday: "…"
    rf"{_QUOTATION}\s*,?\s*(?:[\w.’'-]+\s){{0,4}}(?:{_SAYS})\b|\b(?:{_SAYS})(?:\s[\w’'-]+){{0,3}}\s*[:,]?\s*{_QUOTATION}"
)
_BARE = frozenset("the that also then later".split())  # words of a claim that say nothing beside who said it
_BEFORE = 90  # characters before a verb of saying in which its subject stands


def hedged(text: str) -> dict[str, Mood]:
    """Return the stems that stand behind a hedge ("may resign", "plans to resign"), each with the mood of it."""
    found: dict[str, Mood] = {}
    plain = _CAPITAL_MAY.sub("M", text)
    for match in _HEDGE.finditer(plain):
        mood: Mood = "future" if match.lastgroup == "will" else match.lastgroup  # type: ignore[assignment]
        behind = _STOP.split(plain[match.end() : match.end() + _REACH])[0]
        for word in map(fold, _TOKEN.findall(behind)):
            if word not in STOP_WORDS and not numbers(word):
                found.setdefault(stem(word), mood)
                break
    return found


def hedge_lost(claim: Mapping[str, Mood], source: Mapping[str, Mood], stems: frozenset[str]) -> frozenset[str]:
    """Return the stems of a claim that it says more or less firmly than its source; "would" may stand for others.

    `stems` are those of the claim.
    """

    given = {other: mood for stem, mood in source.items() for other in widened({stem})} | dict(source)

    def differs(stem: str) -> bool:
        ours, theirs = claim.get(stem), given.get(stem)
        return ours != theirs and not (ours and theirs and "would" in (ours, theirs))

    return frozenset(stem for stem in stems & (claim.keys() | given.keys()) if differs(stem))


def happened(text: str, lost: frozenset[str]) -> bool:
    """Whether a text tells one of these stems as a thing done: "resigned" for "resign"."""
    found = (fold(word) for word in _TOKEN.findall(text))
    return any(stem(word) in lost and (word.endswith("ed") or word in _PAST) for word in found)


def ordered(text: str) -> bool:
    """Whether a text tells somebody to say a thing: that it is so is not what it says."""
    return _ORDER.search(text) is not None


def asked(text: str, claim: str) -> bool:
    """Whether a text asks what a claim states."""
    return text.rstrip(" \"'”’)»").endswith("?") and not _ASKED.search(claim)


def speakers(text: str, *, near: bool = False) -> frozenset[str] | None:
    """Return the stems of the names that a text lets say something; None where nobody says anything.

    A pronoun may be anybody: it stands as "". `near`: only the name that stands next to the verb.
    """
    found: set[str] = set()
    text = _INITIAL.sub(r"\1", text)
    verbs = [match for match in _SAYING.finditer(text) if not _WROTE.match(text, match.start())]
    for match in verbs:
        if apposed := _APPOSED.match(text[: match.start()]):
            found.update(_names(apposed[1]))
        before = text[max(0, match.start() - _BEFORE) : match.start()]
        before = re.split(r"[.;:!?”\"](?:\s|$)", before)[-1]
        named = _names(before)
        if near and named:
            before = re.split(r",|\b(?:and|that|but)\b", before.rstrip(" ,"))[-1]
            named = _names(before) or named[-1:]
        found.update(named)
        if _PRONOUN.search(before):
            found.add("")
        if after := _SAYS_WHO.match(text[match.end() : match.end() + 100]):
            told = match.group().startswith(("t", "ask", "warn", "accus", "describ"))  # "told Reuters" has an object
            found.update(
                _names(re.split(r"[,.;:]|\b(?:that|has|had|was|is|would|will)\b", after[1])[0]) if not told else ()
            )
    for match in _ACCORDING.finditer(text):
        found.update(_names(match[1]) or [""])
    return frozenset(found) if verbs or found else None


def only_quotes(claim: str, source: str) -> bool:
    """Whether a claim says only who said what, in quotation marks, and one sentence lets nobody but the same say it.

    Neither denies, doubts or asks, and in the source the saying stands beside the quotation.
    """
    rest, around = QUOTED.sub(" ", claim), QUOTED.sub(f" {_QUOTATION} ", source)
    who = set(_names(rest))
    others = {fold(word) for word in _TOKEN.findall(rest)} - _BARE - TITLES
    said = {word for word in others if _SAYING.fullmatch(word)}
    if rest == claim or len(said) != 1 or {stem(word) for word in others - said} != who or "?" in rest + around:
        return False
    if denies(around) or hedged(around) or not _BESIDE.search(around):
        return False
    theirs = (speakers(source) or frozenset()) - {""}
    whole = [set(_names(name)) for name in _FULL_NAME.findall(source)]
    same = all(any({one} | who <= name for name in whole) for one in theirs - who)  # Sergei, where who is Lavrov
    return bool(who) and who <= theirs and same and holds_quotes(claim, source, least=1)


def _names(text: str) -> list[str]:
    folded = (fold(name.removesuffix("'s").removesuffix("’s")) for name in _NAME.findall(text))
    return [stem(name) for name in folded if name not in STOP_WORDS and name not in TITLES]
