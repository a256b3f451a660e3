"""True statements made false: names, numbers, dates, negations, speakers, roles, opposites, verbs; or too sure."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rag.training.naming import alike, is_other, listed, names
from rag.training.opposites import turned
from rag.training.verbs import bare_of_past, bare_of_present, bare_verbs, is_finite, participle, past, present
from rag.words import DAYS, MONTHS

KINDS = ("name", "number", "date", "negation", "speaker", "roles", "opposite", "hedge", "verb")
_UNITS = """one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen twenty thirty forty
    fifty sixty""".split()
_ORDINALS = "first second third fourth fifth sixth seventh eighth ninth tenth".split()
_SCALES = "hundred thousand million billion".split()
YEAR = re.compile(r"\b(?:1[0-9]|20)\d\d\b(?!,\d)")
NUMBER = re.compile(r"(?<![\w.,-])[$€£]?\d[\d,]*(?:\.\d+)?(?!\d|[.,]\d)")
_WRITTEN = re.compile(rf"\b(?:{'|'.join([*_UNITS[1:], *_SCALES, *_ORDINALS])})\b")
_MONTH = re.compile(rf"\b(?:{'|'.join(MONTHS)})\b")
_DAY = re.compile(rf"\b(?:{'|'.join(DAYS)})\b")
_DAY_OF_MONTH = re.compile(
    rf"(?<=\b)(?:(?:{'|'.join(MONTHS)}) (?P<after>\d{{1,2}})\b(?!\d)|(?P<before>\d{{1,2}}) (?={'|'.join(MONTHS)}))"
)
_AUXILIARY = re.compile(
    r"\b(?:is|are|was|were|has|have|had|can|could|would|should|will|must|may|might|does|did|do)\b(?! not\b|n't)"
)
_NOT = re.compile(
    r"\b(?P<do>did|does|do) not (?P<verb>[a-z]+)|"
    r"\b(?P<aux>is|are|was|were|has|have|had|can|could|would|should|will|must|may|might) (?:not|never) |"
    r"\b(?P<can>can)not |\b(?P<without>without) "
)
_ACTIVE = r"(?<!is )(?<!are )(?<!was )(?<!were )(?<!not )(?<!be )(?<!been )\b"
_HEDGES: Sequence[tuple[re.Pattern[str], str]] = tuple(
    (re.compile(one), other)
    for one, other in (
        (r"\b(?:may|might|could) have been\b", "was"), (r"\b(?:may|might|could) have\b", "has"),
        (r"\b(?:may|might|could) be\b", "is"), (r"\b(?:may|might)\b", "will"),
        (r"\b(?:is|are|was|were) (?:expected|likely|set|believed|thought|said|reported|alleged) to have\b", "has"),
        (r"\b(?:is|are) (?:expected|likely|scheduled|planned|set) to\b", "will"),
        (r"\b(?:is|are) (?:believed|thought|said|reported|alleged|considered) to be\b", "is"),
        (r"\b(?:was|were) (?:believed|thought|said|reported|alleged|considered) to be\b", "was"),
        (_ACTIVE + r"(?:plans?|hopes?|intends?|wants|aims) to\b", "will"),
        (_ACTIVE + r"(?:planned|hoped|intended|wanted|aimed|threatened|offered|proposed) to\b", "will"),
        (_ACTIVE + r"(?:tried|attempted|sought|hoped|planned|wanted) to\b", "managed to"),
        (r"\b(?:reportedly|allegedly|possibly|probably|perhaps|presumably|supposedly|apparently|arguably|likely) ", ""),
        (r"\b(?:some|sometimes|often|usually|generally) (?=[a-z])", "always "),
        (r"\b(?:most|many|some|several) (?=[a-z]+s\b)", "all "),
        (r"\b(?:mostly|mainly|primarily|largely|partly|chiefly)\b", "entirely"), (r"\b(?:nearly|almost) all\b", "all"),
        (r"\b(?:appears|seems) to be\b", "is"), (r"\b(?:appeared|seemed) to be\b", "was"),
        (r"\bit (?:is|was|has been) (?:claimed|suggested|believed|thought|argued|alleged|estimated|rumou?red) that ",
         ""),
        (r"\b(?:[A-Z]\w+ ){1,3}(?:believes?|believed|claims?|claimed|argues?|argued|suggests?|suggested|alleged) that ",
         ""),
        (r"\b(?:about|around|approximately|nearly|almost|roughly|at least|up to|as many as) (?=[$€£]?\d)",
         "exactly "),
        (r"\bif (?=\w+ (?:is|are|was|were|has|have)\b)", "because "),
    )
)  # fmt: skip
_TO_COME = re.compile(
    r"\b(?:may|might|could|will|plans? to|intends? to|wants? to|"
    r"(?:is|are) (?:expected|likely|set|due|scheduled|planned|about) to) (?P<verb>[a-z]+)\b"
)
_AT_LEAST = re.compile(r"\b(?:more than|over|at least) $", re.IGNORECASE)
_NO_VERB = frozenset(("have", "do", "say"))
_VERBS = frozenset(
    """attended left opposed visited denied sold praised criticised refused delayed cancelled promised ended joined
    welcomed lost bought hid announced destroyed led followed ignored built closed""".split()
)
_SPEAKER = re.compile(
    r"^(?P<who>[A-Z][\w.’' -]{1,45}?)"
    r"(?= (?:said|says|told|added|announced|stated|argued|claimed|warned|insisted|believed|wrote)\b(?! to\b))|"
    r"(?<=, )(?P<who2>[A-Z][\w.’' -]{1,45}?)(?= (?:said|says|added|stated|argued|claimed)\b)|"
    r"(?<=ccording to )(?P<who3>[A-Z][\w.’' -]{1,45}?)(?=[,.])"
)  # fmt: skip
_SYMMETRIC = re.compile(
    r"\b(?:met|meets?|meeting|married|marry|with|between|and|or|as|known|called|same|versus|both|divorced|borders?|equals?)\b"
    r"|,|;|^\W*$"
)
_MORE = """rise fall|raised lowered|raise lower|cut raised|grew shrank|approved rejected|approve reject|backed opposed|
    won lost|wins loses|victory defeat|banned allowed|ban allow|northern southern|expanded reduced|expand reduce|
    hired fired|arrested released|confirmed denied|confirm deny|advanced retreated|resumed suspended|resume suspend|
    captured lost|encouraged discouraged|joined left|appointed dismissed|easy difficult|simple complex|wide narrow|
    heavy light|left right|old new|full empty|day night|summer winter|married divorced|born died|teacher student|
    buyer seller|employer employee|husband wife|king queen|hero villain|true false|safe dangerous|safer riskier|
    permanent temporary|direct indirect|formal informal|natural artificial|active passive|present absent|
    beginning end|top bottom|front back|deep shallow|thick thin|wet dry|clean dirty|loud quiet|
    more less|promised refused|defended criticised|praised condemned|died survived|killed rescued|missing found|
    attended skipped|denied admitted|demanded refused|welcomed rejected|delayed hastened|agreed refused"""
_OTHER: dict[str, str] = {}
for _row in _MORE.replace("\n", "").split("|"):
    _one, _two = _row.split()
    _OTHER.setdefault(_one, _two)
    _OTHER.setdefault(_two, _one)
_WORD = re.compile(r"[a-z]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What stands around a statement: `near` its premise, `passage` more text, `far` names of other documents."""

    near: str
    passage: str
    far: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A statement changed; `old` and `new` where one expression took the place of another, else empty."""

    text: str
    old: str = ""
    new: str = ""


def changed(kind: str, statement: str, around: Around, chance: random.Random) -> Change | None:
    """The statement with one thing of a kind changed; None where it holds none."""
    found = _CHANGES[kind](statement, around, chance)
    if found is None or found.text.lower() == statement.lower() or found.text.lower() in around.near.lower():
        return None
    return Change(text=found.text[:1].upper() + found.text[1:], old=found.old, new=found.new)


def _name(statement: str, around: Around, chance: random.Random) -> Change | None:
    own = names(statement, around.passage)
    if not own:
        return None
    old = chance.choice(own)
    pools = [names(around.near, around.passage), names(around.passage), around.far]
    first = chance.choices((0, 1, 2), (0.75, 0.15, 0.1))[0]
    for pool in (pools[first], *pools):
        fitting = [
            one
            for one in pool
            if is_other(one, old, statement) and alike(one, old) and not listed(one, old, around.near)
        ]
        if fitting:
            return _replaced(statement, old, chance.choice(fitting))
    return None


def _number(statement: str, around: Around, chance: random.Random) -> Change | None:
    own = [m for m in NUMBER.finditer(statement) if not YEAR.fullmatch(m.group())]
    written = list(_WRITTEN.finditer(statement))
    if not own and not written:
        return None
    match = chance.choice(own + written)
    old = match.group()
    if old[0].isalpha():
        group = next(group for group in (_UNITS, _ORDINALS, _SCALES) if old in group)
        new = _nearest(re.compile(rf"\b(?:{'|'.join(group)})\b"), old, around, chance) or chance.choice(
            [one for one in group if one != old]
        )
        return _placed(statement, match.start(), match.end(), new)
    if _AT_LEAST.search(statement[: match.start()]):
        new = _other_number(old, chance, larger=True)  # less would hold as well
    else:
        near = _nearest(NUMBER, old, around, chance, besides=statement)
        new = near if near and not YEAR.fullmatch(near) else _other_number(old, chance)
    return _placed(statement, match.start(), match.end(), (old[0] if old[0] in "$€£" else "") + new.lstrip("$€£"))


def _nearest(pattern: re.Pattern[str], old: str, around: Around, chance: random.Random, *, besides: str = "") -> str:
    """Mostly another expression of a kind from the premise, else from the text around it; "" seldom, or if none."""
    if chance.random() < 0.25:
        return ""
    for text in (around.near, around.passage):
        found = [match.group() for match in pattern.finditer(text)]
        if fitting := [one for one in found if one != old and one not in besides]:
            return chance.choice(fitting)
    return ""


def _date(statement: str, around: Around, chance: random.Random) -> Change | None:
    kinds = {"year": YEAR, "month": _MONTH, "weekday": _DAY}
    found = [(m.span(), kind) for kind, pattern in kinds.items() for m in pattern.finditer(statement)]
    found += [(m.span("after" if m["after"] else "before"), "day") for m in _DAY_OF_MONTH.finditer(statement)]
    if not found:
        return None
    (start, end), kind = chance.choice(found)
    old = statement[start:end]
    if kind == "day":
        return _placed(statement, start, end, str(chance.choice([one for one in range(1, 29) if str(one) != old])))
    new = _nearest(kinds[kind], old, around, chance, besides=statement)
    if not new and kind == "year":
        new = str(int(old) + chance.choice((-100, -10, -5, -3, -2, -1, 1, 2, 3, 5, 10, 100)))
    elif not new:
        new = chance.choice([one for one in (MONTHS if kind == "month" else DAYS) if one != old])
    return _placed(statement, start, end, new)


def _negation(statement: str, around: Around, chance: random.Random) -> Change | None:
    if match := _NOT.search(statement):
        if match["do"]:
            bare = match["verb"]
            new = past(bare) if match["do"] == "did" else present(bare) if match["do"] == "does" else bare
        else:
            new = "with " if match["without"] else f"{match['aux'] or match['can']} "
        return Change(text=statement[: match.start()] + new + statement[match.end() :])
    auxiliary = _AUXILIARY.search(statement)
    if auxiliary and not statement[: auxiliary.start()].count(","):
        word = "never" if chance.random() < 0.15 else "not"
        return Change(text=f"{statement[: auxiliary.end()]} {word}{statement[auxiliary.end() :]}")
    for match in _WORD.finditer(statement):
        word = match.group()
        if match.start() and (bare := bare_of_past().get(word) or bare_of_present().get(word)):
            new = (
                f"{'did' if word in bare_of_past() else 'does'} not {bare}"
                if chance.random() < 0.8
                else f"never {word}"
            )
            return Change(text=statement[: match.start()] + new + statement[match.end() :])
    return None


def _hedge(statement: str, around: Around, chance: random.Random) -> Change | None:
    done = [m for m in _TO_COME.finditer(statement) if m["verb"] in bare_verbs()]
    if done and chance.random() < 0.5:
        match = chance.choice(done)
        fact = f"has {participle(match['verb'])}" if chance.random() < 0.5 else past(match["verb"])
        return Change(text=statement[: match.start()] + fact + statement[match.end() :])
    fitting = [(one, other) for one, other in _HEDGES if one.search(statement)]
    if not fitting:
        return None
    one, other = chance.choice(fitting)
    return Change(text=one.sub(other, statement, count=1))


def _verb(statement: str, around: Around, chance: random.Random) -> Change | None:
    """Another verb of the text in place of one of the statement's."""
    known = bare_of_past()
    own = [m for m in _WORD.finditer(statement) if m.start() and known.get(m.group(), "have") not in _NO_VERB]
    others = {word for word in _WORD.findall(around.passage) if known.get(word, "have") not in _NO_VERB}
    if not own:
        return None
    match = chance.choice(own)
    pool = sorted(others if others and chance.random() < 0.6 else _VERBS)
    fitting = [one for one in pool if one[:4] != match.group()[:4] and one not in statement]
    return _placed(statement, match.start(), match.end(), chance.choice(fitting)) if fitting else None


