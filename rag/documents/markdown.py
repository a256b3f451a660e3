"""Markdown, kept as it is written: a reader of the text can tell its marks, and offsets stay those of the file."""

from __future__ import annotations

import re
from datetime import date
from itertools import pairwise
from typing import Any

from rag.documents.dates import iso_date
from rag.documents.encoding import decode
from rag.documents.extract import Extract, Offsets, clean_author, clean_title, newlines, one_line

# Only a short one: YAML takes time that grows faster than its length.
_FRONT_MATTER = re.compile(r"---[ \t]*\n(?P<yaml>.{0,20000}?)\n(?:---|\.\.\.)[ \t]*(?:\n+|\Z)", re.DOTALL)
# What begins with a key between two rules is front matter, even where it is no YAML.
_KEY = re.compile(r"(?:[ \t]*(?:#.*)?\n)*[\w-]+[ \t]*:(?:\s|\Z)")
_BROKEN = "its front matter is not valid YAML: it stays in the text, and no title, date or author was taken from it"


def read(data: bytes) -> Extract:
    decoded, gaps = decode(data)
    whole = newlines(decoded)
    front = _FRONT_MATTER.match(whole)
    meta = _mapping(front["yaml"]) if front else None
    broken = front is not None and meta is None and _KEY.match(front["yaml"]) is not None
    text = whole[front.end() :] if front and meta is not None else whole
    headings, title = _headings(text, front.end() if front and broken else 0)
    meta = meta or {}
    return Extract(
        text=text,
        title=clean_title(_scalar(meta.get("title"))) or title,
        date=iso_date(_scalar(meta.get("date"))),
        author=clean_author(_names(meta.get("author", meta.get("authors")))),
        headings=headings,
        gaps=(*gaps, _BROKEN) if broken else gaps,
    )


def _mapping(source: str) -> dict[str, Any] | None:
    """Front matter by keys in lower case; None where it is no YAML mapping, so that it belongs to the text."""
    import yaml

    try:
        meta = yaml.safe_load(source)
    except (yaml.YAMLError, ValueError, RecursionError):  # ValueError: a date such as 2025-02-30
        return None
    if not isinstance(meta, dict):
        return None
    return {str(key).lower(): value for key, value in meta.items() if isinstance(key, str)}


def _scalar(value: object) -> str:
    if isinstance(value, date):  # a datetime is one too
        return value.isoformat()
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


def _names(value: object) -> str:
    return ", ".join(filter(None, map(_scalar, value))) if isinstance(value, list) else _scalar(value)


def _headings(text: str, begin: int = 0) -> tuple[tuple[Offsets, ...], str]:
    """Offsets of the lines of each heading from a line's `begin` on, and the words of the first."""
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark")
    starts = [begin, *(match.end() for match in re.compile("\n").finditer(text, begin)), len(text)]
    headings: list[Offsets] = []
    title = ""
    tokens = parser.disable("inline").parse(text[begin:])  # block structure is all that offsets need
    for opening, content in pairwise(tokens):
        if opening.type != "heading_open" or opening.map is None or not content.content.strip():
            continue
        first, after = opening.map
        start, end = starts[first], starts[min(after, len(starts) - 1)]
        indent = len(text[start:end]) - len(text[start:end].lstrip())
        headings.append((start + indent, start + len(text[start:end].rstrip())))
        title = title or _words(content.content)
    return tuple(headings), title


def _words(inline: str) -> str:
    """The text of an inline run without its marks."""
    from markdown_it import MarkdownIt

    tokens = MarkdownIt("commonmark").parseInline(inline)
    return one_line("".join(t.content if t.content else " " for token in tokens for t in token.children or ()
                            if t.type in ("text", "code_inline", "softbreak", "hardbreak")))  # fmt: skip
