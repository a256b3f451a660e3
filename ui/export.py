"""A conversation as one file that stands on its own, with every source: Markdown, or HTML without any script."""

from __future__ import annotations

import html as escapes
import re
from collections.abc import Iterator

from rag.terminal import plain
from rag.types import Answer, Citation
from ui import render
from ui.conversation import Conversation, Exchange

# What Markdown could read as syntax, with the extensions that readers of it commonly have.
_SYNTAX = re.compile(r"[\\`*_\[\]<>&|~$@^{}#]|(?<=\bwww)\.|:(?=//)")
_OPENING = re.compile(r"^(\d+)?([-+=.)!:])", re.MULTILINE)
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_STYLE = """
:root { color-scheme: light dark; --line: light-dark(#cbd5e1, #475569); --soft: light-dark(#475569, #94a3b8);
  --mark: light-dark(#fef3c7, #78350f); --warn: light-dark(#b45309, #fbbf24); }
body { font: 1rem/1.55 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem;
  background: light-dark(#fff, #0f172a); color: light-dark(#0f172a, #e2e8f0); overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; margin-bottom: 0; }
h2 { font-size: 1.125rem; margin: 0; white-space: pre-wrap; }
h3 { font-size: 0.875rem; margin: 1rem 0 0.25rem; color: var(--soft); }
article { border-top: 1px solid var(--line); padding: 1.25rem 0; }
.note { color: var(--soft); font-size: 0.875rem; }
.told { border-left: 3px solid var(--warn); padding-left: 0.75rem; }
.short { font-weight: 600; font-size: 1.125rem; }
.refusal { border: 1px solid var(--warn); border-radius: 0.5rem; padding: 0.25rem 1rem; }
.refusal > strong { color: var(--warn); }
blockquote { margin: 0.25rem 0; padding: 0.25rem 0.75rem; border-left: 3px solid var(--line); background: var(--mark);
  white-space: pre-line; }
ol { padding: 0; list-style: none; }
li { margin: 0 0 1rem; break-inside: avoid; }
a { color: inherit; }
code { font-size: 0.75rem; }
@media print { body { margin: 0; max-width: none; } h2 { break-after: avoid; } }
"""


def markdown(given: Conversation, *, collection: str, date: str) -> str:
    """Return the conversation as Markdown; text of questions and documents shows as its letters and does nothing."""
    lines = ["# Footnote: a conversation", "", f"Asked of {_marked(collection)}, exported on {_marked(date)}.", ""]
    for number, exchange in enumerate(given.exchanges, start=1):
        lines += [f"## {number}\\. {_marked(exchange.asked)}", "", *_markdown_of(exchange)]
    return "\n".join(lines).rstrip() + "\n"


def html(given: Conversation, *, collection: str, date: str) -> str:
    """Return the conversation as one HTML file that fetches nothing and holds no script."""
    articles = "".join(
        f"<article><h2>{_text(exchange.asked)}</h2>{''.join(_html_of(exchange, turn))}</article>\n"
        for turn, exchange in enumerate(given.exchanges, start=1)
    )
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>Footnote: a conversation</title><style>{_STYLE}</style></head>\n"
        f'<body><header><h1>Footnote: a conversation</h1><p class="note">Asked of {_text(collection)}, '
        f"exported on {_text(date)}.</p></header>\n<main>{articles}</main></body></html>\n"
    )


def _markdown_of(exchange: Exchange) -> Iterator[str]:
    answer = exchange.answer
    if answer and answer.question.strip() != exchange.asked.strip():
        yield from (f"Read as: {_marked(answer.question)}", "")
    if answer and answer.abstained:
        yield from ("**No sure answer found.** " + _marked(answer.reason), "", *_noted(answer))
        yield from (_marked(line) + "\n" for line in _looked(exchange, answer))
        yield from (f"- {_marked(hit.title)} ({_marked(hit.path)}): {_marked(hit.text)}" for hit in answer.nearest)
        yield ""
    elif answer:
        if answer.short:
            yield from (f"**{_marked(render.balanced(answer.short))}**", "")
        for statement in answer.statements:
            marks = "".join(f"\\[{citation.number}\\]" for citation in statement.citations)
            part = f" ({render.PARTLY})" if statement.support == "partial" else ""
            yield from (f"{_marked(statement.text)} {marks}{part}", "")
        yield from (*_noted(answer), _marked(_sure(answer)), "")
        for citation in answer.citations:
            yield from (f"\\[{citation.number}\\] **{_marked(citation.title)}**", "")
            yield from (f"> {line}" for line in _marked(citation.quote, lines=True).split("\n"))
            yield from ("", *(f"- {_marked(line)}" for line in _place(citation)), "")
    if exchange.trouble:
        yield f"{_marked(exchange.trouble)}\n"