def _speaker(statement: str, around: Around, chance: random.Random) -> Change | None:
    match = _SPEAKER.search(statement)
    if not match:
        return None
    group = next(name for name in ("who", "who2", "who3") if match[name])
    old = match[group]
    others = [one for one in names(around.near, around.passage) + names(around.passage) if is_other(one, old, old)]
    others = others or [one for one in around.far if is_other(one, old, statement)]
    if not others:
        return None
    return _placed(statement, match.start(group), match.end(group), chance.choice(others))


def _roles(statement: str, around: Around, chance: random.Random) -> Change | None:
    own = [one for one in dict.fromkeys(names(statement, around.passage)) if statement.count(one) == 1]
    pairs = []
    for i, one in enumerate(own):
        for other in own[i + 1 :]:
            between = statement[statement.index(one) + len(one) : statement.index(other)]
            acts = any(is_finite(word) or word == "by" for word in between.split())
            if acts and "(" not in between and not _SYMMETRIC.search(between) and is_other(one, other, ""):
                pairs.append((one, other))
    if not pairs:
        return None
    one, other = chance.choice(pairs)
    a, b = statement.index(one), statement.index(other)
    return Change(text=statement[:a] + other + statement[a + len(one) : b] + one + statement[b + len(other) :])


def _opposite(statement: str, around: Around, chance: random.Random) -> Change | None:
    found = [match for match in _WORD.finditer(statement) if match.group() in _OTHER]
    if found and chance.random() < 0.5:
        match = chance.choice(found)
        return _placed(statement, match.start(), match.end(), _OTHER[match.group()])
    text = turned(statement, chance)
    if text:
        return Change(text=text)
    if not found:
        return None
    match = chance.choice(found)
    return _placed(statement, match.start(), match.end(), _OTHER[match.group()])


