"""XML of any kind: feeds and news items as documents, pages by their own reader, all else the text of its elements."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Iterator
from typing import Any

from rag.documents import html
from rag.documents.archive import xml
from rag.documents.extract import Block, Extract, Member, assemble, clean_author, clean_title, one_line
from rag.documents.fields import day, step
from rag.documents.hypertext import blocks, is_marked_up
from rag.documents.record import Unread, extracted

_FEEDS = ("rss", "feed", "RDF")
_NEWS = ("nitf", "newsItem", "NewsItem")
_ENTRIES = ("item", "entry")
_TITLES = ("title", "head", "heading", "headline", "HeadLine", "hl1", "h1", "h2", "h3", "h4", "h5", "h6", "caption")
_HEADLINES = ("hl1", "headline", "HeadLine", "title")
_BYLINES = ("byline", "ByLine", "by")
_PUBLISHED = ("date.issue", "story.date", "contentCreated", "FirstCreated", "DateId", "versionCreated")
_CHANGED = ("versionCreated", "ThisRevisionCreated")
_BODIES = ("body.content", "inlineXML", "DataContent", "inlineData", "body")
_HOUSES = ("provider", "Provider", "copyrightHolder", "publisher")
_VALUE_LENGTH = 120  # characters; a longer one is a text
_HTML = {"hl1": "h1", "hl2": "h2", "hl3": "h3", "hl4": "h4"}  # by names of NITF
_RENAMED = {"encoded": "content", "pubDate": "published", "creator": "author"}


def read(data: bytes) -> Extract:
    root = xml(data)
    name = _local(root)
    if name == "html":
        return html.read(data)
    if name in _FEEDS and (entries := [one for one in root.iter() if _local(one) in _ENTRIES]):
        return _feed(root, entries)
    items = [root] if name in _NEWS else [one for one in root.iter() if _local(one) in _NEWS and not _inside_news(one)]
    if len(items) == 1:
        return _news(items[0])
    if items:
        news = [_news(item) for item in items]
        members = tuple(Member(f"{n:04d} {_named(one) or 'item'}", one) for n, one in enumerate(news, start=1))
        return Extract(text="", members=members)
    counts: Counter[str] = Counter()
    text, headings = assemble(_blocks(root, counts))
    gaps = (f"attributes of its elements not read: {counts.total():,}",) if counts else ()
    return Extract(text=text, headings=headings, gaps=gaps)


def _inside_news(element: Any) -> bool:
    return any(_local(one) in _NEWS for one in element.iterancestors())


# Feeds


def _feed(root: Any, entries: list[Any]) -> Extract:
    """A feed's entries as documents; its own title is the outlet of those that name none."""
    channel = next((one for one in root.iter() if _local(one) in ("channel", "feed")), root)
    outlet = one_line(next((_whole(child) for child in channel if _local(child) == "title"), ""))
    unread = Unread()
    members = []
    for number, entry in enumerate(entries, start=1):
        fields = _fields(entry)
        fields.setdefault("outlet", outlet)
        extract = extracted(fields, unread)
        members.append(Member(f"{number:04d} {_named(extract) or 'entry'}", extract))
    gaps = (*unread.gaps(), "what the feed says of itself beyond its title is not read")
    return Extract(text="", title=clean_title(outlet), members=tuple(members), gaps=gaps)


def _fields(entry: Any) -> dict[str, Any]:
    """The elements of an entry by name; those that stand in it more than once as a list."""
    found: dict[str, list[str]] = {}
    for child in entry:
        name = _RENAMED.get(_local(child), _local(child))
        value = next((_whole(one) for one in child if _local(one) in ("name", "title")), "") or _markup(child)
        if value := value.strip() or child.get("term", ""):
            found.setdefault("outlet" if name == "source" else name, []).append(value)
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}


def _markup(element: Any) -> str:
    """The text of an entry's element, which may hold HTML, or name it in its text."""
    text = _html(element) if len(element) else element.text or ""
    return "\n\n".join(block.text for block in blocks(text)[0]) if is_marked_up(text) else text


def _html(element: Any) -> str:
    """The inside of an element as HTML."""
    from lxml import etree

    inner = copy.deepcopy(element)
    for one in inner.iter():
        one.tag = _HTML.get(_local(one), _local(one))
    return "".join([inner.text or "", *(etree.tostring(child, method="html", encoding="unicode") for child in inner)])


# News items: NITF and both generations of NewsML


def _news(item: Any) -> Extract:
    headline = _first(item, _HEADLINES)
    body = next((one for name in _BODIES for one in item.iter() if _local(one) == name), item)
    for media in [one for one in body.iter() if _local(one) == "media"]:  # a picture and what is said of it
        media.clear(keep_tail=True)
    main = [block for block in blocks(_html(body))[0] if block.text != headline]
    text, headings = assemble([Block(headline, heading=True), *main])
    changed = _first_day(item, _CHANGED)
    published = _first_day(item, _PUBLISHED)
    return Extract(
        text=text,
        title=clean_title(headline),
        author=clean_author(_first(item, _BYLINES).removeprefix("By ")),
        outlet=clean_author(_first(item, _HOUSES)),
        date=published,
        updated=changed if changed != published else None,
        headings=headings,
        gaps=("what it says of the news item beyond headline, byline, days and text is not read",),
    )


def _first(item: Any, wanted: tuple[str, ...]) -> str:
    return next((text for name in wanted for one in item.iter() if _local(one) == name and (text := _whole(one))), "")


def _first_day(item: Any, wanted: tuple[str, ...]) -> str | None:
    found = (one for name in wanted for one in item.iter() if _local(one) == name)
    return next(filter(None, (day(one.get("norm", "")) or day(_whole(one)) for one in found)), None)


# Any other XML


def _blocks(element: Any, attributes: Counter[str]) -> Iterator[Block]:
    """The text of elements in order; one with text between its elements is a paragraph."""
    attributes.update(element.attrib.keys())
    if not len(element) or _is_mixed(element):
        for inner in element.iterdescendants():
            attributes.update(inner.attrib.keys())
        if text := _whole(element):
            yield Block(text, heading=_local(element) in _TITLES)
    elif _is_record(element):
        attributes.update(key for child in element for key in child.attrib)
        cells = [f"{_local(child)}: {text}" for child in element if (text := _whole(child))]
        yield from [Block(" | ".join(cells), row=True)] if _is_repeated(element) else map(Block, cells)
    else:
        for child in element:
            yield from _blocks(child, attributes)


def _is_mixed(element: Any) -> bool:
    return bool((element.text or "").strip()) or any((child.tail or "").strip() for child in element)


def _is_record(element: Any) -> bool:
    """Whether its elements are fields: short, of different names, and without any of their own."""
    names = [_local(child) for child in element]
    short = all(not len(child) and len(child.text or "") <= _VALUE_LENGTH for child in element)
    return short and 1 < len(names) == len(set(names)) and not set(names) & {"p", "para"}


def _is_repeated(element: Any) -> bool:
    beside = (element.getprevious(), element.getnext())
    return any(one is not None and one.tag == element.tag for one in beside)


def _whole(element: Any) -> str:
    """All text of an element in one line; two elements without text between them are kept apart."""
    return one_line(_joined(element))


def _joined(element: Any) -> str:
    parts = [element.text or ""]
    for child in element:
        previous = child.getprevious()
        apart = " " if previous is not None and not previous.tail else ""
        parts += [apart, _joined(child), child.tail or ""]
    return "".join(parts)


def _local(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]


def _named(extract: Extract) -> str:
    return step(extract.title or "")
