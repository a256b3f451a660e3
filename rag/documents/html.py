"""Web pages: the article without what surrounds it. Nothing is run and nothing is fetched."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Set
from itertools import chain, dropwhile, islice
from typing import Any

from rag.documents.dates import date_in_line
from rag.documents.encoding import decode
from rag.documents.extract import Block, Extract, assemble, one_line
from rag.documents.furniture import is_filler, prune
from rag.documents.hypertext import Piece, blocks, declared, is_marked_up, parsed, pieces
from rag.documents.metadata import quieten, stated
from rag.words import words

_TOO_LITTLE = 0.25  # share of the visible text
_SHOWN = 0.5  # share of the words of linked data's article; a page with fewer of them holds the rest back
_PROSE_LENGTH = 60  # characters; a shorter block is prose if it ends like a sentence
_SURE_LENGTH = 25  # letters; a shorter text may be found within any other
_CLOCK = re.compile(r"\d{1,2}[.:]\d\d(?: ?[ap]\.?m\.?)?(?: [A-Z]{2,4})?", re.IGNORECASE)  # heads a post of a live blog
_DATELINES = 5  # blocks from the headline on
_MOSTLY = 0.8  # share of links above which a text is one
_NEARLY_ALL = 0.8  # share of what a page shows
_HEADLINE = 0.2  # share of links above which a text may be that of another story


def read(data: bytes) -> Extract:
    text, gaps = decode(data, declared(data))
    page, deep = parsed(text)
    if page is None:
        return Extract(text="")
    says = stated(page)
    prune(page)
    headline = _headline(page, says.title)
    date, updated = (says.date, says.updated) if says.date or says.updated else _dateline(page, headline)
    article = _whole(_article(page), says.body)
    if headline and all(one_line(block.text) != headline for block in article):
        article.insert(0, Block(headline, heading=True))
    text, headings = assemble(article)
    return Extract(
        text=text,
        title=says.title,
        date=date,
        author=says.author,
        outlet=says.outlet,
        updated=updated,
        headings=headings,
        gaps=(*gaps, *deep),
    )


def _whole(article: list[Block], body: str) -> list[Block]:
    """The article's blocks, or where the page shows little of it the whole as its linked data has it."""
    seen = set(words(" ".join(block.text for block in article)))
    held = set(words(body))
    if len(held & seen) >= _SHOWN * len(held):
        return article
    return blocks(body)[0] if is_marked_up(body) else [Block(line) for line in body.splitlines()]


def _headline(page: Any, title: str) -> str:
    """The h1, where there is just one, or the title where it is shown; extraction loses it outside of the article."""
    found = [one_line(element.text_content()) for element in page.iter("h1")]
    if len(found) == 1:
        return found[0]
    return title if any(piece.block.text == title for piece in pieces(_body(page))) else ""


def _dateline(page: Any, headline: str) -> tuple[str | None, str | None]:
    """The days of publication and change that stand between the headline and the first paragraph."""
    found: list[str | None] = [None, None]
    below = dropwhile(lambda piece: one_line(piece.block.text) != headline, pieces(_body(page)) if headline else ())
    for piece in islice(below, 1, _DATELINES):
        if len(piece.block.text) >= _PROSE_LENGTH:
            break
        for line in piece.block.text.splitlines():
            changed = line.lower().startswith(("updated", "last updated", "modified", "last modified"))
            found[changed] = found[changed] or date_in_line(line)
    return found[0], found[1]


def _article(page: Any) -> list[Block]:
    """The blocks of the article: trafilatura says where it is, the tree what it says.

    Between the first and the last block that trafilatura takes nothing that reads like prose or names a table is left
    out, nor anywhere in what the page itself marks as its article. Where trafilatura takes little, all that is visible
    stands; where it takes nearly all, also what reads on below it in a table of one column, as mails are laid out.
    """
    taken = _taken(page)
    paragraphs = set(map(_key, taken))
    root = _root(page, paragraphs)
    found = [piece for piece in pieces(root) if piece.block.heading or not is_filler(piece.block.text, piece.links)]
    accepted = _accepted(found, paragraphs, _key("".join(taken)))
    share = _length(p for p, is_in in zip(found, accepted, strict=True) if is_in) / max(1, _length(found))
    if share < _TOO_LITTLE:
        return [piece.block for piece in found]
    first = accepted.index(True) if True in accepted else 0
    last = len(accepted) - accepted[::-1].index(True) if True in accepted else 0
    column = _column(found[last - 1].table) if last and share >= _NEARLY_ALL else None
    while 0 < last < len(found) and _reads_on(found[last]) and (found[last].item or _is_below(found[last], column)):
        last += 1
    named = _named_tables(found)
    marked = root.tag in ("article", "main")
    return [
        piece.block
        for number, (piece, is_in) in enumerate(zip(found, accepted, strict=True))
        if (is_in and not _is_menu(piece))
        or ((_reads_on(piece) or named[number]) and (marked or first <= number < last))
    ]


def _accepted(found: list[Piece], paragraphs: Set[str], whole: str) -> list[bool]:
    """Whether trafilatura takes each block: as one of its paragraphs, or somewhere in all of its text.

    There a short one may be found by chance, so that it counts only beside another; a link on its own does not.
    """
    keys = [_key(piece.block.text) for piece in found]
    accepted = [key in paragraphs or (len(key) >= _SURE_LENGTH and key in whole) for key in keys]
    likely = [
        key in whole and (piece.block.row or piece.links <= _MOSTLY) for key, piece in zip(keys, found, strict=True)
    ]
    for steps in (range(1, len(found)), range(len(found) - 2, -1, -1)):
        for number in steps:
            accepted[number] |= likely[number] and accepted[number - steps.step]
    return accepted


def _length(found: Iterable[Piece]) -> int:
    return sum(len(piece.block.text) for piece in found)


def _taken(page: Any) -> list[str]:
    """The text that trafilatura takes for the article, roughly by paragraphs."""
    from trafilatura import bare_extraction
    from trafilatura.settings import Extractor

    quieten()
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
    return _body(page)


def _body(page: Any) -> Any:
    return page.body if page.body is not None else page


def _key(text: str) -> str:
    """Letters and digits only: white space and marks differ between the two."""
    return re.sub(r"[\W_]+", "", text)


def _reads_on(piece: Piece) -> bool:
    """Whether it is more than a label, a button or a list of links."""
    block = piece.block
    ends = block.text[-1] in '.!?…:”"' or _CLOCK.fullmatch(block.text) is not None
    says = len(block.text) >= _PROSE_LENGTH or ends or block.heading or piece.item
    return block.row or (says and piece.links <= _MOSTLY)


def _named_tables(found: list[Piece]) -> list[bool]:
    """Whether each block leads to the rows of a table: old pages set its name in bold, as no heading."""
    named = [False] * len(found)
    for number in range(len(found) - 2, -1, -1):
        following = found[number + 1]
        label = not found[number].links and not found[number].block.row
        named[number] = label and (following.block.row or (named[number + 1] and not _reads_on(following)))
    return named


def _column(table: Any) -> Any:
    """A table, if each of its rows is one cell."""
    rows = [row for row in table.iter("tr") if next(row.iterancestors("table")) is table] if table is not None else []
    return table if rows and all(len(row) == 1 for row in rows) else None


def _is_below(piece: Piece, column: Any) -> bool:
    if column is None or piece.table is None or piece.block.heading or piece.links > _HEADLINE:
        return False
    return piece.table is column or any(outer is column for outer in piece.table.iterancestors("table"))


def _is_menu(piece: Piece) -> bool:
    return piece.links > _MOSTLY and "\n" in piece.block.text
