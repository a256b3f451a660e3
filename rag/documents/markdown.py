"""Markdown, kept as it is written: a reader of the text can tell its marks, and offsets stay those of the file."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

from rag.documents.encoding import decode
from rag.documents.extract import Extract, Offsets, clean_author, clean_title, newlines, one_line
from rag.documents.fields import day, names, words

# Only a short one: YAML takes time that grows faster than its length.
_FRONT_MATTER = re.compile(
    r"(?P<rule>---|\+\+\+)[ \t]*\n(?P<source>.{0,20000}?)\n(?:(?P=rule)|\.\.\.)[ \t]*(?:\n+|\Z)", re.DOTALL
)
# What begins with a key between two rules is front matter, even where it is no YAML.
_KEY = re.compile(r"(?:[ \t]*(?:#.*)?\n)*[\w-]+[ \t]*[:=](?:\s|\Z)")
_BROKEN = "its front matter is not valid YAML: it stays in the text, and no title, date or author was taken from it"
_DAYS = ("date", "published", "publishdate", "published_at", "date_published", "pubdate", "created")
_CHANGES = ("updated", "lastmod", "last_modified", "modified", "date_modified", "last_updated", "updated_at")
_AUTHORS = ("author", "authors", "byline", "by")
_OUTLETS = ("outlet", "source", "publisher", "publication", "newspaper", "site")
_PROSE = ("subtitle", "description", "summary", "abstract", "excerpt", "standfirst", "lead", "dek")


def read(data: bytes) -> Extract:
    decoded, gaps = decode(data)
    whole = newlines(decoded)
    front = _FRONT_MATTER.match(whole)
    meta = _mapping(front["source"], toml=front["rule"] == "+++") if front else None
    broken = front is not None and meta is None and _KEY.match(front["source"]) is not None
    body = whole[front.end() :] if front and meta is not None else whole
    meta = meta or {}
    text = _led(body, meta)
    headings, title = heading_offsets(text, front.end() if front and broken else len(text) - len(body))
    return Extract(
        text=text,
        title=clean_title(words(meta.get("title"))) or title,
        date=_first(meta, _DAYS, day),
        updated=_first(meta, _CHANGES, day),
        author=clean_author(_first(meta, _AUTHORS, names)),
        outlet=clean_author(_first(meta, _OUTLETS, names)),
        headings=headings,
        gaps=(*gaps, *([_BROKEN] if broken else []), *_unread(meta)),
    )


def _mapping(source: str, *, toml: bool) -> dict[str, Any] | None:
    """Front matter by keys in lower case; None where it is no mapping, so that it belongs to the text."""
    import tomllib

    import yaml

    try:
        meta = tomllib.loads(source) if toml else yaml.safe_load(source)
    except (yaml.YAMLError, ValueError, RecursionError):  # ValueError: a date such as 2025-02-30
        return None
    if not isinstance(meta, dict):
        return None
    return {str(key).lower(): value for key, value in meta.items() if isinstance(key, str)}


def _first(meta: dict[str, Any], wanted: tuple[str, ...], how: Any) -> Any:
    return next(filter(None, (how(meta[key]) for key in wanted if key in meta)), None)


def _led(body: str, meta: dict[str, Any]) -> str:
    """The text below what front matter says in sentences, where the text itself does not."""
    said = (words(meta.get(key)).strip() for key in _PROSE)
    return "".join(f"{text}\n\n" for text in said if text and text not in body) + body


def _unread(meta: dict[str, Any]) -> tuple[str, ...]:
    known = {"title", *_DAYS, *_CHANGES, *_AUTHORS, *_OUTLETS, *_PROSE}
    rest = [one_line(key)[:40] for key, value in meta.items() if key not in known and value not in (None, "", [], {})]
    return (f"front matter not read: {', '.join(rest)}",) if rest else ()


def heading_offsets(text: str, begin: int = 0) -> tuple[tuple[Offsets, ...], str]:
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
