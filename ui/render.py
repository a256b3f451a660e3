"""Answers as HTML that is safe in a browser: pure functions of their arguments.

Gradio shows this HTML through its Markdown renderer, so text must be inert twice: for HTML and for Markdown.
`inert` writes every ASCII character that either could read as syntax, line ends included, as a character
reference; what is left of a hostile string is its letters.
"""

from __future__ import annotations

import re

from rag.terminal import plain
from rag.types import Answer, Statement

_SYNTAX = re.compile(r"[^A-Za-z0-9 \u00a0-\U0010ffff]")
SEE_LOG = "Try again; the details are in the program's log."
_CONFIDENCE = ((0.8, "high"), (0.5, "medium"), (0.0, "low"))


def inert(text: str) -> str:
    """Return `text` so that HTML and Markdown show it letter for letter and read nothing into it.

    Marks that turn a line around are shown as the replacement character: a quote reads as its source does.
    """
    return _SYNTAX.sub(_reference, plain(text).encode("utf-8", "replace").decode("utf-8"))


def header() -> str:
    return (
        '<header class="fn-header"><h1>Footnote</h1>'
        "<p>Answers from your documents. Every sentence shows its source.</p></header>"
    )


def welcome() -> str:
    return (
        '<div class="fn-welcome"><h2>Ask your documents</h2>'
        "<p>Each sentence of an answer points to the place that says so. "
        "If the documents do not say, you are told.</p></div>"
    )


def question(text: str) -> str:
    return f'<p class="fn-question">{inert(text)}</p>'


def pending(text: str = "Reading the documents…") -> str:
    return f'<p class="fn-pending">{inert(text)}</p>'


def fault(message: str, *, remedy: str = "") -> str:
    """Return the box for something that went wrong, which is not a refusal."""
    told = "".join(f"<p>{inert(text)}</p>" for text in (message, remedy) if text)
    return f'<div class="fn-box fn-fault" role="alert"><strong>That did not work.</strong>{told}</div>'


def unexpected() -> str:
    """Return the box for an error that nobody foresaw; its details are for the log alone."""
    return fault("An unexpected error stopped this.", remedy=SEE_LOG)


def answer(given: Answer, *, asked: str, turn: int) -> str:
    """Return the answer, its marks linked to the evidence of this `turn` of the conversation."""
    body = _refusal(given) if given.abstained else _statements(given, turn=turn)
    read = f'<p class="fn-note">Read as: {inert(given.question)}</p>' if given.question.strip() != asked.strip() else ""
    notes = "".join(f'<p class="fn-note">{inert(note)}</p>' for note in given.notes)
    return f'<div class="fn-answer">{read}{body}{notes}</div>'


def confidence(value: float) -> str:
    """Return a probability in words and as a number."""
    word = next(word for least, word in _CONFIDENCE if value >= least)
    return f"{word} ({value:.0%})"


def _reference(match: re.Match[str]) -> str:
    code = ord(match[0])
    # The other control characters have no reference that HTML accepts.
    return f"&#{code};" if code in (9, 10) or 32 <= code < 127 else "\ufffd"


def _statements(given: Answer, *, turn: int) -> str:
    short = f'<p class="fn-short">{inert(given.short)}</p>' if given.short else ""
    items = "".join(f"<p>{_statement(s, turn=turn)}</p>" for s in given.statements)
    if not given.complete:
        return f'{short}{items}<p class="fn-pending">Still reading…</p>'
    by = "" if given.answered_by == "reader" else f" · answered by {inert(given.answered_by)}"
    return f'{short}{items}<p class="fn-note">Confidence: {confidence(given.confidence)}{by}</p>'


def _statement(given: Statement, *, turn: int) -> str:
    marks = "".join(
        f'<a class="fn-mark" href="#{anchor(turn, c.number)}" title="Show source {c.number}">[{c.number}]</a>'
        for c in given.citations
    )
    part = ' <span class="fn-tag">partly supported</span>' if given.support == "partial" else ""
    return f"{inert(' '.join(given.text.split()))} {marks}{part}"


def _refusal(given: Answer) -> str:
    return f'<div class="fn-box fn-refusal"><strong>No sure answer found</strong><p>{inert(given.reason)}</p></div>'


def where(outlet: str | None, date: str | None, place: str, path: str) -> str:
    known = [f"<bdi>{inert(part)}</bdi>" for part in (outlet, date, place) if part]
    return " · ".join([*known, f'<bdi class="fn-path">{inert(path)}</bdi>'])


def anchor(turn: int, number: int) -> str:
    return f"source-{turn}-{number}"
