"""Where sentences begin and end, and which only point elsewhere: one rule for passages, statements and drafts."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from rag.words import STOP_WORDS

Offsets = tuple[int, int]

_BLANK_LINE = re.compile(r"\n[^\S\n]*(?:\n[^\S\n]*)+")
_WRAP_WIDTH = 120  # a wider line is a paragraph of its own, not one that an editor wrapped
_USUAL = 0.9  # share of a block's lines that are no longer than its width
_PROSE = 50  # characters of width from which lines are taken for wrapped prose
_FULL = 0.75  # share of the width that a line of a proportional font fills at least
_ITEM = re.compile(r"(?:[-*•]|\d{1,2}[.)])\s")
_GOES_ON = ")]”’,;:"
_INITIALS = re.compile(r"(?:\b[A-Z]\.){2,}\Z")
_SPEAKER = re.compile(
    r"(?:[^\W\d_a-z][\w’'-]*\s+){1,3}(?:said|says|asked|told|added|replied|answered|wrote|warned|insisted|noted)\b"
)

# A line that only points to another article stays in the text and is never evidence. Some labels say so by themselves
# ("Read more: …"); others open sentences too, and point where capitals or a missing full stop make them a headline's.
_SOMETHING = (  # "Syria", "BBC News"; no day: "Also on Monday: …" is news
    r"(?!\w+day\b|jan|feb|mar(?:ch)?\b|apr|may\b|june?\b|july?\b|aug|sep|oct|nov|dec)"
    r"(?-i:[A-ZÀ-ÖØ-Þ])[^\s:|,;]*(?:\s+[^\s:|,;]+){0,4}?"
)
_CLEAR = (
    rf"read more(?:\s+(?:about|at|from|in|on)\s+(?:our\b[^:|,;]{{1,40}}?|{_SOMETHING}))?|"
    r"read (?:also|next|on)|also read|see also|more (?:on|from) this(?: story| topic)?|"
    r"(?:related|recommended) (?:stories|articles|reading|news|topics)|recommended for you|you (?:may|might) also like|"
    r"read (?:(?:the|our|this|his|her|their) )?(?:full|whole|complete|original) "
    rf"(?:story|article|report|interview|analysis|review|investigation|coverage)(?: (?:at|by|from|in|on) {_SOMETHING})?"
)
_LISTING = r"related|recommended"
_OPENING = r"don[’']t miss|(?:watch|listen|read)(?: live| now| here)?|sign up|subscribe(?: now)?|advertisement"
_NAMING = rf"(?:more (?:from|on)|also (?:from|on)) {_SOMETHING}"
_MARK = r"(?:\s*[:|»›→>]|\s+[–—-]\s|\]\(|\s*\[[^\]\n]*\]\()"
_LABEL = re.compile(
    rf"[\W_]*(?:(?P<lists>{_CLEAR}|{_LISTING})|{_OPENING}|{_NAMING}(?=[*_]{{0,3}}\s*[:|»›→]))[*_]{{0,3}}"
    r"(?P<mark>\s*[:|»›→>–—-])?[\s*_›>→…]*",
    re.IGNORECASE,
)
_POINTS = re.compile(
    rf"[\W_]*(?:(?:{_CLEAR})(?: here)?[*_]{{0,3}}(?:{_MARK}|\W*$)|read more (?:about|at|from|in|on)\b[^,;]*$|"
    r"(?:subscribe|sign up) (?:to|for) (?:our|the|your)\b[\w ’'-]{0,60}\b(?:newsletters?|alerts?|briefings?)\W*$)",
    re.IGNORECASE,
)
_MAY_POINT = re.compile(
    rf"[\W_]*(?:(?P<label>{_LISTING}|{_OPENING}|{_NAMING})[*_]{{0,3}}{_MARK}|"
    r"(?P<more>read more)\s+(?:(?:about|at|from|in|on)\b|(?-i:[A-ZÀ-ÖØ-Þ“‘\"'\[])))",
    re.IGNORECASE,
)
_POINTER_LENGTH = 300  # characters; a longer sentence says something itself
_LINE_BEFORE = 200  # characters in which the line before, if it is a label, stands whole
_CLOSING = "\"”’')]*_»› \t\n"
_STOPS = ".!:;,。"


def is_pointer(text: str, start: int = 0, end: int | None = None) -> bool:
    """Whether the sentence text[start:end] only points elsewhere ("Read more: …") and so says nothing itself.

    A headline below a line that is no more than such a label points elsewhere too.
    """
    sentence = text[start:end]
    if len(sentence) > _POINTER_LENGTH:
        return False
    return _points(sentence) or (_is_headline(sentence) and _introduces(_line_before(text, start)))


def _points(sentence: str) -> bool:
    if _LABEL.fullmatch(sentence) or _POINTS.match(sentence):
        return True
    match = _MAY_POINT.match(sentence)
    return match is not None and ((match["label"] or match["more"]).isupper() or _is_headline(sentence))


def _is_headline(sentence: str) -> bool:
    """Whether it does not end as sentences of a text do."""
    return sentence.rstrip(_CLOSING)[-1:] not in _STOPS


def _introduces(line: str) -> bool:
    """Whether a line is only a label for what comes next ("Read more:", "Related")."""
    match = _LABEL.fullmatch(line)
    return match is not None and bool(match["lists"] or match["mark"])


def _line_before(text: str, start: int) -> str:
    """The last line with text before the one that begins at `start`; empty where there is none or it is long."""
    first = max(0, start - _LINE_BEFORE)
    before = text[first:start].rstrip(" \t")
    line = before.rstrip().rpartition("\n")
    return line[2] if before.endswith("\n") and (line[1] or not first) else ""


def sentences(text: str, headings: tuple[Offsets, ...] = ()) -> list[Offsets]:
    """Half-open offsets of the sentences, in order, without outer white space; every other character is in one.

    Boundaries are those of Punkt (Kiss & Strunk 2006), but a blank line, a heading and a line break that no
    wrapping explains always end a sentence.
    """
    found: list[Offsets] = []
    for start, end in _blocks(text, headings):
        first = len(found)
        for left, right in _punkt().span_tokenize(text[start:end]):
            found.extend(_stripped(text, start + left, start + right))
            if len(found) > first + 1 and _goes_on(text[slice(*found[-2])], text[slice(*found[-1])]):
                found[-2:] = [(found[-2][0], found[-1][1])]
    return _gapless(text, found)


def _goes_on(left: str, right: str) -> bool:
    """Whether Punkt cut one sentence in two: “Never!” | he said; “Why?” | Lesk asked; J.D. | Vance; 1. | First."""
    if right[0].islower() or right[0] in _GOES_ON or _ITEM.fullmatch(f"{left} "):
        return True
    if _INITIALS.search(left):
        return right.split(maxsplit=1)[0].strip(_CLOSING + _STOPS).lower() not in STOP_WORDS
    return left[-1] in _CLOSING and _SPEAKER.match(right) is not None


def _blocks(text: str, headings: tuple[Offsets, ...]) -> Iterator[Offsets]:
    """Paragraphs: cut at blank lines, around headings, and at line breaks that are not wrapping."""
    cuts = {0, len(text)} | {offset for heading in headings for offset in heading}
    cuts.update(match.start() for match in _BLANK_LINE.finditer(text))
    edges = sorted(cut for cut in cuts if cut <= len(text))
    for start, end in pairwise(edges):
        yield from _lines(text, start, end)


def _lines(text: str, start: int, end: int) -> Iterator[Offsets]:
    """Split a block at each break after which the next word would still have fitted on the line.

    In a proportional font, as PDFs have, fewer characters may fill a line: a line of prose that is mostly full and ends
    no sentence goes on. An item of a list and a row of a table are lines of their own.
    """
    lines = [(start + m.start(), start + m.end()) for m in re.finditer(r"[^\n]+", text[start:end])]
    if not lines:
        return
    lengths = sorted(right - left for left, right in lines)
    width = lengths[math.ceil(_USUAL * len(lines)) - 1]
    begin = lines[0][0]
    for (left, right), (next_left, next_right) in pairwise(lines):
        line, following = text[left:right].strip(), text[next_left:next_right].strip()
        apart = (
            max(width, len(line), len(following)) > _WRAP_WIDTH
            or _ITEM.match(following)
            or " | " in line
            or " | " in following
        )
        full = width >= _PROSE and len(line) >= _FULL * width and line.rstrip(_CLOSING)[-1:] not in _STOPS
        fits = right - left + 1 + len(following.split(maxsplit=1)[0] if following else "") <= width
        if apart or (fits and not full and not (following[:1].islower() and len(line) >= width / 2)):
            yield begin, right
            begin = next_left
    yield begin, lines[-1][1]


def _stripped(text: str, start: int, end: int) -> Iterator[Offsets]:
    piece = text[start:end]
    left = len(piece) - len(piece.lstrip())
    right = len(piece.rstrip())
    if left < right:
        yield start + left, start + right


def _gapless(text: str, found: list[Offsets]) -> list[Offsets]:
    """Give any visible character that the tokenizer left between two sentences to a sentence of its own."""
    whole: list[Offsets] = []
    position = 0
    for start, end in [*found, (len(text), len(text))]:
        whole.extend(_stripped(text, position, start))
        if start < end:
            whole.append((start, end))
        position = end
    return whole


@cache
def _punkt() -> Any:
    """Punkt with the English data that llama-index-core carries; nothing is downloaded."""
    import llama_index.core
    import nltk.data
    from nltk.tokenize.punkt import PunktSentenceTokenizer, load_punkt_params

    folder = str(Path(next(iter(llama_index.core.__path__))) / "_static" / "nltk_cache")
    if folder not in nltk.data.path:  # nltk opens no file elsewhere
        nltk.data.path.append(folder)
    parameters = load_punkt_params(nltk.data.find("tokenizers/punkt_tab/english/", paths=[folder]))
    parameters.abbrev_types |= _ABBREVIATIONS
    return PunktSentenceTokenizer(parameters)


# Titles and units that news text is full of and the English model lacks.
_ABBREVIATIONS = {
    "gen", "gens", "brig", "col", "lt", "maj", "sgt", "cpl", "capt", "cmdr", "adm", "gov", "govs", "sen", "sens", "rep",
    "reps", "amb", "rev", "hon", "prof", "supt", "det", "insp", "dr", "mr", "mrs", "ms", "messrs", "st", "mt", "jr",
    "sr", "no", "vs", "dept", "est", "approx", "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct",
    "nov", "dec", "u.s", "u.n", "u.k", "e.u", "e.g", "i.e", "a.m", "p.m",
}  # fmt: skip
