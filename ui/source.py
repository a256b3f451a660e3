"""The sources of an answer as HTML: pure functions of their arguments.

A source has four parts that change one by one: the list of all sources, the head of the one that is open, its page
and its text. Their buttons carry in `value` what `evidence.js` tells Python.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import PurePath

from rag.sentences import sentences
from rag.types import Answer, Citation, Document, Hit, Span
from ui.pages import Sheet
from ui.render import NOT_AN_ANSWER, anchor, inert

NEAR = 300  # characters that are shown before and after a quote at least, in whole sentences
STEP = 900  # and that are added at a time
WHOLE = 60_000  # characters of a document that can be shown at once
_LONGEST_SENTENCE = 1_500
_PASSAGE = 600  # characters shown of a nearest passage in their list
_LABEL = 48  # characters of a source's name in the list
_SIGNS = re.compile(r"^#{1,6}(?=[ \t])|\*\*|__", re.MULTILINE)


def nothing() -> str:
    return '<p class="fn-empty">The sources of an answer appear here.</p>'


def sources(given: Answer, *, turn: int, number: int) -> str:
    """Return the list of an answer's sources with `number` open, and the buttons that go through them."""
    if given.abstained:
        return _nearest_list(given, turn=turn, number=number)
    items = "".join(_pill(citation, turn=turn, open=citation.number == number) for citation in given.citations)
    numbers = [citation.number for citation in given.citations]
    turning = _turning([anchor(turn, n) for n in numbers], numbers.index(number) if number in numbers else 0)
    return f'<nav class="fn-sources"><h2>Sources</h2><ol class="fn-pills">{items}</ol>{turning}</nav>'


def head(given: Answer, citation: Citation, *, turn: int, notes: Sequence[str] = ()) -> str:
    """Return where a citation comes from; what is to be known of it stands in `notes`."""
    document, number = citation.document, citation.number
    title = f'<span class="fn-number">{number}</span> <bdi>{inert(document.title)}</bdi>'
    told = [*_agreeing(given, citation), *_in_part(given, citation), *notes]
    return _head(anchor(turn, number), title, document, citation.place, told)


def nearest_head(document: Document, place: str, *, name: str, notes: Sequence[str] = ()) -> str:
    """Return where a nearest passage comes from."""
    told = ["This passage came near. It does not answer the question.", *notes]
    return _head(name, f"<bdi>{inert(document.title)}</bdi>", document, place, told)


def text(
    document: Document, span: Span, *, start: int, end: int, name: str, citation: Citation | None = None,
    wrong: bool = False,
) -> str:  # fmt: skip
    """Return `document.text[start:end]` with the quote, or the passage where there is no citation, marked in it.

    `wrong`: the user has said that this is a wrong source.
    """
    whole = document.text
    before, after = whole[start : span.start], whole[span.end : end]
    before = before if start else before.lstrip()
    raw = _raw_signs(document)
    middle = raw(whole[span.start : span.end])
    marked = f"<mark>{middle}</mark>" if citation else f'<span class="fn-passage">{middle}</span>'
    lead, tail = "… " if start else "", " …" if end < len(whole) else ""
    return (
        f'<div class="fn-shown" id="text-{name}">'
        f"{_button('before', 'More before', shown=start > 0)}"
        f'<p class="fn-text">{lead}{raw(before)}{marked}{raw(after.rstrip())}{tail}</p>'
        f"{_button('after', 'More after', shown=end < len(whole))}"
        f"{_doing(document, start, end, citation, wrong=wrong)}</div>"
    )


def page(sheets: Sequence[Sheet], note: str, *, name: str) -> str:
    """Return the pages of a quote as images, or the note that says why not."""
    told = f'<p class="fn-note">{inert(note)}</p>' if note else ""
    if not sheets:
        return told
    images = "".join(
        f'<span class="fn-sheet"><img alt="Page {sheet.number}, the lines of the quote marked" src="{sheet.image}" '
        f'width="{max(1, round(sheet.width))}" height="{max(1, round(sheet.height))}">'
        f'<span class="fn-here" id="here-{number}-{round(sheet.top * 1000)}"></span></span>'
        for number, sheet in enumerate(sheets)
    )
    numbers = " and ".join(str(sheet.number) for sheet in sheets)
    caption = f"Page{'s' * (len(sheets) > 1)} {numbers}, with the quote marked"
    return (
        f'<figure class="fn-page" id="page-{name}"><div class="fn-sheets" tabindex="0" role="group">{images}</div>'
        f'<figcaption>{caption} <button type="button" class="fn-enlarge" id="evidence-enlarge">Enlarge</button>'
        f"</figcaption></figure>{told}"
    )


