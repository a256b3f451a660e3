"""Passages found that follow one another in their document are read as the one text that they are there."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rag.sentences import Offsets
from rag.types import Hit

_WORD = re.compile(r"(?<![^\W_])[^\W\d_]{2,}(?![^\W_])")  # of letters alone


@dataclass(frozen=True, slots=True)
class Stretch:
    """`text` begins at `start` of the document, and so do its `hits`; white space between them is blanks.

    `ranks` are the places of the hits in the list that they come from; `sentences` are offsets into `text`.
    """

    ranks: tuple[int, ...]
    hits: tuple[Hit, ...]
    start: int
    text: str
    sentences: tuple[Offsets, ...]

    @property
    def title(self) -> str:
        """Title and section, on a line each; a title without a word (a file called 7e7b543f) says nothing.

        The first passage of a section holds its heading and names none.
        """
        title = self.hits[0].title
        section = next((hit.section for hit in self.hits if hit.section), "")
        return "\n".join([title if _WORD.search(title) else "", section]).rstrip("\n")

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
    """Whether `other` is the very next passage, and of no other section: passages are numbered in document order."""
    same = (one.path, one.span.document_id) == (other.path, other.span.document_id)
    return same and other.passage_id == one.passage_id + 1 and one.section in ("", other.section)


def _stretch(ranks: Sequence[int], hits: Sequence[Hit]) -> Stretch:
    mine = tuple(hits[rank] for rank in ranks)
    start, text = mine[0].span.start, ""
    for hit in mine:
        text = text.ljust(hit.span.start - start) + hit.text
    return Stretch(
        ranks=tuple(ranks),
        hits=mine,
        start=start,
        text=text,
        sentences=tuple((first - start, last - start) for hit in mine for first, last in hit.sentences),
    )
