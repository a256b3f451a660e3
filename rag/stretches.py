"""Passages found that follow one another in their document are read as the one text that they are there."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rag.sentences import Offsets
from rag.types import Hit

_WORD = re.compile(r"(?<![^\W_])[^\W\d_]{2,}(?![^\W_])")  # of letters alone
_SHORT = 10  # characters of a title that may say something without such a word: "MH17", "Q3 2024"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """A span that the network finds in a text, with its logit against no answer, and the logit of what was read at once
    being about the question."""

    start: int
    end: int
    score: float
    relevance: float


@dataclass(frozen=True, slots=True)
class Stretch:
    """`text` begins at `start` of the document, and so do its `hits`; white space between them is line breaks.

    `ranks` are the places of the hits in the list that they come from; `sentences` are offsets into `text`.
    """

    ranks: tuple[int, ...]
    hits: tuple[Hit, ...]
    start: int
    text: str
    sentences: tuple[Offsets, ...]

    @property
    def title(self) -> str:
        """Title and section, on a line each; the name of a file without a word ("000_7e7b543faa4bf352") is no title."""
        title, section = self.hits[0].title, self.hits[0].section
        if not section and len(self.hits) > 1:  # then it holds the heading itself
            section = self.hits[1].section
        return "\n".join([title if len(title) <= _SHORT or _WORD.search(title) else "", section]).rstrip("\n")

    def at(self, offset: int) -> int:
        """Which of the hits holds the character at an offset of `text`, as a place in `hits`."""
        return bisect_right([hit.span.start - self.start for hit in self.hits], offset) - 1


def joined(hits: Sequence[Hit]) -> list[Stretch]:
    """The hits in stretches as long as they get; each hit is in one."""
    order = sorted(range(len(hits)), key=lambda rank: (hits[rank].path, hits[rank].passage_id, rank))
    return [_stretch(ranks, hits) for ranks in _runs(order, hits)]


def _runs(order: Sequence[int], hits: Sequence[Hit]) -> Iterator[list[int]]:
    run: list[int] = []
    for rank in order:
        if run and not _follows(hits[run[-1]], hits[rank]):
            yield run
            run = []
        run.append(rank)
    if run:
        yield run


def _follows(one: Hit, other: Hit) -> bool:
    """Whether `other` is the very next passage (they are numbered in document order), and its section has begun.

    A passage without section is the first of one, then it begins with the heading, or stands in none.
    """
    same = (one.path, one.span.document_id) == (other.path, other.span.document_id)
    begun = one.section == other.section or (
        not one.section and " ".join(one.text.strip("#=- \n").split()).startswith(other.section)
    )
    return same and other.passage_id == one.passage_id + 1 and begun


def _stretch(ranks: Sequence[int], hits: Sequence[Hit]) -> Stretch:
    mine = tuple(hits[rank] for rank in ranks)
    start, text = mine[0].span.start, ""
    for hit in mine:
        text = text.ljust(hit.span.start - start, "\n") + hit.text
    return Stretch(
        ranks=tuple(ranks),
        hits=mine,
        start=start,
        text=text,
        sentences=tuple((first - start, last - start) for hit in mine for first, last in hit.sentences),
    )
