"""What looks like a name in a text, and whether two of them are one."""

from __future__ import annotations

import re
from functools import lru_cache

from rag.words import DAYS, MONTHS

NAME = re.compile(r"\b[A-Z][\w’-]*[a-zA-Z](?:\.?(?: (?:of|de|van|von|al|bin|the) (?=[A-Z])| )[A-Z][\w’-]*[a-zA-Z])*")
_NO_NAMES = frozenset(
    """The A An In On At It He She They His Her Their Its This That These Those There However Although While When As By
    For From With After Before During Since Under Over And But Or If Not No Some Many Most Several Other Both Each All
    According One Two Three Its Such Also To Of Into What Which Who Where Why How Because Despite Until Through Another
    Following Later Today Then Thus Therefore Unlike Like Between Within Among Additionally Furthermore Moreover
    Meanwhile Once Every Any More Only Even Still Yet So Our We You I My Your""".split()
) | frozenset(MONTHS) | frozenset(DAYS)  # fmt: skip
_BESIDE = re.compile(
    r"(?:[\s,()\"'’&/–-]|(?:and|or|the|of|in|an|a|as well as|also|known as|called|formerly|now|s)\b|[A-Z][\w’.-]*+)*+"
)


@lru_cache(maxsize=256)
def names(text: str, known: str = "") -> list[str]:
    """What looks like a name in a text, without words that only open its sentences and are not `known` as names."""
    found = []
    for match in NAME.finditer(text):
        words = match.group().split(" ")
        while words and words[0] in _NO_NAMES:
            words = words[1:]
        while words and words[-1] in _NO_NAMES:
            words = words[:-1]
        if not words or (len(words) == 1 and _opens(text, match.start()) and not _elsewhere(words[0], known or text)):
            continue
        found.append(" ".join(words).rstrip("."))
    return found


def is_other(one: str, old: str, statement: str) -> bool:
    """Whether a name is not the old one by another form, nor in the statement already."""
    words, olds = set(one.lower().split()), set(old.lower().split())
    initials = "".join(word[0] for word in one.split()).lower(), "".join(word[0] for word in old.split()).lower()
    stems = {word[:4] for word in words} & {word[:4] for word in olds}
    return (
        not words & olds
        and not stems
        and one not in statement
        and old.lower() != initials[0]
        and one.lower() != initials[1]
    )


def listed(one: str, other: str, text: str) -> bool:
    """Whether two names stand side by side, and what is said of one may hold of both: lists, places, aliases."""
    a, b = text.find(one), text.find(other)
    if min(a, b) < 0:
        return False
    between = text[a + len(one) : b] if a < b else text[b + len(other) : a]
    return len(between) < 90 and _BESIDE.fullmatch(between) is not None


def alike(one: str, old: str) -> bool:
    return abs(len(one.split()) - len(old.split())) <= 1 and one.isupper() == old.isupper()


def _opens(text: str, at: int) -> bool:
    return at == 0 or text[:at].rstrip()[-1:] in '.!?"“:;('


def _elsewhere(word: str, text: str) -> bool:
    """Whether a word that opens a sentence is written as a name within another, or by its form is one."""
    return re.search(rf"(?<=[a-z,] ){re.escape(word)}\b", text) is not None or not word[1:].islower()
