"""How the dense and the lexical score of a passage become one: a weighted sum, tuned on training questions."""

from __future__ import annotations

import re
from collections.abc import Mapping

from rag.words import content_words

_LONG_NUMBER = re.compile(r"[1-9][0-9]{3,14}")
_NAME = re.compile(r"\b(?:US|WHO|IT)\b|(?<=\w )(?:May|Will)\b")
_OTHER_LETTERS = re.compile(r"\w*[łøđðıæœþ]\w*")
DENSE_WEIGHT = 0.6  # of 0.3 … 0.7 the best MRR on questions of the training set


def query_words(query: str) -> str:
    """The words of a query that are worth matching: without stop words, unless nothing else is there.

    A number of four digits or more is given in both spellings: 40000 and 40,000; so is a word with a letter that has no
    accent to lose: Łódź. "US" and "May" are no stop words where they are written as names.
    """
    found = content_words(query)
    grouped = [f"{int(word):,}" for word in found if _LONG_NUMBER.fullmatch(word)]
    written = [] if query.isupper() else [word.lower() for word in _NAME.findall(query)]
    return " ".join([*found, *grouped, *written, *_OTHER_LETTERS.findall(query.lower())]) or query


def fuse(dense: Mapping[int, float], lexical: Mapping[int, float], *, weight: float = DENSE_WEIGHT) -> dict[int, float]:
    """Passage id to `weight` x cosine + (1 - `weight`) x BM25 over the best BM25, in [-1, 1].

    A convex combination (Bruch et al. 2023); a passage that the lexical search did not return scores 0 there.
    """
    top = max(lexical.values(), default=0.0)
    return {
        i: weight * dense.get(i, 0.0) + (1 - weight) * (lexical.get(i, 0.0) / top if top > 0 else 0.0)
        for i in dense.keys() | lexical.keys()
    }
