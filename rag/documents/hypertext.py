"""Marked-up text to blocks, its white space as a browser shows it: what web pages, mails, books and feeds share."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from rag.documents.extract import Block, one_line

# fmt: off
HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
INVISIBLE = (
    "script", "style", "noscript", "template", "svg", "iframe", "object", "select", "button", "textarea", "del", "s",
    "strike",
)
_ITEMS = ("li", "blockquote", "figcaption")  # what stands in one is said, however short
_PARAGRAPHS = HEADINGS | {
    "p", "div", "li", "ul", "ol", "dl", "dt", "dd", "table", "tbody", "thead", "tfoot", "tr", "td", "th", "caption",
    "blockquote", "pre", "section", "article", "main", "header", "hgroup", "figure", "figcaption", "body", "form",
    "fieldset", "legend", "address", "details", "summary", "center", "hr", "aside", "nav", "footer", "dir", "menu",
}
# fmt: on
_BREAK = "\v"  # stands for a line break until white space is collapsed; not allowed in a page
_LARGEST_CELL = 1_000  # characters; a longer one is a column of the page
_MARKUP = re.compile(
    r"</(?:p|div|span|a|b|i|em|strong|ul|ol|h[1-6]|table|body|html)\s*>|<(?:p|br)\s*/?>", re.IGNORECASE
)
_DECLARED = re.compile(
    rb"""<(?:meta[^>]{1,300}?charset|\?xml[^>]{1,100}?encoding)\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE
)
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f\ufffe\uffff]")  # of which a tree holds none
_DECLARED_WITHIN = 4096  # bytes
_DEEP = "its elements are nested too deeply: what follows was not read"


class Piece(NamedTuple):
    """A block, how many of its characters are links, whether it stands in a list or quote, and in which table."""

    block: Block
    linked: int = 0
    item: bool = False
    quoted: bool = False
    table: Any = None

    @property
    def links(self) -> float:
        """The share of its text that is link, 0 to 1."""
        return self.linked / len(self.block.text)


class _Inside(NamedTuple):
    """What the elements around a text make of it."""

    heading: bool = False
    linked: bool = False
    item: bool = False
    quoted: bool = False
    table: Any = None

    def of(self, element: Any) -> _Inside:
        tag = element.tag
        return _Inside(
            heading=self.heading or tag in HEADINGS,
            linked=self.linked or tag == "a",
            item=self.item or tag in _ITEMS,
            quoted=self.quoted or tag == "blockquote",
            table=element if tag == "table" else self.table,
        )


_Run = list[tuple[str, bool]]  # pieces of text, and whether each is a link


def declared(data: bytes) -> str:
    """The character set that marked-up bytes name, or ""."""
    match = _DECLARED.search(data[:_DECLARED_WITHIN])
    return match[1].decode("ascii") if match else ""


def parsed(markup: str) -> tuple[Any, tuple[str, ...]]:
    """The tree, or None without one, and a gap where the parser gave up at its limit of depth."""
    from lxml import etree, html

    parser = html.HTMLParser(encoding="utf-8", no_network=True, huge_tree=False, remove_comments=True, remove_pis=True)
    try:
        page = html.document_fromstring(_CONTROLS.sub("", markup).encode("utf-8", "replace"), parser=parser)
    except etree.ParserError:  # nothing but white space and comments
        page = None
    deep = any("Excessive depth" in entry.message for entry in parser.error_log)
    return page, (_DEEP,) if deep else ()


def is_marked_up(text: str) -> bool:
    """Whether a text that may be plain is HTML."""
    return _MARKUP.search(text) is not None


def shown(markup: str) -> tuple[list[Piece], tuple[str, ...]]:
    """All that a browser would show of it, and the gaps; nothing is taken for a part of the site."""
    page, gaps = parsed(markup)
    return visible(page) if page is not None else [], gaps


def visible(page: Any) -> list[Piece]:
    """The pieces of a tree, from which what is not shown is removed."""
    body = page.body if page.body is not None else page
    for element in list(body.iter(*INVISIBLE)):
        element.drop_tree()
    for element in list(body.iterdescendants()):
        if is_hidden(element):
            element.drop_tree()
    return list(pieces(body))


def blocks(markup: str) -> tuple[list[Block], tuple[str, ...]]:
    """As `shown`, without what is known of each block."""
    found, gaps = shown(markup)
    return [piece.block for piece in found], gaps


