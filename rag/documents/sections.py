"""Named stretches of one text, such as the chapters of a book: joined into it, with the offset at which each begins."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from rag.documents.extract import Block, Offsets, assemble


class Joined(NamedTuple):
    """Fields as in `Extract`."""

    text: str
    headings: tuple[Offsets, ...]
    parts: tuple[tuple[int, str], ...]


def joined(sections: Iterable[tuple[str, Iterable[Block]]]) -> Joined:
    """Join the blocks of all sections; one without text has no part, nor has one that goes on under the same name."""
    texts: list[str] = []
    headings: list[Offsets] = []
    parts: list[tuple[int, str]] = []
    length = 0
    for name, blocks in sections:
        text, own = assemble(blocks)
        if not text:
            continue
        if texts:
            length += 2
        if not parts or parts[-1][1] != name:
            parts.append((length, name))
        headings += [(length + start, length + end) for start, end in own]
        texts.append(text)
        length += len(text)
    return Joined("\n\n".join(texts), tuple(headings), tuple(parts))
