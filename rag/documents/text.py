"""Plain text. The first lines of a news text tell its headline, outlet, date and author; all stay in the text."""

from __future__ import annotations

import re

from rag.documents.dates import date_in_line
from rag.documents.encoding import decode
from rag.documents.extract import Extract, Offsets, newlines

_HEADLINE_LENGTH = 150  # characters
_NAME = r"[^\W\d_a-z][^\W\d_]*[\w.'’-]*"
_BYLINE = re.compile(
    rf"(?:By|BY|Author:|Written by):? (?P<name>{_NAME}(?: (?:{_NAME}|and|&|de|del|van|von|der|den|bin|al|la)){{0,8}})"
    r"(?:,? \(?(?:in|at|for) .{1,60}|\s*[,|–—-].{0,79}[^.])?"
)


def read(data: bytes) -> Extract:
    text, gaps = decode(data)
    text = newlines(text)
    lines = _first_lines(text, 4)
    headline = _headline(text, lines)
    below = [text[start:end] for start, end in (lines[1:] if headline else lines)]
    return Extract(
        text=text,
        title=text[slice(*headline)] if headline else "",
        date=next(filter(None, (date_in_line(text[start:end]) for start, end in lines[:3])), None),
        author=next((match["name"] for line in below if (match := _BYLINE.fullmatch(line))), None),
        headings=(headline,) if headline else (),
        gaps=gaps,
    )


def _first_lines(text: str, count: int) -> list[Offsets]:
    """Offsets of the first `count` lines that hold text, without outer white space."""
    lines: list[Offsets] = []
    for match in re.finditer(r"\S.*", text):
        lines.append((match.start(), match.start() + len(match.group().rstrip())))
        if len(lines) == count:
            break
    return lines


def _headline(text: str, lines: list[Offsets]) -> Offsets | None:
    """The first line, if it is short, no sentence, and stands apart from the text below or above a byline."""
    if len(lines) < 2:
        return None
    first, (next_start, next_end) = lines[0], lines[1]
    line, below = text[slice(*first)], text[next_start:next_end]
    apart = text.count("\n", first[1], next_start) > 1 or _BYLINE.fullmatch(below) or date_in_line(below)
    titled = len(line) <= _HEADLINE_LENGTH and line[-1] not in ".,;:" and any(map(str.isalpha, line))
    return first if titled and apart and not date_in_line(line) and not _BYLINE.fullmatch(line) else None
