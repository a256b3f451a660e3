"""One record of a news dump: which of its fields are its text, its title, its days; dumps name them as they like."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from rag.documents.extract import Block, Extract, assemble, clean_author, clean_title, one_line
from rag.documents.fields import day, names, words
from rag.documents.hypertext import blocks, is_marked_up

Record = Mapping[str, Any]

# fmt: off
_TEXTS = (
    "fulltext", "maintext", "articletext", "articlebody", "bodytext", "fullarticle", "fullcontent", "body", "content",
    "contenthtml", "contenttext", "text", "article", "story", "plaintext", "cleanedtext", "cleantext", "rawtext",
    "transcript", "paragraphs", "selftext", "message",
)
_SHORT_TEXTS = ("description", "abstract", "summary", "leadparagraph", "lead", "excerpt", "snippet", "standfirst")
_TITLES = ("title", "headline", "webtitle", "articletitle", "heading", "subject", "name")
_DAYS = (
    "datepublished", "datepublish", "publishdate", "published", "publishedat", "publisheddate", "publicationdate",
    "firstpublished", "firstpublicationdate", "webpublicationdate", "publishedtime", "publisheddatetime", "pubdate",
    "date", "datetime", "issued", "seendate", "versioncreated", "createdat", "createdutc", "datecreated", "created",
    "timestamp", "time",
)
_CHANGES = (
    "datemodified", "datemodify", "dateupdated", "updated", "updatedat", "lastupdated", "updatedate", "modified",
    "modifiedat", "lastmodified", "modificationdate",
)
_AUTHORS = (
    "authors", "author", "byline", "bylines", "writers", "writer", "reporters", "reporter", "creator", "dccreator",
    "by",
)
_OUTLETS = (
    "outlet", "publisher", "publication", "newspaper", "newsoutlet", "sourcename", "sitename", "source", "agency",
    "site", "sourcedomain", "domain",
)
_WITHIN = ("source", "fields", "attributes", "article", "document", "doc", "news", "item", "node", "post", "data")
_SAYING = ("rendered", "text", "plain", "html", "value", "content", "body", "#text", "main")
# fmt: on
_PROGRAMS = frozenset(  # the last word of the names of fields that are for programs
    "id ids uuid guid hash md5 sha1 sha256 url urls uri link links href image images img thumbnail filename localpath "
    "slug etag lang language locale mimetype encoding timestamp".split()
)
_FETCHED = re.compile(r"download|crawl|scrape|fetch|retriev|harvest|ingest", re.IGNORECASE)
_WORD = re.compile(r"[A-Z]?[a-z]+\d*|[A-Z]+(?![a-z])\d*")
_ADDRESS = re.compile(r"(?:https?://|www\.|data:|/)\S*|[0-9a-f-]{16,}", re.IGNORECASE)
_PROSE_LENGTH = 120  # characters of a text that needs no title
_REPEATED = 40  # characters of a field that need not stand below the text that holds them
_DEEPEST = 50  # objects within objects
_DEEPEST_TEXT = 6
_MOST_NAMED = 20  # fields in a gap
_LONGEST_NAME = 60  # characters


@dataclass(slots=True)
class Unread:
    """What was left out.

    Fields that are for programs, by name, unless `programs` are read too; what stands around the records of a file
    without being prose; what is nested too deep.
    """

    programs: bool = False
    fields: Counter[str] = field(default_factory=Counter)
    around: list[str] = field(default_factory=list)
    deep: int = 0

    def gaps(self) -> Iterator[str]:
        named = [f"{one_line(name)[:_LONGEST_NAME]} ({count:,})" for name, count in self.fields.most_common()]
        if named:
            yield f"fields not read, which are for programs: {_few(named)}"
        if self.around:
            yield f"around its records, not read: {_few(self.around)}"
        if self.deep:
            yield f"values nested more than {_DEEPEST} deep not read: {self.deep:,}"


def _few(notes: list[str]) -> str:
    more = f" and {len(notes) - _MOST_NAMED:,} more" if len(notes) > _MOST_NAMED else ""
    return ", ".join(notes[:_MOST_NAMED]) + more


def key_of(name: str) -> str:
    """A field's name as dumps agree on it: "date_publish" and "datePublish" are one."""
    return re.sub(r"[\W_]+", "", name).lower()


def opened(value: Any) -> Record | None:
    """The fields of a record, from an object within it where that holds its text; None for what is no record."""
    if not isinstance(value, Mapping):
        return None
    inner = {key_of(name): name for name, own in value.items() if isinstance(own, Mapping)}
    views: list[Record] = [value]
    for key in _WITHIN:
        if key in inner:
            rest = {name: own for name, own in value.items() if name != inner[key]}
            views.append({**rest, **value[inner[key]]})
    return next((view for view in views if _is_record(view)), None)