def drawing(*, name: str) -> str:
    """Return what stands in the place of a page until it is drawn."""
    return (
        f'<figure class="fn-page" id="page-{name}"><div class="fn-sheets fn-drawing"></div>'
        "<figcaption>Drawing the page…</figcaption></figure>"
    )


def cards(given: Answer, outlets: Sequence[str | None], *, turn: int) -> str:
    """Return the nearest passages of a refusal."""
    if not given.nearest:
        return '<p class="fn-note">No passage comes near.</p>'
    shown = zip(given.nearest, outlets, strict=True)
    return "".join(_card(hit, outlet, nearest(turn, n)) for n, (hit, outlet) in enumerate(shown, 1))


def nearest(turn: int, number: int) -> str:
    return f"nearest-{turn}-{number}"


def told(message: str) -> str:
    return f'<p class="fn-note" role="status">{inert(message)}</p>'


def copied(citation: Citation) -> str:
    """Return the quote with its source, for the clipboard: plain text on one line."""
    source = ", ".join(filter(None, (citation.title, citation.outlet, citation.date, citation.place)))
    return " ".join(f"“{citation.quote}” — {source} ({citation.path})".split())


def earlier(document: Document, start: int, characters: int) -> int:
    """Where whole sentences begin that reach at least `characters` back from `start`, as far as there are any.

    Words are whole at least, where there are any, in a text that no sentences part.
    """
    whole, aim = document.text, max(0, start - characters)
    low = max(0, aim - _LONGEST_SENTENCE)
    begins = [low + first for first, _ in sentences(whole[low:start]) if not low or first]
    fitting = [begin for begin in begins if begin <= aim]
    if not aim or (not low and not fitting):
        return 0
    return fitting[-1] if fitting else whole.rfind(" ", low, aim) + 1 or aim


def later(document: Document, end: int, characters: int) -> int:
    """Where whole sentences end that reach at least `characters` on from `end`, as far as there are any."""
    whole, aim = document.text, min(len(document.text), end + characters)
    high = min(len(whole), aim + _LONGEST_SENTENCE)
    ends = [end + last for _, last in sentences(whole[end:high]) if high == len(whole) or end + last < high]
    fitting = [last for last in ends if last >= aim]
    if aim == len(whole) or (high == len(whole) and not fitting):
        return len(whole)
    return fitting[0] if fitting else max(aim, whole.find(" ", aim, high))


def _nearest_list(given: Answer, *, turn: int, number: int) -> str:
    heading = f'<h2 class="fn-warning">{NOT_AN_ANSWER}</h2>'
    if not number:
        return f'<nav class="fn-sources">{heading}</nav>'
    names = [nearest(turn, n) for n in range(1, len(given.nearest) + 1)]
    back = f'<button type="button" class="fn-back-to-list" id="evidence-list" value="{nearest(turn, 0)}">'
    return f'<nav class="fn-sources">{heading}{back}All nearest passages</button>{_turning(names, number - 1)}</nav>'


def _pill(citation: Citation, *, turn: int, open: bool) -> str:
    name = anchor(turn, citation.number)
    label = ", ".join(filter(None, (citation.outlet or citation.title, citation.date)))
    label = label if len(label) <= _LABEL else f"{label[:_LABEL].rstrip()}…"
    return (
        f'<li><button type="button" class="fn-pill{" fn-current" * open}" id="pill-{name}" value="{name}">'
        f'<span class="fn-number">{citation.number}</span> <bdi>{inert(label)}</bdi></button></li>'
    )


