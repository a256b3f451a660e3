"""What a drafted sentence changed in the wording of its source, where it keeps most of that wording."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import IntEnum
from itertools import combinations

from rag.claims import counted, figures, plain
from rag.opposites import opposed
from rag.words import STOP_WORDS, fold, numbers, stem

_NEAR = (
    0.7  # share of a claim's content words that stand in the source in the same order, from which it keeps the wording
)
_MOST = 400  # words of either that are compared
_FACTS = 40  # facts of a claim that are put into pairs
_TOKEN = re.compile(r"[^\W_]+(?:[.,](?=\d)\d+)*|[$€£¥₪₽₹]")
_WORDS = re.compile(r"[^\W_]+")
QUOTED = re.compile(  # marks whose other half stands in the sentence before or after count, too
    r"“([^“”]{1,1000})(?:”|\Z)|\A([^“”]{1,1000})”|\"([^\"]{1,1000})(?:\"|\Z)|«([^«»]{1,1000})(?:»|\Z)|\A([^«»]{1,1000})»"
)
_LEAST_QUOTED = 3  # words in quotation marks that are somebody's own
_NOT = re.compile(r"n[’']t\b")
_DENIALS = frozenset(
    "not never no none nor neither nobody nothing nowhere without hardly barely scarcely cannot".split()
)
_DENYING = frozenset(stem(word) for word in "deny denial refuse reject decline fail avoid lack stop unable".split())
_NO_WORDS = frozenset({"according"})
_DEGREES = frozenset({"more", "most"})  # they have opposites
_NEGATIVE = ("un", "in", "im", "ir", "il", "dis", "non", "fals")
_BACK = frozenset("he him his she her hers it its they them their theirs who which this these that those".split())
_CLAUSE = frozenset("but and though although because while whereas which who so".split())
_RELATING = frozenset("of to from than per over".split())
_MUTUAL = frozenset(
    stem(word)
    for word in """meet marry divorce agree talk discuss negotiate together same border face join share versus
    between fight""".split()
)


class Change(IntEnum):
    """What became of a source's wording: nothing that matters, words that may not mean the same, another fact."""

    NONE = 0
    WORDS = 1
    FACTS = 2  # something was put in that it may not bear, such as a number told twice
    DENIAL = 3  # a "not" was put in or left out
    REVERSED = 4


@dataclass(frozen=True, slots=True)
class _Token:
    key: str
    number: bool
    name: bool
    stop: bool

    @property
    def fact(self) -> bool:
        return self.number or self.name

    @property
    def denial(self) -> bool:
        return self.key in _DENIALS

    @property
    def denies(self) -> bool:
        return self.denial or self.key in _DENYING

    @property
    def content(self) -> bool:
        return not self.stop and not self.denial


def holds_quotes(claim: str, source: str, *, least: int = _LEAST_QUOTED) -> bool:
    """Whether what a claim puts into quotation marks stands so in the source, word for word; few words are free."""
    held = " ".join(map(fold, _WORDS.findall(source)))
    quoted = (
        " ".join(map(fold, _WORDS.findall(next(filter(None, match.groups()))))) for match in QUOTED.finditer(claim)
    )
    return all(f" {words} " in f" {held} " for words in quoted if words.count(" ") >= least - 1)


def same_words(claim: str, source: str) -> bool:
    """Whether two texts are the same words and signs in the same order, case and punctuation aside."""
    asks = claim.rstrip().endswith("?") == source.rstrip().endswith("?")
    return asks and _sequence(claim) == _sequence(source) and figures(plain(claim)) == figures(plain(source))


@dataclass(frozen=True, slots=True)
class Comparison:
    """`near`: the claim keeps the wording of its source. `settled`: then whether it denies, whole sentences aside.

    A denial in what was left out at the end ("… but he did not say why") is none of the rest.
    """

    change: Change = Change.NONE
    near: bool = False
    settled: bool = False


