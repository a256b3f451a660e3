"""Web pages: the article without what surrounds it. Nothing is run and nothing is fetched."""

from __future__ import annotations

import copy
import logging
import re
from collections.abc import Iterator, Set
from itertools import chain
from typing import Any, NamedTuple

from rag.documents.dates import iso_date
from rag.documents.encoding import decode
from rag.documents.extract import Block, Extract, assemble, clean_author, clean_title, one_line
from rag.documents.furniture import HEADINGS, is_filler, prune

_DECLARED = re.compile(
    rb"""<(?:meta[^>]{1,300}?charset|\?xml[^>]{1,100}?encoding)\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE
)
_DECLARED_WITHIN = 4096  # bytes

_BREAK = "\v"  # stands for a line break until white space is collapsed; not allowed in a page
_TOO_LITTLE = 0.25  # share of the visible text
_PROSE_LENGTH = 60  # characters; a shorter block is prose if it ends like a sentence
# fmt: off
_ITEMS = ("li", "blockquote")  # what stands in one is said, however short
_PARAGRAPHS = HEADINGS | {
    "p", "div", "li", "ul", "ol", "dl", "dt", "dd", "table", "tbody", "thead", "tfoot", "tr", "td", "th", "caption",
    "blockquote", "pre", "section", "article", "main", "header", "hgroup", "figure", "figcaption", "body", "form",
    "fieldset", "legend", "address", "details", "summary", "center", "hr",
}
# fmt: on


def read(data: bytes) -> Extract:
    declared = _DECLARED.search(data[:_DECLARED_WITHIN])
    text, gaps = decode(data, declared[1].decode("ascii") if declared else "")
    page, deep = _parsed(text)
    if page is None:
        return Extract(text="")
    if deep:
        gaps = (*gaps, "its elements are nested too deeply: what follows was not read")
    meta = _metadata(page)
    headline = _headline(page)
    prune(page)
    blocks = _article(page)
    if headline and all(one_line(block.text) != headline for block in blocks):
        blocks.insert(0, Block(headline, heading=True))
    text, headings = assemble(blocks)
    return Extract(text=text, headings=headings, gaps=gaps, **meta)


def _parsed(text: str) -> tuple[Any, bool]:
    """The tree, or None without one, and whether the parser gave up at its limit of depth."""
    from lxml import etree, html

    parser = html.HTMLParser(encoding="utf-8", no_network=True, huge_tree=False, remove_comments=True, remove_pis=True)
    try:
        page = html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except etree.ParserError:  # nothing but white space and comments
        page = None
    return page, any("Excessive depth" in entry.message for entry in parser.error_log)


def _metadata(page: Any) -> dict[str, Any]:
    """Title, author and date as the page states them; dates are not guessed from its text."""
    from trafilatura import extract_metadata

    _quieten()
    # By itself it takes today for the latest date, so that a page would change with the calendar.
    dates = {"original_date": True, "extensive_search": False, "max_date": "2100-01-01"}
    meta = extract_metadata(copy.deepcopy(page), date_config=dates)
    return {
        "title": clean_title(meta.title),
        "author": clean_author(meta.author),
        "date": iso_date(meta.date or ""),
    }


def _quieten() -> None:
    """Keep the library's warnings off the terminal, unless the program has asked for them."""
    for name in ("trafilatura", "htmldate"):
        logger = logging.getLogger(name)
        if not logger.handlers:
            logger.addHandler(logging.NullHandler())


def _headline(page: Any) -> str:
    """The h1, where there is just one; extraction loses it when it stands outside of the article."""
    found = [one_line(element.text_content()) for element in page.iter("h1")]
    return found[0] if len(found) == 1 else ""


def _article(page: Any) -> list[Block]:
    """The blocks of the article: trafilatura says where it is, the tree what it says.

    Between the first and the last block that trafilatura takes nothing that reads like prose is left out, nor
    anywhere in what the page itself marks as its article. Where trafilatura takes little, all that is visible stands.
    """
    taken = _taken(page)
    paragraphs = set(map(_key, taken))  # most blocks are found here; the search through all of the text is for the rest
    root = _root(page, paragraphs)
    pieces = [piece for piece in _pieces(root) if piece.block.text and not piece.is_filler]
    whole = _key("".join(taken))
    accepted = [(key := _key(piece.block.text)) in paragraphs or key in whole for piece in pieces]
    visible = sum(len(piece.block.text) for piece in pieces)
    if sum(len(p.block.text) for p, is_in in zip(pieces, accepted, strict=True) if is_in) < _TOO_LITTLE * visible:
        return [piece.block for piece in pieces]
    first = accepted.index(True) if True in accepted else 0
    last = len(accepted) - accepted[::-1].index(True) if True in accepted else 0
    while 0 < last < len(pieces) and pieces[last].item and pieces[last].reads_on:
        last += 1
    marked = root.tag in ("article", "main")
    return [
        piece.block
        for number, (piece, is_in) in enumerate(zip(pieces, accepted, strict=True))
        if is_in or (piece.reads_on and (marked or first <= number < last))
    ]


def _taken(page: Any) -> list[str]:
    """The text that trafilatura takes for the article, roughly by paragraphs."""
    from trafilatura import bare_extraction
    from trafilatura.settings import Extractor

    _quieten()
    options = Extractor(comments=False, tables=True)
    options.min_extracted_size = 0  # below it, all text of the page would be taken
    found: Any = bare_extraction(copy.deepcopy(page), options=options)
    if found is None or found.body is None:
        return []
    parts = (("".join(part.itertext()), part.tail or "") for part in found.body)
    return [found.body.text or "", *chain.from_iterable(parts)]


def _root(page: Any, paragraphs: Set[str]) -> Any:
    """The element that the page says is its article: the only one of its kind, or else the body.

    It is not where most of the article's paragraphs stand elsewhere: then it is a comment, or a card of another story.
    """
    for kind in ("article", "main"):
        found = list(page.iter(kind))
        if len(found) == 1 and found[0].text_content().strip():
            inside = _key(found[0].text_content())
            held = sum(len(paragraph) for paragraph in paragraphs if paragraph in inside)
            if 2 * held >= sum(map(len, paragraphs)):
                return found[0]
    return page.body if page.body is not None else page


def _key(text: str) -> str:
    """Letters and digits only: white space and marks differ between the two."""
    return re.sub(r"[\W_]+", "", text)


class _Piece(NamedTuple):
    """A block, the number of its characters that are links, and whether it stands in a list or quote."""

    block: Block
    linked: int
    item: bool = False

    @property
    def links(self) -> float:
        """The share of its text that is link, 0 to 1."""
        return self.linked / len(self.block.text)

    @property
    def is_filler(self) -> bool:
        return not self.block.heading and is_filler(self.block.text, self.links)

    @property
    def reads_on(self) -> bool:
        """Whether it is more than a label, a button or a list of links."""
        text = self.block.text
        says = len(text) >= _PROSE_LENGTH or text[-1] in '.!?…:”"' or self.block.row or self.block.heading or self.item
        return says and self.links <= 0.8


_Run = list[tuple[str, bool]]  # pieces of text, and whether each is a link


def _pieces(root: Any) -> Iterator[_Piece]:
    """Paragraphs, headings and rows below an element, their white space as a browser shows it."""
    run: _Run = []
    yield from _flow(root, run, heading=False, linked=False, item=False)
    yield _flushed(run, heading=False)


def _flow(element: Any, run: _Run, *, heading: bool, linked: bool, item: bool) -> Iterator[_Piece]:
    linked = linked or element.tag == "a"
    run.append((element.text or "", linked))
    for child in element.iterchildren():
        if child.tag == "tr" and not _is_layout(child):
            yield _flushed(run, heading=heading, item=item)
            yield _row(child)
        elif child.tag == "pre":
            yield _flushed(run, heading=heading, item=item)
            yield _Piece(Block(_clean(child.text_content()).strip("\n")), 0)
        elif child.tag in _PARAGRAPHS:
            yield _flushed(run, heading=heading, item=item)
            inner, listed = heading or child.tag in HEADINGS, item or child.tag in _ITEMS
            yield from _flow(child, run, heading=inner, linked=linked, item=listed)
            yield _flushed(run, heading=inner, item=listed)
        elif child.tag == "br":
            run.append((_BREAK, linked))
        else:
            yield from _flow(child, run, heading=heading, linked=linked, item=item)
        run.append((child.tail or "", linked))


def _flushed(run: _Run, *, heading: bool, item: bool = False) -> _Piece:
    lines = _clean("".join(text for text, _ in run)).split(_BREAK)
    links = sum(len(one_line(text)) for text, linked in run if linked)
    run.clear()
    return _Piece(Block("\n".join(filter(None, map(one_line, lines))), heading=heading), links, item)


def _is_layout(row: Any) -> bool:
    """Whether a table row places parts of the page rather than values of a table."""
    return any(True for _ in row.iter("table", *HEADINGS)) or any(len(cell.findall(".//p")) > 1 for cell in row)


def _row(row: Any) -> _Piece:
    line = " | ".join(one_line(_clean(_plain(cell))) for cell in row.iterchildren())
    return _Piece(Block(line if line.strip(" |") else "", row=True), 0)


def _plain(element: Any) -> str:
    """The text of a table's cell, its blocks kept apart by a space."""
    parts = [element.text or ""]
    for child in element.iterchildren():
        apart = " " if child.tag in _PARAGRAPHS or child.tag == "br" else ""
        parts += [apart, _plain(child), apart, child.tail or ""]
    return "".join(parts)


def _clean(text: str) -> str:
    """Without characters that only tell a browser where a line may break."""
    return re.sub("[\u00ad\u200b\ufeff]", "", text)
