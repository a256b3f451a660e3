"""What is shown of a reading: which candidates, in how many words, and how an answer grows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import get_close_matches

from rag.conversation import last_question
from rag.reader import Candidate, says_the_same
from rag.types import Answer, Hit
from rag.words import words

STEPS = 20  # partial answers of one that has many statements
ALSO = 0.5  # a further place is shown where its score is at most this far below the best
AGREES = 2.0  # the same, where another document gives the same answer
ALIKE = 0.8  # share of two spellings that is the same, from which one may be meant by the other

_PLURAL = r"(?:people|children|(?:wo)?men|(?-i:[a-z])\w{2,}[^\Wsu]s)"  # "parties", not "bus", "class" or "Texas"
_SEVERAL = re.compile(
    r"^\W*(?:(?:in|to|between|from|of|by|for|at|on|with) )?"
    r"(?:list (?:all|the|every)|who else|(?:who|what|which) (?:all|are|were)|"
    rf"name (?:all|the (?:\w+ )?{_PLURAL})|which {_PLURAL}|"
    r"(?:what|which|name) (?:\w+ )?(?:two|three|four|five|six|seven|eight|nine|ten)|"
    rf"(?:what|which) (?:\w+ ){{0,2}}{_PLURAL} (?:are|were|do|did|have|had|will|would|can|could))\b",
    re.IGNORECASE,
)
_NAME = re.compile(r"\b[^\W\d_a-z]\w+")
_ARTICLES = {"a", "an", "the"}


def to_show(candidates: Sequence[Candidate]) -> list[Candidate]:
    """The best candidate, those about as good, and other documents that give the same answer; best first."""
    best = candidates[0]

    def near(one: Candidate) -> bool:
        agrees = one.path != best.path and says_the_same(one.short, best.short)
        return one.score >= best.score - (AGREES if agrees else ALSO)

    return [one for one in candidates if near(one)]


def in_short(question: str, shorts: Sequence[str]) -> str:
    """The best short answer; all that differ where the question asks for several."""
    several = asks_for_several(question)
    told: dict[frozenset[str], str] = {}
    for short in shorts if several else shorts[:1]:
        told.setdefault(frozenset(words(short)) - _ARTICLES, short)
    return "; ".join(told.values())


def asks_for_several(question: str) -> bool:
    """Whether a question wants a list: "Which three …", "Who else …"."""
    return bool(_SEVERAL.search(last_question(question)))


def alike(word: str, hits: Sequence[Hit]) -> list[str]:
    """The name in the passages that is spelled nearly like a word, if there is one: "Zelensky" for "Zelenskyy"."""
    written = {name for hit in hits for name in _NAME.findall(f"{hit.title} {hit.text}")}
    return get_close_matches(word, sorted(written), n=1, cutoff=ALIKE)


def growing(answer: Answer) -> Iterator[Answer]:
    """The partial answers before it: one statement more each time, and of very many a few at once."""
    statements = len(answer.statements)
    for number in range(1, statements, max(1, statements // STEPS)):
        yield Answer(
            question=answer.question, statements=answer.statements[:number], short=answer.short,
            confidence=answer.confidence, answered_by=answer.answered_by, notes=answer.notes, config=answer.config,
            complete=False,
        )  # fmt: skip