def _turning(names: Sequence[str], at: int) -> str:
    if len(names) < 2:
        return ""
    before = f' value="{names[at - 1]}"' if at else " disabled"
    after = f' value="{names[at + 1]}"' if at + 1 < len(names) else " disabled"
    return (
        f'<p class="fn-turning"><button type="button" id="evidence-previous"{before}>Previous</button>'
        f"<span>{at + 1} of {len(names)}</span>"
        f'<button type="button" id="evidence-next"{after}>Next</button></p>'
    )


def _head(name: str, title: str, document: Document, place: str, notes: Sequence[str]) -> str:
    updated = f"updated {document.updated}" if document.updated and document.updated != document.date else ""
    known = [f"<bdi>{inert(part)}</bdi>" for part in (document.outlet, document.date, updated, place) if part]
    where = f'<p class="fn-where">{" · ".join(known)}</p>' if known else ""
    told = "".join(f'<p class="fn-note">{inert(note)}</p>' for note in notes)
    return (
        f'<section class="fn-source" id="{name}"><button type="button" class="fn-back" id="evidence-back">'
        f'Back to the answer</button><h3 id="evidence-title" tabindex="-1">{title}</h3>{where}'
        f'<p class="fn-where"><bdi class="fn-path">{inert(document.path)}</bdi></p>{told}</section>'
    )


def _agreeing(given: Answer, citation: Citation) -> list[str]:
    """Say of each sentence that rests on a citation which other documents say so too."""
    notes = []
    for statement in given.statements:
        cited = {c.number: c.path for c in statement.citations}
        if citation.number in cited and len(set(cited.values())) > 1:
            numbers = ", ".join(str(number) for number in sorted(cited))
            notes.append(f"{len(set(cited.values()))} documents say so: sources {numbers}.")
    return list(dict.fromkeys(notes))


def _in_part(given: Answer, citation: Citation) -> list[str]:
    carried = [one.support for one in given.statements if citation.number in {c.number for c in one.citations}]
    part = "A sentence of the answer that rests on this source is only partly supported: compare the two."
    return [part] if "partial" in carried else []


def _button(what: str, label: str, *, shown: bool) -> str:
    if not shown:
        return ""
    return f'<button type="button" class="fn-more" id="evidence-{what}" value="{what}">{label}</button>'


def _doing(document: Document, start: int, end: int, citation: Citation | None, *, wrong: bool) -> str:
    all_shown = not start and end == len(document.text)
    buttons = ""
    if citation:
        buttons += '<button type="button" id="evidence-copy">Copy quote with its source</button>'
    if not all_shown and len(document.text) < WHOLE:
        buttons += '<button type="button" id="evidence-whole" value="whole">Whole document</button>'
    if all_shown and len(document.text) > 2 * STEP:
        buttons += '<button type="button" id="evidence-less" value="less">Only around the quote</button>'
    if citation:
        told = " disabled>Marked as wrong" if wrong else ' value="wrong">Wrong source'
        buttons += f'<button type="button" id="evidence-wrong"{told}</button>'
    hidden = f'<span hidden id="evidence-copied">{inert(copied(citation))}</span>' if citation else ""
    return f'<div class="fn-doing">{buttons}</div>{hidden}'


def _card(hit: Hit, outlet: str | None, name: str) -> str:
    shown = hit.text if len(hit.text) <= _PASSAGE else hit.text[:_PASSAGE].rsplit(maxsplit=1)[0] + " …"
    known = [f"<bdi>{inert(part)}</bdi>" for part in (outlet, hit.date, hit.place, hit.path) if part]
    return (
        f'<section class="fn-source fn-nearest"><h3><bdi>{inert(hit.title)}</bdi></h3>'
        f'<p class="fn-where">{" · ".join(known)}</p><p class="fn-text">{inert(shown)}</p>'
        f'<button type="button" id="open-{name}" value="{name}">Open in its document</button></section>'
    )


def _raw_signs(document: Document) -> Callable[[str], str]:
    """How text of a document is written: the signs of Markdown stay, but stand back."""
    if PurePath(document.path).suffix.lower() not in (".md", ".markdown"):
        return inert

    def written(text: str) -> str:
        signs = _SIGNS.finditer(text)
        out, at = "", 0
        for sign in signs:
            out += f'{inert(text[at : sign.start()])}<span class="fn-sign">{inert(sign[0])}</span>'
            at = sign.end()
        return out + inert(text[at:])

    return written
