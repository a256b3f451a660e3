"""Footnote: answers over your own documents, each sentence with the place that says so."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rag.assistant import Assistant
    from rag.config import Config
    from rag.errors import RagError
    from rag.index import Index
    from rag.types import Answer, Citation, Document, Hit, Span, Statement, Turn, UpdateReport

_HOMES = {
    "Answer": "types",
    "Assistant": "assistant",
    "Citation": "types",
    "Config": "config",
    "Document": "types",
    "Hit": "types",
    "Index": "index",
    "RagError": "errors",
    "Span": "types",
    "Statement": "types",
    "Turn": "types",
    "UpdateReport": "types",
}

__all__ = [
    "Answer",
    "Assistant",
    "Citation",
    "Config",
    "Document",
    "Hit",
    "Index",
    "RagError",
    "Span",
    "Statement",
    "Turn",
    "UpdateReport",
]


def __getattr__(name: str) -> Any:
    """Import on first use: torch and llama-index take seconds, and `rag --help` needs neither."""
    if name not in _HOMES:
        raise AttributeError(f"module 'rag' has no attribute {name!r}")
    return getattr(import_module(f"rag.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
