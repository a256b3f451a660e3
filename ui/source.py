"""The sources of an answer as HTML: pure functions of their arguments."""

from __future__ import annotations

import re

from rag.types import Answer, Citation, Hit
from ui.render import anchor, inert, where

_PASSAGE = 600  # characters shown of a nearest passage
_NO_SOURCES = '<p class="fn-empty">The sources of an answer appear here.</p>'


def evidence(given: Answer, *, turn: int) -> str:
    """Return the sources of an answer with the quote marked in its surroundings; of a refusal, the nearest passages."""
    if given.abstained:
        nearest = "".join(map(_passage, given.nearest)) or '<p class="fn-note">No passage comes near.</p>'
        return f'<div class="fn-sources"><p class="fn-warning">Nearest passages, not an answer</p>{nearest}</div>'
    return f'<div class="fn-sources"><h2>Sources</h2>{"".join(_source(c, turn=turn) for c in given.citations)}</div>'


def panel(evidence: str) -> str:
    """Return the evidence side around the sources of one answer, or what stands there before there is any."""
    return f'<div class="fn-panel prose">{evidence or _NO_SOURCES}</div>'


def _source(given: Citation, *, turn: int) -> str:
    before, after = given.context()
    text, span = given.document.text, given.span
    lead = "… " if span.start > len(before) else ""
    tail = " …" if span.end + len(after) < len(text) else ""
    # Whole words only at the far ends, except where the document itself begins or ends.
    before = re.sub(r"^\S*\s+", "", before) if lead else before
    after = re.sub(r"\s+\S*$", "", after) if tail else after
    return (
        f'<section class="fn-source" id="{anchor(turn, given.number)}" tabindex="-1">'
        f'<h3><span class="fn-number">{given.number}</span> <bdi>{inert(given.title)}</bdi></h3>'
        f'<p class="fn-where">{where(given.outlet, given.date, given.place, given.path)}</p>'
        f'<p class="fn-text">{lead}{inert(before.lstrip())}<mark>{inert(given.quote)}</mark>'
        f"{inert(after.rstrip())}{tail}</p></section>"
    )


def _passage(hit: Hit) -> str:
    text = hit.text if len(hit.text) <= _PASSAGE else hit.text[:_PASSAGE].rsplit(maxsplit=1)[0] + " …"
    return (
        f'<section class="fn-source fn-nearest"><h3><bdi>{inert(hit.title)}</bdi></h3>'
        f'<p class="fn-where">{where(None, hit.date, hit.place, hit.path)}</p>'
        f'<p class="fn-text">{inert(text)}</p></section>'
    )