def _is_record(fields: Record) -> bool:
    by_key = _by_key(fields)
    titles = [key for key in _TITLES if words(by_key.get(key)).strip()]
    text = _first(by_key, _TEXTS)[1]
    if text:
        return bool(titles) or len(text) >= _PROSE_LENGTH
    return bool(_first(by_key, _SHORT_TEXTS)[1]) and titles not in ([], ["name"])


def _by_key(fields: Record) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in fields.items():
        found.setdefault(key_of(name), value)
    return found


def _first(by_key: Mapping[str, Any], wanted: Iterable[str]) -> tuple[str, str]:
    """The first of the keys that holds prose, and the prose."""
    return next(((key, text) for key in wanted if (text := prose(by_key.get(key)))), ("", ""))


def prose(value: Any, depth: int = 0) -> str:
    """A text, a list of its paragraphs, or an object that holds one under a usual name."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, list) and depth < _DEEPEST_TEXT:
        return "\n\n".join(filter(None, (prose(item, depth + 1) for item in value)))
    if isinstance(value, Mapping) and depth < _DEEPEST_TEXT:
        return next(filter(None, (prose(value.get(key), depth + 1) for key in _SAYING)), "")
    return ""


def extracted(fields: Record, unread: Unread) -> Extract:
    """A record's document: its title, its text, and what else it says in words; the rest is noted in `unread`."""
    by_key = _by_key(fields)
    used, body = _first(by_key, (*_TEXTS, *_SHORT_TEXTS))
    title_key = next((key for key in _TITLES if words(by_key.get(key)).strip() and key != used), "")
    title = one_line(words(by_key.get(title_key)))
    found = {name: _taken(by_key, keys, how) for name, keys, how in _META}
    taken = [by_key.get(key) for key in (used, title_key, *(key for key, _ in found.values()))]
    main = blocks(body)[0] if is_marked_up(body) else [Block(body)]
    said = "\n".join(block.text for block in main)
    head = [Block(title, heading=True)] if title and not said.startswith(title) else []
    rest = {name: value for name, value in fields.items() if not any(value is one for one in taken if one is not None)}
    more = [block for block in lines(rest, unread) if not _repeats(block.text.partition(": ")[2], f"{title}\n{said}")]
    text, headings = assemble([*head, *main, *more])
    return Extract(
        text=text,
        title=clean_title(title),
        date=found["date"][1] or None,
        updated=found["updated"][1] or None,
        author=clean_author(found["author"][1]),
        outlet=clean_author(found["outlet"][1]),
        headings=headings,
    )


def _repeats(value: str, said: str) -> bool:
    return value in said if len(value) >= _REPEATED else value == said.partition("\n")[0]


_META = (("date", _DAYS, day), ("updated", _CHANGES, day), ("author", _AUTHORS, names), ("outlet", _OUTLETS, names))


def _taken(by_key: Mapping[str, Any], wanted: Iterable[str], how: Any) -> tuple[str, str]:
    """The first of the keys whose value can be taken for what is wanted, and what it says."""
    return next(((key, said) for key in wanted if (said := how(by_key.get(key)))), ("", ""))


def lines(value: Any, unread: Unread, path: str = "", depth: int = 0) -> Iterator[Block]:
    """What values say as lines that begin with their paths; a flat object in a list is a row."""
    if depth > _DEEPEST:
        unread.deep += 1
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            if not unread.programs and _is_for_programs(name, inner):
                unread.fields[name] += 1
            else:
                yield from lines(inner, unread, f"{path}.{name}" if path else name, depth + 1)
    elif isinstance(value, list) and any(isinstance(item, Mapping | list) for item in value):
        for number, item in enumerate(value):
            yield from _item(item, unread, f"{path}[{number}]", depth + 1)
    else:
        said = map(_scalar, value) if isinstance(value, list) else [_scalar(value)]
        if line := ", ".join(filter(None, said)):
            yield Block(f"{path}: {line}" if path else line)


def _item(item: Any, unread: Unread, path: str, depth: int) -> Iterator[Block]:
    values = item.values() if isinstance(item, Mapping) else [item]
    if any(isinstance(inner, Mapping | list) or len(_scalar(inner)) > _PROSE_LENGTH for inner in values):
        yield from lines(item, unread, path, depth)
    elif cells := [one_line(block.text) for block in lines(item, unread, "", depth)]:
        yield Block(" | ".join([path, *cells]), row=True)


def _scalar(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else "" if value is None else str(value).strip()


def _is_for_programs(name: str, value: Any) -> bool:
    """Whether a field is an identifier, an address, or tells of the day on which somebody fetched the record."""
    if isinstance(value, Mapping | list) or not _scalar(value):
        return False
    last = (_WORD.findall(name) or [""])[-1].lower()
    return (
        last in _PROGRAMS or name.startswith("_") or bool(_FETCHED.search(name) or _ADDRESS.fullmatch(_scalar(value)))
    )
