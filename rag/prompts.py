"""Prompts are files in `prompts/`; here they are loaded, checked and filled with passages that are data, not orders."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from rag.errors import PromptError
from rag.types import Hit, Turn
from rag.visible import visible

if TYPE_CHECKING:
    from llama_index.core.prompts import PromptTemplate

DECLINED = "NOT IN THE DOCUMENTS"  # the one line a model writes where the passages do not answer
VARIABLES = MappingProxyType(
    {
        "answer": frozenset({"question", "passages", "not_found"}),
        "rewrite": frozenset({"history", "question"}),
        "comparison": frozenset({"question", "sides", "passages", "not_found"}),
    }
)

_TITLE = 200  # characters of a title that are sent
_TURNS = 4  # of the turns before, the last ones
_ANSWER = 600  # characters of an earlier answer that are sent

# Angle brackets, and what looks like one or two of them. "》《", as in a list of titles in Chinese, is no fence.
_OPENING = "<\u02c2\u1438\u2039\u276e\u27e8\u3008\ufe64\uff1c\u00ab\u226a\u27ea\u300a"
_CLOSING = ">\u02c3\u1433\u203a\u276f\u27e9\u3009\ufe65\uff1e\u00bb\u226b\u27eb\u300b"
_BETWEEN = r"[\s\u0300-\u036f\u20d0-\u20ff]*"  # combining marks hang on to a bracket
_FENCE = re.compile("|".join(f"[{every}](?:{_BETWEEN}[{every}])+" for every in (_OPENING, _CLOSING)))
_TRIPLE = str.maketrans({"\u22d8": "<", "\u22d9": ">", "\u2af7": "<", "\u2af8": ">"})
_MARK = re.compile(r"\b(?:END\s+OF\s+)?(?:PASSAGE|TURN)(?=\s*\d)")
_NUMBERS = re.compile(r"\s*\[\d+\]")


def load(name: str, folder: Path, *, variables: frozenset[str] | set[str] | None = None) -> PromptTemplate:
    """Read `folder/name.txt` as a template that uses each of its `variables` (see VARIABLES) and no other.

    Raises PromptError where the file cannot be read, or its variables do not fit.
    """
    from llama_index.core.prompts import PromptTemplate

    variables = VARIABLES[name] if variables is None else variables
    file = folder / f"{name}.txt"
    try:
        template = PromptTemplate(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise PromptError(
            f"{file}: the prompt cannot be read ({type(error).__name__}).",
            remedy="Let `prompts` in rag.toml name a folder that holds it, such as a copy of the bundled one.",
        ) from None
    used = set(template.template_vars)
    if missing := variables - used:
        raise PromptError(
            f"{file}: the prompt lacks {_listed(missing)}.", remedy="Put it back where its value belongs."
        )
    if unknown := used - variables:
        raise PromptError(
            f"{file}: the prompt uses {_listed(unknown)}, which nothing fills.", remedy=f"Known: {_listed(variables)}."
        )
    return template


def _listed(names: set[str] | frozenset[str]) -> str:
    return ", ".join(f"{{{name}}}" for name in sorted(names))


def fenced(number: int, hit: Hit) -> str:
    """Return a passage between the marks that the prompts explain, with its number, title and date."""
    title = _line(hit.title)[:_TITLE].replace("|", "/")
    head = " | ".join(part for part in (f"PASSAGE {number}", title, _line(hit.date or "")) if part)
    return f"<<<{head}>>>\n{_within(hit.text)}\n<<<END OF PASSAGE {number}>>>"


def remembered(history: Sequence[Turn]) -> str:
    """Return the last turns between the marks that `prompts/rewrite.txt` explains: what was asked and answered."""
    turns = []
    for number, turn in enumerate(history[-_TURNS:], start=1):
        answer = _line(_NUMBERS.sub("", turn.answer))
        said = answer if len(answer) <= _ANSWER else f"{answer[:_ANSWER].rstrip()} …"
        lines = [f"<<<TURN {number}>>>", f"Asked: {_line(turn.question)}", f"Answered: {said}"]
        turns.append("\n".join([*lines, f"<<<END OF TURN {number}>>>"]))
    return "\n\n".join(turns)


def named_sides(sides: Sequence[str]) -> str:
    """Return the names of the sides as `prompts/comparison.txt` takes them: separated by commas."""
    return ", ".join(_line(side).replace(",", " ") for side in sides)


def without_silent(draft: str, sides: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """Return a comparison without the lines that say of a side that no passage speaks of it, and those sides.

    It comes before the draft is checked: DECLINED anywhere else in a draft stands for the whole of it.
    """
    named = {_line(side).replace(",", " ").casefold(): side for side in sides}
    kept, silent = [], []
    for line in draft.splitlines():
        opening, _, side = line.strip().partition(":")
        name = named.get(" ".join(side.strip(" .*_[]").split()).casefold())
        if opening.strip(" *_-") == DECLINED and name is not None:
            silent.append(name)
        else:
            kept.append(line)
    return "\n".join(kept).strip(), tuple(dict.fromkeys(silent))


def defused(text: str) -> str:
    """Return text that shows all it holds and cannot look like a fence: of several angle brackets one is left."""
    return _FENCE.sub(lambda run: run.group()[0], visible(text).translate(_TRIPLE))


def _within(text: str) -> str:
    """Text between two marks: none of its words can be read as a mark that has lost its brackets."""
    return _MARK.sub(lambda mark: mark.group().lower(), defused(text)).strip()


def _line(text: str) -> str:
    return " ".join(_within(text).split())
