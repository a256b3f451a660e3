"""A language model's version of a follow-up, taken only where it says nothing that was not said before."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from rag.conversation import complete
from rag.errors import LLMError
from rag.prompts import defused, remembered
from rag.types import Turn
from rag.visible import visible
from rag.words import STOP_WORDS, content_words, names, numbers, stem, words

if TYPE_CHECKING:
    from llama_index.core.prompts import PromptTemplate

LONGEST = 300  # characters

_LABEL = re.compile(
    r"^(?:(?:the )?(?:re-?written |stand-?alone |last )?question(?: that stands alone)?\s*:\s*)", re.IGNORECASE
)
_REQUESTS = frozenset("list name give tell describe summarise summarize compare explain show find state".split())
_NO_QUESTION = re.compile(r"[<>\[\]{}`|\\]|://|\bwww\.|@")
_DENIES = re.compile(r"\b(?:not|never|no|nobody|none|nothing|without|cannot)\b|n[’']t\b", re.IGNORECASE)
_QUOTES = (("“", "”"), ('"', '"'), ("'", "'"), ("‘", "’"), ("«", "»"))


def standing_alone(
    question: str, history: Sequence[Turn], *, template: PromptTemplate, reply: Callable[[str], str]
) -> str:
    """Return the question as a model makes it stand alone, or as the rules do where that cannot be used.

    `reply` sends a prompt and returns what the model writes; its LLMError counts as nothing written. The model is not
    asked about a first question, nor about one that names somebody and that the rules leave as it is.
    """
    ruled = complete(question, history)
    begins_anew = ruled != question and question.endswith(ruled)
    if not history or begins_anew or (ruled == question and names(question)):
        return ruled
    try:
        written = reply(to_rewrite(template, question, history))
    except LLMError:
        return ruled
    return rewritten(written, question, history) or ruled


def to_rewrite(template: PromptTemplate, question: str, history: Sequence[Turn]) -> str:
    """Return the prompt that asks for a question that stands alone; no document goes into it."""
    return template.format(history=remembered(history), question=" ".join(defused(question).split()))


def rewritten(reply: str, question: str, history: Sequence[Turn]) -> str:
    """Return the question in a model's reply to `to_rewrite`; empty where it cannot be used.

    It is one line of at most 300 characters, asks for something, keeps the names and numbers of the question, and has
    no name, number or denial that neither the question nor a turn before holds.
    """
    text = _bare(reply)
    if not text or len(text) > LONGEST or "\n" in text or _NO_QUESTION.search(text):
        return ""
    first = words(text)[0] if words(text) else ""
    if not first or not (text.endswith("?") or first in _REQUESTS) or "?" in text[:-1]:
        return ""
    said = [question, *(part for turn in history for part in (turn.question, turn.answer))]
    sane = _keeps(text, question) and _adds_nothing(text, first, said) and not _repeats(text, question, history)
    return text if sane else ""


def _bare(reply: str) -> str:
    """The reply without a label before it and quotation marks around it."""
    text = _LABEL.sub("", visible(reply).strip()).strip()
    for opening, closing in _QUOTES:
        if len(text) > 1 and text.startswith(opening) and text.endswith(closing):
            return text[1:-1].strip()
    return text


def _keeps(text: str, question: str) -> bool:
    own = set(words(text))
    return set(names(question)) <= own and set(numbers(question)) <= set(numbers(text))


def _adds_nothing(text: str, first: str, said: Sequence[str]) -> bool:
    """Whether each name, number and denial was said before, and at least half of the other words."""
    known = {stem(word) for part in said for word in words(part)}
    named = {stem(name) for name in names(text)}
    if first not in STOP_WORDS | _REQUESTS:
        named.add(stem(first))
    if not named <= known:
        return False
    if not set(numbers(text)) <= {number for part in said for number in numbers(part)}:
        return False
    if _DENIES.search(text) and not any(_DENIES.search(part) for part in said):
        return False
    content = [stem(word) for word in content_words(text)]
    return 2 * sum(word in known for word in content) >= len(content)


def _repeats(text: str, question: str, history: Sequence[Turn]) -> bool:
    """Whether it only asks again what was asked before."""
    asked = words(text)
    return asked != words(question) and any(asked == words(turn.question) for turn in history)
