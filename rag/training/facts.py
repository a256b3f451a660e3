"""True statements of a document, and the sentences that carry each."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rag.sentences import sentences
from rag.training.data import Json
from rag.training.naming import names
from rag.training.recipe import SupportRecipe
from rag.training.rewording import REWORDINGS, named, together
from rag.training.statements import statement, tidy, with_answer
from rag.words import stems


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A true statement, the sentences `first` to `last` that carry it, and question and answer where they made it."""

    text: str
    first: int
    last: int
    made: str
    question: str = ""
    answer: str = ""


@dataclass(frozen=True, slots=True)
class Text:
    """A document in sentences."""

    id: str
    title: str
    text: str
    parts: list[str]
    starts: list[int]

    def sentence_at(self, offset: int) -> int:
        return max((i for i, start in enumerate(self.starts) if start <= offset), default=0)

    def premise(self, first: int, last: int) -> str:
        return " ".join(self.parts[first : last + 1])


def cut_up(document: Json) -> Text:
    text = document["text"]
    spans = [(a, b) for a, b in sentences(text) if b - a > 1]
    return Text(document["id"], document["title"], text, [tidy(text[a:b]) for a, b in spans], [a for a, _ in spans])


def asked(text: Text, questions: Sequence[Json], chance: random.Random, recipe: SupportRecipe) -> Iterator[Fact]:
    """Statements made from questions, with as many sentences before the answer's as their names need.

    Where no rule makes one, and now and then beside, the question itself with its answer.
    """
    for one in questions:
        if not one["answerable"] or not one["evidence"]:
            continue
        made = statement(one["question"], one["answers"][0])
        if not made or chance.random() < recipe.as_asked:
            made = with_answer(one["question"], one["answers"][0])
        at = text.sentence_at(one["evidence"][0]["start"])
        first = at
        needed = set(stems(" ".join(names(made, text.text)))) - set(stems(text.title))
        while first > max(0, at - 2) and not needed <= set(stems(text.premise(first, at))):
            first -= 1
        if needed <= set(stems(text.premise(first, at))):
            yield Fact(
                text=made, first=first, last=at, made="question", question=one["question"], answer=one["answers"][0]
            )
            others = (other for rewording in REWORDINGS if (other := rewording(made, chance)))
            if chance.random() < 0.5 and (other := next(others, "")):
                yield Fact(text=other, first=first, last=at, made="question")


def said(text: Text, chance: random.Random, recipe: SupportRecipe) -> Iterator[Fact]:
    """Statements made from the sentences of the document: as they stand, and in other words."""
    for i, sentence in enumerate(text.parts):
        if not 5 <= len(sentence.split()) <= 45 or not sentence.endswith((".", "!", '."', ".”")):
            continue
        if chance.random() < recipe.verbatim:
            yield Fact(text=sentence, first=i, last=i, made="verbatim")
        for rewording in REWORDINGS:
            if other := rewording(sentence, chance):
                again = chance.choice(REWORDINGS)(other, chance) if chance.random() < 0.3 else ""
                yield Fact(text=again or other, first=i, last=i, made=rewording.__name__)
        if i and (other := named(sentence, text.parts[i - 1], text.title)):
            yield Fact(text=other, first=i - 1, last=i, made="named")
        if i and chance.random() < recipe.together and (other := together(text.parts[i - 1], sentence)):
            yield Fact(text=other, first=i - 1, last=i, made="together")


def widened(text: Text, fact: Fact, chance: random.Random) -> tuple[int, int]:
    """The fact's sentences with neighbours: three at most."""
    first, last = fact.first, fact.last
    for _ in range(chance.choice((0, 0, 1, 1, 1, 2))):
        if last - first >= 2:
            break
        if chance.random() < 0.5:
            first = max(0, first - 1)
        else:
            last = min(len(text.parts) - 1, last + 1)
    return first, last


def needs_title(fact: Fact, premise: str) -> bool:
    """Whether a name of the statement stands in the title alone."""
    return not set(stems(" ".join(names(fact.text)))) <= set(stems(premise))