def compare(claim: str, source: str) -> Comparison:
    """Return the worst that a claim did to the wording of the text that is to carry it."""
    ours, theirs = _tokens(claim), _tokens(source)
    known = {token.key for token in (*ours, *theirs) if token.name}
    ours, theirs = (
        [_Token(t.key, t.number, t.name or (t.key in known and not t.stop), t.stop) for t in side]
        for side in (ours, theirs)
    )
    if _inverted(ours, theirs) or _rerouted(ours, theirs):
        return Comparison(Change.REVERSED)
    steps = _steps(ours, theirs)
    kept = sum(token.content for x, y, same in steps if same for token in y)
    if kept < _NEAR * sum(token.content for token in ours):
        return Comparison()
    dropped = {token.key for x, y, _ in steps if not y for token in x if token.fact}
    changes = [_step(x, y, dropped) for x, y, same in steps if not same]
    body = [(x, y) for x, y, same in steps[: -1 if _ends(steps) else None] if not same]
    denied = [any(token.denies for step in body for token in step[i]) for i in (0, 1)]
    if all(denied):  # "denied that it was" for "was not"
        changes = [one for one in changes if one is not Change.DENIAL]
    elif any(_denied_anew(x, y) for x, y in body) and not denied[0]:
        changes.append(Change.DENIAL)
    worst = max(changes, default=Change.NONE)
    worst = Change.REVERSED if worst is Change.DENIAL else worst
    mine, given = (Counter(token.key for token in side if token.number) for side in (ours, theirs))
    if any(count > max(1, given[key]) for key, count in mine.items()):
        worst = max(worst, Change.FACTS)
    return Comparison(worst, near=True, settled=not any(denied))


def _denied_anew(x: Sequence[_Token], y: Sequence[_Token]) -> bool:
    """Whether a "not" came that no word of the source explains, as "unclear" does "not clear", "lost" "did not win"."""
    left = [token.key for token in x if token.content]
    explained = any(key.startswith(_NEGATIVE) or any(opposed(key, token.key) for token in y) for key in left)
    return any(token.denial for token in y) and not explained


def _ends(steps: Sequence[tuple[list[_Token], list[_Token], bool]]) -> bool:
    """Whether the last step leaves out a clause of its own at the end, in which the denials of that step stand."""
    last, none, same = steps[-1]
    first = next((i for i, token in enumerate(last) if token.denies), 0)
    return not same and not none and (first == 0 or any(token.key in _CLAUSE for token in last[:first]))


def _step(x: Sequence[_Token], y: Sequence[_Token], dropped: set[str]) -> Change:
    """Judge one place where the source has `x` and the claim `y`; `dropped` are facts left out elsewhere."""
    left = {token.key for token in x if token.content}
    right = {token.key for token in y if token.content}
    gone, come = any(token.denial for token in x), any(token.denial for token in y)
    if not gone and not come and any(opposed(one, other) for one in left - right for other in right - left):
        return Change.REVERSED
    if not left and not right and gone != come:
        return Change.DENIAL
    new = {token.key for token in y if token.fact} - left
    if new and left and not any(token.key in _BACK for token in x):
        replaced = {token.key for token in x if token.fact} - right
        longer = any(token.content and not token.fact for token in x)
        if replaced and not (new <= dropped and longer):
            return Change.REVERSED
        return Change.NONE if new <= dropped else Change.WORDS
    if new and not left and not new <= dropped and not any(token.key in _BACK for token in x):
        return Change.WORDS
    return Change.WORDS if left - right and right - left - dropped else Change.NONE


def _steps(ours: list[_Token], theirs: list[_Token]) -> list[tuple[list[_Token], list[_Token], bool]]:
    """Align a claim with its source: runs of both, and whether they are the same; a lone stop word aligns nothing."""
    matcher = SequenceMatcher(None, [t.key for t in theirs], [t.key for t in ours], autojunk=False)
    steps: list[tuple[list[_Token], list[_Token], bool]] = []
    codes = matcher.get_opcodes()
    for i, (tag, a, b, c, d) in enumerate(codes):
        x, y, same = theirs[a:b], ours[c:d], tag == "equal"
        lone = same and 0 < i < len(codes) - 1 and all(token.stop and not token.denial for token in y)
        if steps and ((lone and d - c < 2 and _both(codes[i - 1 : i + 2])) or not same) and not steps[-1][2]:
            steps[-1] = (steps[-1][0] + x, steps[-1][1] + y, False)
        else:
            steps.append((x, y, same))
    return steps


