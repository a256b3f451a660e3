"""Questions and answers as HTML that is safe in a browser: pure functions of their arguments.

Gradio shows this HTML through its Markdown renderer, so text must be inert twice: for HTML and for Markdown.
`inert` writes every ASCII character that either could read as syntax, line ends included, as a character
reference; what is left of a hostile string is its letters.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.terminal import plain
from rag.types import Answer, Statement
from rag.words import spelled, stems

_SYNTAX = re.compile(r"[^A-Za-z0-9 \u00a0-\U0010ffff]")
NOT_AN_ANSWER = "Nearest passages, not an answer"
PARTLY = "partly supported"
SEE_LOG = "Try again; the details are in the program's log."
STOPPED = "Stopped."
STOPPED_HERE = "Stopped here: there may be more."
_CONFIDENCE = ((0.8, "high"), (0.5, "medium"), (0.0, "low"))
_QUOTES = (("“", "”"), ("«", "»"))
_FIRST = 6  # statements shown of an answer that has many; the others are folded
_MANY = 9  # from which on that is
_LONG = 120  # characters of a short answer that is set as text, not as a headline
_HEARD = 300  # characters of an answer that are read out
_AGAIN = '<a class="fn-again" href="#again" role="button">Try again</a>'


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


def hint() -> str:
    keys = "<kbd>Shift</kbd> <kbd>Enter</kbd> breaks the line"
    return f'<div class="fn-hint"><p class="fn-note fn-keys">{keys}</p><p class="fn-note">Export:</p></div>'


def welcome(suggested: Sequence[str] = (), *, documents: int = 1) -> str:
    """Return what stands in an empty conversation: what to expect, and first questions that can be clicked."""
    told = (
        "Each sentence of an answer points to the place that says so. If the documents do not say, you are told."
        if documents
        else "There are no documents here yet. Add some, then ask about them."
    )
    items = "".join(
        f'<li><a class="fn-suggestion" href="#ask" role="button">{inert(one)}</a></li>' for one in suggested
    )
    asks = f'<p class="fn-note">For example</p><ul class="fn-suggestions">{items}</ul>' if items else ""
    return f'<div class="fn-welcome"><h2>Ask your documents</h2><p>{told}</p>{asks}</div>'


def question(text: str) -> str:
    return f'<p class="fn-question">{inert(text)}</p>'


def pending(text: str = "Searching…", *, read: str = "") -> str:
    """Return what is being done; `read` is the question as it was completed, where that differs."""
    return f'{_read_as(read)}<p class="fn-pending">{inert(text)}</p>'


def stopped(found: str = "") -> str:
    """Return what an interrupted answer had found, and that there may be more."""
    return f'{found}<p class="fn-note fn-stopped">{STOPPED_HERE if found else STOPPED} {_AGAIN}</p>'


def fault(message: str, *, remedy: str = "", again: bool = False) -> str:
    """Return the box for something that went wrong, which is not a refusal."""
    told = "".join(f"<p>{inert(text)}</p>" for text in (message, remedy) if text)
    offer = f"<p>{_AGAIN}</p>" if again else ""
    return f'<div class="fn-box fn-fault" role="alert"><strong>That did not work.</strong>{told}{offer}</div>'


def unexpected(*, again: bool = False) -> str:
    """Return the box for an error that nobody foresaw; its details are for the log alone."""
    return fault("An unexpected error stopped this.", remedy=SEE_LOG, again=again)


def answer(given: Answer, *, asked: str, turn: int, searched: int = 0) -> str:
    """Return the answer, its marks linked to the evidence of this `turn` of the conversation.

    `searched` is the number of documents that a refusal has looked into.
    """
    read = given.question if given.question.strip() != asked.strip() else ""
    notes = "".join(f'<p class="fn-told"><strong>Note:</strong> {inert(note)}</p>' for note in given.notes)
    if given.abstained:
        body = f"{_refusal(given, turn=turn, searched=searched)}{notes}"
    else:
        body = f"{_statements(given, turn=turn)}{notes}{_sure(given)}"
    return f'<div class="fn-answer">{_read_as(read)}{body}</div>'


def announcement(given: Answer) -> str:
    """Return what a screen reader hears when an answer is complete, its notes included."""
    notes = "".join(f" Note: {note}" for note in given.notes)
    if given.abstained:
        return f"No sure answer. {given.reason}{notes}"
    short = balanced(given.short) or " ".join(given.statements[0].text.split()).rstrip(".")
    short = short if len(short) <= _HEARD else f"{short[:_HEARD].rstrip()} …"
    return f"Answer complete: {short}. Confidence {told_of(given)}.{notes}"


def confidence(value: float) -> str:
    """Return a probability in words and as a number."""
    word = next(word for least, word in _CONFIDENCE if value >= least)
    return f"{word} ({value:.0%})"


def told_of(given: Answer) -> str:
    """Return how sure an answer is, what it rests on and what of it only in part, in words."""
    part = sum(statement.support == "partial" for statement in given.statements)
    many = counted(len(given.statements), "sentence") if len(given.statements) >= _MANY else ""
    return ", ".join(
        filter(None, (confidence(given.confidence), many, sources(given), f"{part} {PARTLY}" if part else ""))
    )


def sources(given: Answer) -> str:
    """Return how many documents an answer rests on."""
    return counted(len({citation.path for citation in given.citations}), "source")


def looked_for(given: Answer) -> list[str]:
    """Return the words of the question that were searched for, in its own spelling."""
    return spelled(given.question, set(stems(given.question)))


def balanced(text: str) -> str:
    """Return a short answer with the quotation marks that it was cut between."""
    if text.count('"') % 2:
        opens = re.search(r'(?:^|[\s(\[])"[^"]*$', text)
        text = f'{text}"' if opens else f'"{text}'
    for left, right in _QUOTES:
        depth = least = 0
        for mark in re.findall(f"[{left}{right}]", text):
            depth += 1 if mark == left else -1
            least = min(least, depth)
        text = f"{left * -least}{text}{right * (depth - least)}"
    return text


def counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def anchor(turn: int, number: int) -> str:
    return f"source-{turn}-{number}"


def _reference(match: re.Match[str]) -> str:
    code = ord(match[0])
    # The other control characters have no reference that HTML accepts.
    return f"&#{code};" if code in (9, 10) or 32 <= code < 127 else "\ufffd"


def _read_as(question: str) -> str:
    return f'<p class="fn-note fn-read">Read as: <q>{inert(question)}</q></p>' if question else ""


def _statements(given: Answer, *, turn: int) -> str:
    """The short answer and the sentences that hold it; of many, all but the first are folded."""
    long = " fn-long" * (len(given.short) > _LONG)
    short = f'<p class="fn-short{long}">{inert(balanced(given.short))}</p>' if given.short else ""
    items = [f'<p class="fn-statement">{_statement(one, turn=turn)}</p>' for one in given.statements]
    if len(items) < _MANY:
        return f"{short}{''.join(items)}"
    more = f"{counted(len(items) - _FIRST, 'more sentence')}, each with its source"
    folded = f'<details class="fn-rest"><summary>{more}</summary>{"".join(items[_FIRST:])}</details>'
    return f"{short}{''.join(items[:_FIRST])}{folded}"


def _statement(given: Statement, *, turn: int) -> str:
    marks = " ".join(
        f'<a class="fn-mark" href="#{anchor(turn, c.number)}" title="Show source {c.number}">[{c.number}]</a>'
        for c in given.citations
    )
    part = f' <span class="fn-tag">{PARTLY}</span>' if given.support == "partial" else ""
    return f"{inert(' '.join(given.text.split()))}&nbsp;{marks}{part}"  # a mark never stands alone on a line


def _sure(given: Answer) -> str:
    if not given.complete:
        return f'<p class="fn-pending">Still {"reading" if given.answered_by == "reader" else "writing"}…</p>'
    by = "" if given.answered_by == "reader" else f" · answered by {inert(given.answered_by)}"
    meter = f'<span class="fn-meter fn-of-10-{round(given.confidence * 10)}" aria-hidden="true"></span>'
    told = f"Confidence: {confidence(given.confidence)} · {sources(given)}{by}"
    return f'<p class="fn-note fn-sure">{meter}{told}</p>'


def _refusal(given: Answer, *, turn: int, searched: int) -> str:
    found = ", ".join(f"<b>{inert(word)}</b>" for word in looked_for(given))
    looked = f'<p class="fn-note">Looked for {found} in {counted(searched, "document")}.</p>' if searched else ""
    items = "".join(
        f'<li><a class="fn-mark fn-near" href="#nearest-{turn}-{number}"><bdi>{inert(hit.title)}</bdi></a></li>'
        for number, hit in enumerate(given.nearest, start=1)
    )
    near = f'<p class="fn-note">{NOT_AN_ANSWER}</p><ol class="fn-nears">{items}</ol>' if items else ""
    return (
        f'<div class="fn-box fn-refusal"><strong>No sure answer found</strong><p>{inert(given.reason)}</p>'
        f"{looked}{near}</div>"
    )