_CHANGES: dict[str, Callable[[str, Around, random.Random], Change | None]] = {
    "name": _name, "number": _number, "date": _date, "negation": _negation, "speaker": _speaker, "roles": _roles,
    "opposite": _opposite, "hedge": _hedge, "verb": _verb,
}  # fmt: skip


def _placed(statement: str, start: int, end: int, new: str) -> Change:
    return Change(text=statement[:start] + new + statement[end:], old=statement[start:end], new=new)


def _replaced(statement: str, old: str, new: str) -> Change:
    start = statement.index(old)
    return _placed(statement, start, start + len(old), new)


def _other_number(old: str, chance: random.Random, *, larger: bool = False) -> str:
    """One of the same shape: near or far, with its decimals and groups."""
    plain = old.lstrip("$€£")
    value, decimals = float(plain.replace(",", "")), len(plain.partition(".")[2])
    for _ in range(20):
        step = (
            chance.choice((1, 2, 3, 5, 10))
            if chance.random() < 0.5
            else value * chance.choice((0.1, 0.5, 1.0, 2.0, 9.0))
        )
        sign = 1 if larger else chance.choice((-1, 1))
        other = value + sign * step * (1 if decimals == 0 else chance.choice((0.1, 1)))
        if other > 0 and round(other, decimals) != value:
            return f"{other:{',' if ',' in plain else ''}.{decimals}f}"
    return f"{value + 1:.{decimals}f}"
