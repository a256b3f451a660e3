"""Prompts are files in `prompts/`; here they are loaded, checked and filled with passages that are data, not orders."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from rag.errors import PromptError
from rag.types import Hit
from rag.visible import visible

if TYPE_CHECKING:
    from llama_index.core.prompts import PromptTemplate

DECLINED = "NOT IN THE DOCUMENTS"  # the one line a model writes where the passages do not answer

_TITLE = 200  # characters of a title that are sent

_FENCE = re.compile(r"[<>\ufe64\ufe65\uff1c\uff1e](?:\s*[<>\ufe64\ufe65\uff1c\uff1e])+")


def load(name: str, folder: Path, *, variables: frozenset[str] | set[str]) -> PromptTemplate:
    """Read `folder/name.txt` as a template that uses each of `variables` and no other.

    Raises PromptError where the file cannot be read, or its variables do not fit.
    """
    from llama_index.core.prompts import PromptTemplate

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
    """Return a passage between the marks that `prompts/answer.txt` explains, with its number, title and date."""
    title = " ".join(defused(hit.title).split())[:_TITLE]
    head = " | ".join(part for part in (f"PASSAGE {number}", title, defused(hit.date or "")) if part)
    return f"<<<{head}>>>\n{defused(hit.text).strip()}\n<<<END OF PASSAGE {number}>>>"


def defused(text: str) -> str:
    """Return text that shows all it holds and cannot look like a fence: of several angle brackets one is left."""
    return _FENCE.sub(lambda run: run.group()[0], visible(text))
