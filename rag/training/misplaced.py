"""Statements that a premise does not carry, though they look so: of other sentences, wrongly joined, or with more."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence

from rag.training.changes import NUMBER, YEAR
from rag.training.data import Json
from rag.training.facts import Fact, Text, widened
from rag.training.naming import listed, names
from rag.training.pair_arrays import Pair
from rag.training.recipe import SupportRecipe
from rag.training.rewording import together
from rag.training.statements import statement, with_answer
from rag.training.verbs import is_finite
from rag.words import stems

_TAIL = re.compile(
    r" (?:in|at|by|after|because|before|during|with|from|for|despite|since|under|on|to)\b [^,.;()\"]{5,60}(?=\.$)"
)


def with_tail(fact: Fact, facts: Sequence[Fact], premise: str, chance: random.Random) -> str:
    """The statement with the end of another, or all of another, that the premise does not hold."""
    if not fact.text.endswith("."):
        return ""
    others = [one for one in facts if one.first > fact.last + 1 or one.last < fact.first - 1]
    for other in chance.sample(others, min(4, len(others))):
        if chance.random() < 0.3:
            if (whole := together(fact.text, other.text)) and _foreign(other.text, premise):
                return whole
        elif (tail := _TAIL.search(other.text)) and _foreign(tail.group(), premise):
            return f"{fact.text[:-1]}{tail.group()}."
    return ""


def _foreign(text: str, premise: str) -> bool:
    """Whether at least half of the words of a text, and two, stand nowhere in the premise."""
    own = set(stems(text))
    missing = own - set(stems(premise))
    return len(missing) >= 2 and 2 * len(missing) >= len(own)


def elsewhere(text: Text, fact: Fact, chance: random.Random) -> str:
    """One to three other sentences of the document: those of a few that share most with the statement."""
    own = set(stems(fact.text))
    wanted = set(stems(fact.answer or " ".join(names(fact.text) + NUMBER.findall(fact.text)))) or own
    found = []
    for _ in range(6):
        first = chance.randrange(len(text.parts))
        last = min(len(text.parts) - 1, first + chance.choice((0, 0, 1, 1, 2)))
        if first <= fact.last and last >= fact.first:
            continue
        premise = text.premise(first, last)
        held = set(stems(premise))
        if not wanted <= held and len(own & held) < 0.75 * len(own):
            found.append((len(own & held), premise))
    return max(found)[1] if found else ""


def joined(text: Text, chance: random.Random) -> tuple[str, str] | None:
    """What one sentence says of its subject, said of that of a sentence nearby; and the premise with both."""
    for _ in range(4):
        first = chance.randrange(len(text.parts))
        last = min(len(text.parts) - 1, first + chance.choice((1, 2)))
        halves = [half for i in range(first, last + 1) if (half := _halves(text.parts[i]))]
        if len(halves) < 2:
            continue
        (one, _), (other, says) = chance.sample(halves, 2)
        own = set(stems(one))
        if (
            own
            and not own & set(stems(f"{other} {says} {text.title}"))
            and not set(stems(other)) & set(stems(text.title))
        ):
            return f"{one} {says}", text.premise(first, last)
    return None


def _halves(sentence: str) -> tuple[str, str] | None:
    """A short subject and its predicate."""
    words = sentence.split()
    at = next((i for i, word in enumerate(words) if is_finite(word)), -1)
    subject = words[:at]
    if not 1 <= at <= 7 or any(
        "," in word or '"' in word or word in ("that", "who", "which", "to") for word in subject
    ):
        return None
    if subject[0] in (
        "It",
        "He",
        "She",
        "They",
        "This",
        "These",
        "There",
        "That",
        "Those",
        "We",
        "You",
        "In",
        "As",
        "However",
    ):
        return None
    if len(words) - at < 4 or len(words) > 40:
        return None
    return " ".join(subject), " ".join(words[at:])


def unanswerable(text: Text, questions: Sequence[Json], chance: random.Random, recipe: SupportRecipe) -> Iterator[Pair]:
    """Questions that people wrote to look answerable, with an answer that looks right."""
    answerable = [one for one in questions if one["answerable"] and one["evidence"]]
    for one in questions:
        if one["answerable"] or one["meta"].get("kind", "unans") != "unans":
            continue
        answer, at = _plausible(text, one["question"], answerable, chance)
        if not answer:
            continue
        made = statement(one["question"], answer)
        if not made or chance.random() < recipe.as_asked:
            made = with_answer(one["question"], answer)
        first, last = widened(text, Fact(text=made, first=at, last=at, made="question"), chance)
        yield Pair(
            claim=made, title=text.title, premise=text.premise(first, last), label="not found", kind="unanswerable",
            made="question", document=text.id,
        )  # fmt: skip


def _plausible(text: Text, question: str, answerable: Sequence[Json], chance: random.Random) -> tuple[str, int]:
    """The answer of the question most like it, or an expression of the kind asked for, and its sentence."""
    own, wh = set(stems(question)), question.lower().split()[0]
    best = max(answerable, key=lambda one: len(own & set(stems(one["question"]))), default=None)
    if best and best["question"].lower().split()[0] == wh and len(own & set(stems(best["question"]))) >= 2:
        return best["answers"][0], text.sentence_at(best["evidence"][0]["start"])
    pattern = {"when": YEAR, "how": NUMBER}.get(wh)
    near = max(range(len(text.parts)), key=lambda i: len(own & set(stems(text.parts[i]))))
    found = pattern.findall(text.parts[near]) if pattern else names(text.parts[near], text.text)
    found = [one for one in found if one.lower() not in question.lower()]
    return (chance.choice(found), near) if found else ("", 0)


def crossed(text: Text, fact: Fact, facts: Sequence[Fact], chance: random.Random) -> tuple[str, str] | None:
    """The question of a statement with the answer of another nearby; and the premise with both."""
    if not fact.question or _shape(fact.answer)[0] == "words":
        return None
    fitting = [
        one for one in facts
        if one.answer and _shape(one.answer) == _shape(fact.answer)
        and max(one.last, fact.last) - min(one.first, fact.first) <= 2
        and not set(stems(one.answer)) & set(stems(fact.text))
    ]  # fmt: skip
    if not fitting:
        return None
    alike = [one for one in fitting if one.question.lower().split()[0] == fact.question.lower().split()[0]]
    other = chance.choice(alike or fitting)
    premise = text.premise(min(one.first for one in (fact, other)), max(one.last for one in (fact, other)))
    if listed(fact.answer, other.answer, premise):
        return None
    as_asked = fact.text == with_answer(fact.question, fact.answer)
    made = (with_answer if as_asked else statement)(fact.question, other.answer)
    return (made, premise) if made else None


def _shape(answer: str) -> tuple[str, int]:
    first = answer[:1]
    kind = "number" if any(c.isdigit() for c in answer) else "name" if first.isupper() else "words"
    return kind, min(3, 1 + len(answer.split()) // 2)