def is_hidden(element: Any) -> bool:
    style = element.get("style", "").replace(" ", "").lower()
    return element.get("hidden") is not None or "display:none" in style or "mso-hide:all" in style


def pieces(root: Any) -> Iterator[Piece]:
    """Paragraphs, headings and rows below an element, in order; none is empty."""
    run: _Run = []
    yield from _flow(root, run, _Inside())
    yield from _flushed(run, _Inside())


def _flow(element: Any, run: _Run, inside: _Inside) -> Iterator[Piece]:
    inside = inside.of(element)
    run.append((element.text or "", inside.linked))
    for child in element.iterchildren():
        if child.tag == "tr" and not _is_layout(child):
            yield from _flushed(run, inside)
            yield from _row(child, inside)
        elif child.tag == "pre":
            yield from _flushed(run, inside)
            yield from _preformatted(child, inside)
        elif child.tag in _PARAGRAPHS:
            yield from _flushed(run, inside)
            yield from _flow(child, run, inside)
            yield from _flushed(run, inside.of(child))
        elif child.tag == "br" and _ends_line(run):
            yield from _flushed(run, inside)
        elif child.tag == "br":
            run.append((_BREAK, inside.linked))
        elif child.tag == "sup":
            run.append((_raised(child, "".join(text for text, _ in run[-3:])), inside.linked))
        else:
            yield from _flow(child, run, inside)
        run.append((child.tail or "", inside.linked))


def _flushed(run: _Run, inside: _Inside) -> Iterator[Piece]:
    """The paragraph that has been gathered; the run is empty afterwards."""
    lines = clean("".join(text for text, _ in run)).split(_BREAK)
    links = sum(len(one_line(text)) for text, linked in run if linked)
    run.clear()
    text = "\n".join(filter(None, map(one_line, lines)))
    if text:
        yield Piece(Block(text, heading=inside.heading), links, inside.item, inside.quoted, inside.table)


def _ends_line(run: _Run) -> bool:
    """Whether the last of it is a line break: a second one ends the paragraph."""
    for text, _ in reversed(run):
        if text.strip(" \t\r\n"):
            return text == _BREAK
    return False


def _raised(element: Any, before: str) -> str:
    """The text of a superscript; a number is marked, for it would become a part of the word or number `before` it."""
    text = one_line(clean(element.text_content()))
    if not text[:1].isdigit():
        return text
    if any(True for _ in element.iter("a")) or element.getparent().tag == "a":
        return f"[{text}]"
    return f"^{text}" if before[-1:].isdigit() else text


def _preformatted(element: Any, inside: _Inside) -> Iterator[Piece]:
    text = clean(element.text_content()).strip("\n")
    if text.strip():
        yield Piece(Block(text), 0, inside.item, inside.quoted, inside.table)


def _is_layout(row: Any) -> bool:
    """Whether a table row places parts of the page rather than values of a table."""
    if any(True for _ in row.iter("table", *HEADINGS)):
        return True
    return any(
        len(cell.findall(".//p")) > 1 or len(cell.text_content()) > _LARGEST_CELL or any(map(_ends, cell.iter("br")))
        for cell in row
    )


def _ends(line_break: Any) -> bool:
    """Whether another line break follows, so that the two end a paragraph."""
    following = line_break.getnext()
    return following is not None and following.tag == "br" and not (line_break.tail or "").strip()


def _row(row: Any, inside: _Inside) -> Iterator[Piece]:
    line = " | ".join(one_line(clean(_plain(cell))) for cell in row.iterchildren())
    links = sum(len(one_line(clean(link.text_content()))) for link in row.iter("a"))
    if line.strip(" |"):
        yield Piece(Block(line, row=True), links, inside.item, inside.quoted, inside.table)


def _plain(element: Any) -> str:
    """The text of a table's cell, its blocks kept apart by a space."""
    parts = [element.text or ""]
    for child in element.iterchildren():
        apart = " " if child.tag in _PARAGRAPHS or child.tag == "br" else ""
        text = _raised(child, "".join(parts[-3:])) if child.tag == "sup" else _plain(child)
        parts += [apart, text, apart, child.tail or ""]
    return "".join(parts)


def clean(text: str) -> str:
    """Without characters that only tell a browser where a line may break."""
    return re.sub("[\u00ad\u200b\ufeff]", "", text)
