"""A question turned into its opposite, which the passage that answered it no longer answers, as a rule."""

from __future__ import annotations

import random
import re

_PAIRS = """
first last|largest smallest|biggest smallest|highest lowest|most least|greatest smallest|best worst|longest shortest
oldest newest|earliest latest|tallest shortest|strongest weakest|richest poorest|hottest coldest|fastest slowest
larger smaller|higher lower|greater lesser|better worse|longer shorter|older younger|earlier later|stronger weaker
more fewer|before after|early late|large small|good bad|strong weak|rich poor|wealthy poor|hot cold|fast slow
north south|east west|northern southern|eastern western|northeast southwest|northwest southeast|upper lower|above below
increase decrease|increased decreased|increasing decreasing|rise fall|rose fell|gain lose|gained lost|win lose|won lost
began ended|begins ends|start end|started ended|starts ends|opened closed|founded dissolved
support oppose|supported opposed|supports opposes|supporters opponents|accept reject|accepted rejected|agree disagree
agreed disagreed|allow forbid|allowed forbidden|permitted prohibited|include exclude|included excluded|add remove
added removed|create destroy|created destroyed|built demolished|arrive depart|arrived departed|enter leave
entered left|buy sell|bought sold|import export|imported exported|imports exports|love hate|attack defend
attacked defended|strengthen weaken|improve worsen|improved worsened|success failure|successful unsuccessful
succeeded failed|victory defeat|positive negative|advantage disadvantage|advantages disadvantages|benefits drawbacks
majority minority|maximum minimum|major minor|male female|men women|man woman|boys girls|father mother|son daughter
brother sister|public private|domestic foreign|internal external|inside outside|urban rural|ancient modern
popular unpopular|possible impossible|legal illegal|common rare|similar different|always never|friend enemy|peace war
"""
_OPPOSITE: dict[str, list[str]] = {}
for _pair in _PAIRS.replace("\n", "|").split("|"):
    if _pair:
        _one, _other = _pair.split()
        _OPPOSITE.setdefault(_one, []).append(_other)
        _OPPOSITE.setdefault(_other, []).append(_one)
_WORD = re.compile(r"[A-Za-z]+")
_VERB = re.compile(
    r"\b(?:is|are|was|were|do|does|did|has|had|can|could|would|should|will|must)\b(?!n't| not)", re.IGNORECASE
)
_NEGATED = {"can": "cannot", "will": "won't"}


def turned(question: str, chance: random.Random) -> str:
    """The question with one word replaced by its opposite; empty where it holds none that has one."""
    found = [
        match
        for match in _WORD.finditer(question)
        if match.group() in _OPPOSITE and not question[: match.start()].lower().endswith(("how ", "world "))
    ]
    if not found:
        return ""
    match = chance.choice(found)
    return question[: match.start()] + chance.choice(_OPPOSITE[match.group()]) + question[match.end() :]


def denied(question: str) -> str:
    """The question with its first auxiliary negated ("Who didn't …"); empty where it has none."""
    match = _VERB.search(question)
    if not match:
        return ""
    verb = match.group()
    return question[: match.start()] + _NEGATED.get(verb, f"{verb}n't") + question[match.end() :]
