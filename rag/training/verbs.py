"""The forms of English verbs: what a question's bare verb becomes in a statement, and back."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

VERBS = Path(__file__).parent / "verbs.txt"  # bare verbs: words that follow "to", "did" and "will" in the training data
BE = frozenset({"is", "are", "was", "were"})
AUXILIARIES = BE | {"has", "have", "had", "can", "could", "will", "would", "should", "may", "might", "must"}

# bare, past, participle
_IRREGULAR = """
arise arose arisen|awake awoke awoken|be was been|bear bore borne|beat beat beaten
become became become|begin began begun
bend bent bent|bet bet bet|bind bound bound|bite bit bitten|bleed bled bled|blow blew blown|break broke broken
breed bred bred|bring brought brought|build built built|burst burst burst|buy bought bought|cast cast cast
catch caught caught|choose chose chosen|come came come|cost cost cost|cut cut cut|deal dealt dealt|dig dug dug
do did done|draw drew drawn|drink drank drunk|drive drove driven|eat ate eaten|fall fell fallen|feed fed fed
feel felt felt|fight fought fought|find found found|flee fled fled|fly flew flown|forbid forbade forbidden
forget forgot forgotten|forgive forgave forgiven|freeze froze frozen|get got gotten|give gave given|go went gone
grind ground ground|grow grew grown|hang hung hung|have had had|hear heard heard|hide hid hidden|hit hit hit
hold held held|hurt hurt hurt|keep kept kept|know knew known|lay laid laid|lead led led|leave left left|lend lent lent
let let let|lie lay lain|light lit lit|lose lost lost|make made made|mean meant meant|meet met met|mislead misled misled
overcome overcame overcome|override overrode overridden|oversee oversaw overseen|overtake overtook overtaken
overthrow overthrew overthrown|partake partook partaken|pay paid paid|put put put|quit quit quit|read read read
rebuild rebuilt rebuilt|retake retook retaken|ride rode ridden|ring rang rung|rise rose risen|run ran run|say said said
see saw seen|seek sought sought|sell sold sold|send sent sent|set set set|shake shook shaken|shed shed shed
shine shone shone|shoot shot shot|show showed shown|shrink shrank shrunk|shut shut shut|sing sang sung|sink sank sunk
sit sat sat|sleep slept slept|slide slid slid|speak spoke spoken|spend spent spent|spin spun spun|split split split
spread spread spread|stand stood stood|steal stole stolen|stick stuck stuck|strike struck struck|strive strove striven
swear swore sworn|sweep swept swept|swim swam swum|swing swung swung|take took taken|teach taught taught
tear tore torn|tell told told|think thought thought|throw threw thrown|undergo underwent undergone
understand understood understood|undertake undertook undertaken|uphold upheld upheld|wake woke woken|wear wore worn
weave wove woven|win won won|withdraw withdrew withdrawn|withhold withheld withheld|withstand withstood withstood
write wrote written
"""
_ROWS = [row.split() for row in _IRREGULAR.strip().replace("\n", "|").split("|")]
_PAST = {bare: past for bare, past, _ in _ROWS}
_PARTICIPLE = {bare: participle for bare, _, participle in _ROWS}
PARTICIPLES = frozenset(participle for *_, participle in _ROWS) - {"come", "run", "set", "put", "read"}
_DOUBLED = re.compile(r"[^aeiou]*[aeiou][bdgklmnprt]")  # "stop", not "visit"
_ALSO_DOUBLED = frozenset(
    """occur refer admit permit commit transfer control compel expel rebel prefer submit emit defer patrol regret deter
    infer equip ban""".split()
)


@cache
def bare_verbs() -> frozenset[str]:
    return frozenset(VERBS.read_text(encoding="utf-8").split()) | frozenset(_PAST)


def past(bare: str) -> str:
    """ "met" of "meet", "visited" of "visit"."""
    if bare in _PAST:
        return _PAST[bare]
    if bare.endswith("e"):
        return f"{bare}d"
    if bare.endswith("y") and bare[-2:-1] not in "aeiou":
        return f"{bare[:-1]}ied"
    if bare in _ALSO_DOUBLED or (_DOUBLED.fullmatch(bare) and bare[-1] not in "wxy"):
        return f"{bare}{bare[-1]}ed"
    return f"{bare}ed"


def participle(bare: str) -> str:
    """ "written" of "write", "visited" of "visit"."""
    return _PARTICIPLE.get(bare) or past(bare)


def present(bare: str) -> str:
    """ "meets" of "meet", "goes" of "go"."""
    if bare in ("have", "be"):
        return {"have": "has", "be": "is"}[bare]
    if bare.endswith(("s", "x", "z", "ch", "sh", "o")):
        return f"{bare}es"
    return f"{bare[:-1]}ies" if bare.endswith("y") and bare[-2:-1] not in "aeiou" else f"{bare}s"


@cache
def bare_of_past() -> dict[str, str]:
    """ "meet" of "met"; without pasts that are bare verbs too ("put", "lay")."""
    known = bare_verbs()
    return {past(bare): bare for bare in sorted(known) if past(bare) not in known and bare != "be"}


@cache
def bare_of_participle() -> dict[str, str]:
    return {participle(bare): bare for bare in sorted(bare_verbs()) if bare != "be"}


@cache
def bare_of_present() -> dict[str, str]:
    return {present(bare): bare for bare in sorted(bare_verbs()) if bare != "be"}


def is_participle(word: str) -> bool:
    """Whether a word looks like one: "founded", "written", "known"."""
    return word in PARTICIPLES or (len(word) > 4 and word.endswith("ed") and word != "united")


def is_finite(word: str) -> bool:
    """Whether a word alone may make a sentence of its clause: an auxiliary, "met", "meets"."""
    return word in AUXILIARIES or word in ("did", "does") or word in bare_of_past() or word in bare_of_present()