def _both(codes: Sequence[tuple[str, int, int, int, int]]) -> bool:
    return any(tag == "replace" for tag, *_ in codes)


def _rerouted(ours: Sequence[_Token], theirs: Sequence[_Token]) -> bool:
    """Whether "from A to B" stands for "from B to A"."""
    mine, given = _routes(ours), _routes(theirs)
    return any(a & d and b & c and not any(a & e and b & f for e, f in given) for a, b in mine for c, d in given)


def _routes(tokens: Sequence[_Token]) -> list[tuple[frozenset[str], frozenset[str]]]:
    """The names of where each "from … to …" begins and ends."""
    found = []
    for i, token in enumerate(tokens):
        if token.key != "from":
            continue
        to = next((j for j in range(i + 1, min(i + 6, len(tokens))) if tokens[j].key == "to"), len(tokens))
        ends = [token.key for token in tokens[to + 1 : to + 5]]
        stop = next((j for j, token in enumerate(tokens[to + 1 : to + 5]) if not token.fact), len(ends))
        begins = frozenset(token.key for token in tokens[i + 1 : to] if token.fact)
        if begins and stop:
            found.append((begins, frozenset(ends[:stop])))
    return found


def _inverted(ours: Sequence[_Token], theirs: Sequence[_Token]) -> bool:
    """Whether two facts have changed places around a word: "A sued B" for "B sued A", not "B was sued by A"."""
    if ("by" in {t.key for t in ours}) != ("by" in {t.key for t in theirs}):
        return _done_by(ours, theirs) or _done_by(theirs, ours)
    here, there = _only(ours), _only(theirs)
    facts = [token.key for token in ours if token.fact and token.key in here and token.key in there][:_FACTS]
    between = {t.key for t in ours if t.content and not t.fact and t.key in here and t.key in there} - _MUTUAL
    for one, other in combinations(facts, 2):  # in the claim, one stands first
        if there[one] > there[other]:
            inside = (key for key in between if here[one] < here[key] < here[other])
            if any(there[other] < there[key] < there[one] for key in inside):
                return True
            if here[other] - here[one] == there[one] - there[other] == 2:  # "3 of 5"
                return ours[here[one] + 1].key == theirs[there[other] + 1].key and ours[here[one] + 1].key in _RELATING
    return False


def _done_by(one: Sequence[_Token], other: Sequence[_Token]) -> bool:
    """Whether "A was sued by B" stands in one and "A sued B" in the other."""
    here, there = _only(one), _only(other)
    at = here.get("by", len(one))
    agent = next((token.key for token in one[at + 1 : at + 4] if token.fact and token.key in there), None)
    verb = next(
        (token.key for token in reversed(one[max(0, at - 3) : at]) if token.content and token.key in there), None
    )
    if agent is None or verb is None or not there[verb] < there[agent] <= there[verb] + 4:
        return False
    return any(t.fact and here.get(t.key) == i and there.get(t.key, at) < there[verb] for i, t in enumerate(one[:at]))


def _only(tokens: Sequence[_Token]) -> dict[str, int]:
    """Where each key stands that occurs once."""
    count = Counter(token.key for token in tokens)
    return {token.key: i for i, token in enumerate(tokens) if count[token.key] == 1}


def _sequence(text: str) -> list[str]:
    return [fold(word) for word in _TOKEN.findall(_NOT.sub(" not", plain(text)))]


def _tokens(text: str) -> list[_Token]:
    text = _NOT.sub(" not", plain(text))
    found = []
    for match in _TOKEN.finditer(text):
        word = match.group()
        folded = fold(word)
        number = counted(folded)
        stop = (folded in STOP_WORDS or folded in _NO_WORDS) and not number and folded not in _DENIALS | _DEGREES
        first = not text[max(0, match.start() - 4) : match.start()].rstrip(" \"'“‘(")[-1:].strip(".!?:\n“")
        name = word[0].isupper() and not stop and not number and (not first or (len(word) > 1 and word.isupper()))
        key = (numbers(folded) or [folded])[0] if number else folded if stop or folded in _DENIALS else stem(folded)
        found.append(_Token(key, number, name, stop))
        if len(found) == _MOST:
            break
    return found