def _noted(answer: Answer) -> list[str]:
    return [f"**Note:** {_marked(note)}\n" for note in answer.notes]


def _html_of(exchange: Exchange, turn: int) -> Iterator[str]:
    answer = exchange.answer
    notes = "".join(f'<p class="told"><b>Note:</b> {_text(note)}</p>' for note in (answer.notes if answer else ()))
    if answer and answer.question.strip() != exchange.asked.strip():
        yield f'<p class="note">Read as: {_text(answer.question)}</p>'
    if answer and answer.abstained:
        yield f'<div class="refusal"><strong>No sure answer found</strong><p>{_text(answer.reason)}</p></div>{notes}'
        yield from (f'<p class="note">{_text(line)}</p>' for line in _looked(exchange, answer))
        items = (
            f'<li>{_text(hit.title)} <span class="note">{_text(hit.path)}</span>'
            f"<blockquote>{_text(hit.text)}</blockquote></li>"
            for hit in answer.nearest
        )
        yield f"<ol>{''.join(items)}</ol>"
    elif answer:
        if answer.short:
            yield f'<p class="short">{_text(render.balanced(answer.short))}</p>'
        for statement in answer.statements:
            marks = "".join(
                f'<a href="#{render.anchor(turn, citation.number)}">[{citation.number}]</a>'
                for citation in statement.citations
            )
            part = f' <span class="note">({render.PARTLY})</span>' if statement.support == "partial" else ""
            yield f"<p>{_text(' '.join(statement.text.split()))} {marks}{part}</p>"
        yield f'{notes}<p class="note">{_text(_sure(answer))}</p><h3>Sources</h3><ol>'
        yield from (_source(citation, turn) for citation in answer.citations)
        yield "</ol>"
    if exchange.trouble:
        yield f'<p class="note">{_text(exchange.trouble)}</p>'


def _source(citation: Citation, turn: int) -> str:
    places = "<br>".join(map(_text, _place(citation)))
    return (
        f'<li id="{render.anchor(turn, citation.number)}">[{citation.number}] <strong>{_text(citation.title)}</strong>'
        f'<blockquote>{_text(citation.quote)}</blockquote><p class="note">{places}</p></li>'
    )


def _looked(exchange: Exchange, answer: Answer) -> list[str]:
    found = ", ".join(render.looked_for(answer))
    looked = [f"Looked for {found} in {render.counted(exchange.searched, 'document')}."] if exchange.searched else []
    return [*looked, f"{render.NOT_AN_ANSWER}:"] if answer.nearest else looked


def _sure(answer: Answer) -> str:
    by = "" if answer.answered_by == "reader" else f" · answered by {answer.answered_by}"
    return f"Confidence: {render.confidence(answer.confidence)} · {render.sources(answer)}{by}"


def _place(citation: Citation) -> list[str]:
    """What finds a quote again, line by line."""
    span, document = citation.span, citation.document
    known = [part for part in (citation.outlet, citation.date, citation.place) if part]
    return [
        *([" · ".join(known)] if known else []),
        document.path,
        f"characters {span.start}–{span.end} of the text with SHA-256 {document.id}",
        f"the file's SHA-256 is {document.sha256}",
    ]


def _marked(text: str, *, lines: bool = False) -> str:
    """Return `text` so that Markdown shows its letters; white space is one space, or with `lines` ends lines."""
    rows = [" ".join(row.split()) for row in _shown(text).split("\n")]
    joined = "\\\n".join(filter(None, rows)) if lines else " ".join(filter(None, rows))
    return _OPENING.sub(r"\1\\\2", _SYNTAX.sub(r"\\\g<0>", joined) if not lines else _lined(joined))


def _lined(joined: str) -> str:
    return "\\\n".join(_SYNTAX.sub(r"\\\g<0>", row) for row in joined.split("\\\n"))


def _text(text: str) -> str:
    return escapes.escape(_shown(text))


def _shown(text: str) -> str:
    """Return text without what turns lines around, and without characters that no file can hold."""
    return plain(text).encode("utf-8", "replace").decode("utf-8")
