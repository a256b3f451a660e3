"""The thing that an earlier turn asked about or gave as its answer: "it", "the firm"; none where it may be another."""

from __future__ import annotations

import re
from collections.abc import Sequence, Set

from rag.referents import A_ROLE, REFUSED, Run, appositive, is_person, runs
from rag.types import Turn
from rag.words import fold

# Words for the same kind of thing: "the firm" takes up a company.
_SAME = [
    frozenset(line.split())
    for line in (
        "firm company business importer exporter operator maker manufacturer owner employer", "ship vessel boat tanker",
        "town city village", "country nation state government", "deal agreement accord contract treaty settlement",
        "strike walkout stoppage", "vote election poll recount", "inquiry investigation probe hearing", "port harbour",
        "accident crash collision", "war fighting conflict", "team club side", "court judge trial case",
        "talks meeting summit conference negotiations", "minister ministry", "law bill", "report study",
        "protest march demonstration", "attack raid strike shelling", "quake earthquake", "fire blaze",
    )
]  # fmt: skip
_AUX = "is|are|was|were|did|does|do|will|would|can|could|should|has|have|had"
_ASKED_FOR = re.compile(
    rf"^\W*(?:(?:and|in|on|at|of)\s+)?(?:which|what)\s+(?!(?:{_AUX})\b)(?P<noun>[a-z]+)\b", re.IGNORECASE
)


def alike(noun: str) -> frozenset[str]:
    """The noun and others for the same kind of thing."""
    return frozenset({noun}).union(*(kind for kind in _SAME if noun in kind))


def named_thing(nouns: Set[str], turn: Turn) -> str:
    """The one thing of such a kind that a turn's answer names: "the Abbey Bridge", "the Lady Annis, a vessel".

    What answers "Which vessel …?" without being called one is the one name that the answer adds.
    """
    if REFUSED.match(turn.answer):
        return ""
    named = {run.text: run for run in runs(turn.answer)}
    found = [run for run in named.values() if _is_called(nouns, run, turn.answer)]
    asked = _ASKED_FOR.match(turn.question)
    if not found and asked and asked["noun"].lower() in nouns:
        found = [run for name, run in named.items() if name not in turn.question]
    if len(found) != 1:
        return ""
    return f"the {found[0].text}" if found[0].before == "the" else found[0].text


def _is_called(nouns: Set[str], run: Run, text: str) -> bool:
    ends_so = " " in run.text and fold(run.text.split()[-1]) in nouns
    called = any(appositive(noun).search(text[run.end :]) for noun in nouns)
    return ends_so or (called and not is_person(run, text))


def answered(turn: Turn) -> str:
    """The thing that answers "Which bridge …?"; empty where the question asks for none, or several are named."""
    asked = _ASKED_FOR.match(turn.question)
    return named_thing(alike(asked["noun"].lower()), turn) if asked else ""


_BE = frozenset("is are was were be been being".split())
_DO = frozenset("did does do will would can could should".split())
_OPENS = _BE | _DO | {"has", "have", "had"}
_PREPOSITIONS = frozenset(
    "of in at on for from by with to after before during since until under over near about against as".split()
)
_OF_PLACE = frozenset("of in at on".split())
_ARTICLES = frozenset(("the", "a", "an"))
# What may follow a thing: verbs in their plain form, and participles that do not end in "ed".
_VERBS = frozenset(
    """
    become begin belong break build buy carry change close collapse come contain cover decide end expire fall find get
    give go grow happen have hold keep last lead leave lose make meet open publish reach reopen rise run sail say sell
    send serve sink stand start stop take win work
    """.split()
)
_PARTICIPLES = frozenset(
    """
    begun bought broken brought built called caught chosen come cut done drawn fallen found given gone held hit hurt
    kept known led left lost made paid put read said seen sent set shut sold taken told won written
    """.split()
)


def thing(question: str) -> str:
    """The one thing that a question asks about: "the Monday market in Brackford"; empty where it may be another.

    Only of questions whose answer is no thing itself, such as those with yes and no, and that speak of no other.
    """
    words = question.rstrip("?!. ").split()
    low = [word.lower() for word in words]
    at = _after_adverb(low)
    if len(low) < at + 3 or low[at] not in _OPENS:
        return ""
    there = low[at] in _BE and low[at + 1] == "there"
    start = at + 1 + there
    if start >= len(low) or low[start] not in _ARTICLES:
        return ""
    head, end = _noun_phrase(words, low, start, verbs=_VERBS if low[at] in _DO else frozenset())
    whole = there or (low[0] == "how" and low[at] in _BE)
    rest = low[end:]
    further = any(word in _ARTICLES or word in ("its", "their", "his", "her") for word in rest)
    if not head or further or (not rest and not whole) or A_ROLE.fullmatch(low[head]):
        return ""
    if re.search(r"[^su]s$", low[head]):
        return ""  # several
    return " ".join(["the", *words[start + 1 : end]])


def _after_adverb(low: Sequence[str]) -> int:
    """Where a question goes on after "when", "why", "since when" or "how long"."""
    if low[:1] in (["when"], ["why"]):
        return 1
    if low[1:2] == ["when"] or (low[:1] == ["how"] and low[1:2] and low[1] not in _OPENS):
        return 2
    return int(low[:1] == ["how"])


def _noun_phrase(words: Sequence[str], low: Sequence[str], start: int, *, verbs: frozenset[str]) -> tuple[int, int]:
    """The numbers of the noun and of the first word after a phrase that begins with an article; noun 0: unclear."""
    at, noun = start + 2, start + 1
    while at < len(low) and at - start < 6:
        word = low[at]
        if word in _OF_PLACE and at + 1 < len(words) and words[at + 1][0].isupper():
            at += 2
            while at < len(words) and words[at][0].isupper():
                at += 1
            return noun, at
        if word in _PREPOSITIONS | _BE | _PARTICIPLES | verbs or word.endswith(("ed", "ing")):
            return noun, at
        noun, at = at, at + 1
    return (noun, at) if at == len(low) else (0, at)
