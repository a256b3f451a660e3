"""What a web page says of itself: title, author, outlet, and the days on which it was published and changed.

Only what the page states in linked data, in its head or in marked elements counts; no date is guessed.
"""

from __future__ import annotations

import copy
import html
import json
import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

from rag.documents.dates import iso_date
from rag.documents.extract import clean_author, clean_title, one_line
from rag.documents.fields import day, names, words

_ARTICLE = re.compile(r"(?:\w*Article|\w*BlogPosting|SocialMediaPosting|Report)")
_HOUSE = re.compile(r"(?:\w*Organization|WebSite|Newspaper|Periodical)")
_PAGE = re.compile(r"\w*WebPage")
_DEEPEST = 8
_MOST_NODES = 2_000
_WRAPPED = re.compile(r"\s*(?:(?://\s*)?<!\[CDATA\[|<!--)|(?:(?://\s*)?\]\]>|-->)\s*\Z")
_TRAILING_COMMA = re.compile(r",(?=\s*[}\]])")
# fmt: off
_PUBLISHED = (
    "article:published_time", "og:article:published_time", "og:published_time", "datepublished", "date_published",
    "article.published", "publishdate", "publish-date", "publish_date", "pubdate", "publication_date",
    "publication-date", "published_time", "parsely-pub-date", "sailthru.date", "dcterms.issued", "dc.date.issued",
    "dc.date.created", "dcterms.created", "dcterms.date", "dc.date", "dc:date", "citation_publication_date",
    "citation_date", "article_date_original", "originalpublicationdate", "cxenseparse:recs:publishtime", "date",
)
_CHANGED = (
    "article:modified_time", "og:updated_time", "og:article:modified_time", "datemodified", "date_modified",
    "article.updated", "dcterms.modified", "dc.date.modified", "last-modified", "lastmod", "last_modified",
    "modified_time", "updated_time", "article_date_updated", "revised",
)
_OUTLETS = ("og:site_name", "citation_journal_title", "dc.publisher", "dcterms.publisher", "publisher")
# fmt: on
_TIME_PUBLISHED = re.compile(r"datepublished|pubdate|(?:^|[\s_-])(?:published|entry-date|post-date|publish-date)", re.I)
_TIME_CHANGED = re.compile(r"datemodified|(?:^|[\s_-])(?:updated|modified|dt-updated|last-updated)", re.I)
_SAYS_CHANGED = re.compile(r"(?:last )?(?:updated|modified)\b", re.IGNORECASE)


_Node = Mapping[str, Any]


class Stated(NamedTuple):
    """Fields as in `Extract`; `body` is the text of the article where linked data holds it."""

    title: str
    author: str | None
    outlet: str | None
    date: str | None
    updated: str | None
    body: str


def stated(page: Any) -> Stated:
    """Read what an untouched page says of itself."""
    nodes = list(_linked(page))
    article = _article_of(nodes, _headline(page))
    head = _head(page)
    published, changed = _times(page)
    title, author = _shown(page)
    outlet = clean_author(
        _named(article, "publisher", nodes) or _first(head.get(key) for key in _OUTLETS) or _house(nodes)
    )
    return Stated(
        title=_without_outlet(clean_title(words(article.get("headline"))) or title, outlet),
        author=clean_author(_named(article, "author", nodes) or author),
        outlet=outlet,
        date=_first([day(article.get("datePublished")), *_days(head, _PUBLISHED), published]) or None,
        updated=_first([day(article.get("dateModified")), *_days(head, _CHANGED), changed]) or None,
        body=words(article.get("articleBody")),
    )


def _first(found: Iterable[str | None]) -> str:
    return next(filter(None, found), "")


def _shown(page: Any) -> tuple[str, str]:
    """Title and author as trafilatura finds them, in the head of the page or on it; linked data may tell of others."""
    from trafilatura import extract_metadata

    quieten()
    page = copy.deepcopy(page)
    for script in list(page.iter("script")):
        script.drop_tree()
    unused = {"original_date": True, "extensive_search": False, "max_date": "2100-01-01"}
    meta = extract_metadata(page, date_config=unused)
    return clean_title(meta.title), one_line(meta.author).replace("; ", ", ")


def quieten() -> None:
    """Keep the library's warnings off the terminal, unless the program has asked for them."""
    for name in ("trafilatura", "htmldate"):
        logger = logging.getLogger(name)
        if not logger.handlers:
            logger.addHandler(logging.NullHandler())


def _without_outlet(title: str, outlet: str | None) -> str:
    return re.sub(rf"\s+[|–—-]\s+{re.escape(outlet)}$", "", title) if outlet else title


def _headline(page: Any) -> str:
    """What the page calls itself, to tell its own article from others in linked data."""
    found = [one_line(element.text_content()) for element in page.iter("h1")]
    return found[0] if len(found) == 1 else ""


# Linked data (JSON-LD)


def _linked(page: Any) -> Iterator[_Node]:
    """The objects of the page's linked data, outer ones first; what is no JSON says nothing."""
    left = _MOST_NODES
    for script in page.iter("script"):
        if "ld+json" not in script.get("type", "").lower():
            continue
        source = _WRAPPED.sub("", script.text_content())
        for attempt in (source, _TRAILING_COMMA.sub("", source)):
            with suppress(ValueError, RecursionError):
                for node in _nodes(_unescaped(json.loads(attempt, strict=False))):
                    if left == 0:
                        return
                    left -= 1
                    yield node
                break


def _unescaped(value: Any) -> Any:
    """Without the character references that writers of pages leave in it."""
    if isinstance(value, str):
        return html.unescape(value)
    if isinstance(value, list):
        return [_unescaped(item) for item in value]
    if isinstance(value, dict):
        return {key: _unescaped(item) for key, item in value.items()}
    return value


def _nodes(value: Any, depth: int = 0) -> Iterator[_Node]:
    if depth > _DEEPEST:
        return
    if isinstance(value, Mapping):
        yield value
        for key in ("@graph", "mainEntity", "mainEntityOfPage", "itemListElement", "item", "liveBlogUpdate"):
            yield from _nodes(value.get(key), depth + 1)
    elif isinstance(value, list):
        for item in value:
            yield from _nodes(item, depth + 1)


def _is_a(node: _Node, kind: re.Pattern[str]) -> bool:
    kinds = node.get("@type")
    found = kinds if isinstance(kinds, list) else [kinds]
    return any(isinstance(one, str) and kind.fullmatch(one.rpartition("/")[2]) for one in found)


def _article_of(nodes: list[_Node], headline: str) -> _Node:
    """What the page is: the article with its headline, or a live blog, or the only article, or else the page itself."""
    found = [node for node in nodes if _is_a(node, _ARTICLE)]
    same = [node for node in found if headline and _key(words(node.get("headline"))) == _key(headline)]
    live = [node for node in found if "liveBlogUpdate" in node]
    page = [] if found else [node for node in nodes if _is_a(node, _PAGE)]
    return (same or live or (found if len(found) == 1 else page) or [{}])[0]


def _named(article: _Node, key: str, nodes: list[_Node]) -> str:
    """The names under a key, which may refer to other objects by their @id."""
    value = article.get(key)
    found = value if isinstance(value, list) else [value]
    wanted = [one.get("@id") for one in found if isinstance(one, Mapping) and not names(one)]
    referred = [node for node in nodes if wanted and node.get("@id") in wanted]
    return names([value, *referred])


def _house(nodes: list[_Node]) -> str:
    return _first(names(node.get("name")) for node in nodes if _is_a(node, _HOUSE))


def _key(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).casefold()


# The head of the page, and its time elements


def _head(page: Any) -> dict[str, str]:
    """What meta elements say, by name in lower case: the first of each that says anything."""
    found: dict[str, str] = {}
    for element in page.iter("meta"):
        content = one_line(element.get("content"))
        for attribute in ("property", "name", "itemprop", "http-equiv"):
            if content and (name := element.get(attribute, "").strip().lower()):
                found.setdefault(name, content)
    return found


def _days(head: Mapping[str, str], wanted: tuple[str, ...]) -> Iterator[str | None]:
    return (day(head[name]) for name in wanted if name in head)


def _times(page: Any) -> tuple[str | None, str | None]:
    """The days that marked elements give for publication and change.

    An unmarked time element is that of publication where all of them outside of other stories name one day.
    """
    published, changed, unmarked = None, None, set()
    for element in page.iter("time", "abbr", "span", "meta"):
        value = element.get("datetime") or element.get("content") or element.get("title") or ""
        when = day(value) or (iso_date(element.text_content()) if element.tag == "time" else None)
        if when is None or any(True for _ in element.iterancestors("aside", "nav", "footer", "a")):
            continue
        marks = " ".join((element.get("itemprop", ""), element.get("class", ""), *element.keys()))
        if _TIME_CHANGED.search(marks) or _says_changed(element):
            changed = changed or when
        elif _TIME_PUBLISHED.search(marks):
            published = published or when
        elif element.tag == "time":
            unmarked.add(when)
    if published is None and len(unmarked) == 1:
        published = unmarked.pop()
    return published, changed


def _says_changed(element: Any) -> bool:
    """Whether the words of a time element, or those just before it, are "Updated" or the like."""
    before = element.getprevious()
    lead = before.tail if before is not None else element.getparent().text if element.getparent() is not None else ""
    nearest = one_line(lead) or (one_line(before.text_content()) if before is not None else "")
    return element.tag == "time" and any(map(_SAYS_CHANGED.match, (one_line(element.text_content()), nearest)))
