"""The names that others call: pinned here, so that no change of them goes unseen."""

from __future__ import annotations

import dataclasses
import inspect
import subprocess
import sys

import rag
from rag import Answer, Assistant, Citation, Hit, Index, Span, Statement, UpdateReport


def test_the_public_names_are_these() -> None:
    assert rag.__all__ == [
        "Answer", "Assistant", "Citation", "Config", "Document", "Hit", "Index", "RagError", "Span", "Statement",
        "Turn", "UpdateReport",
    ]  # fmt: skip
    assert dir(rag) == rag.__all__ == sorted(rag.__all__)
    assert all(getattr(rag, name).__name__ == name for name in rag.__all__)


def test_importing_the_package_imports_nothing_heavy() -> None:
    code = "import rag, sys; print(sorted({'torch', 'llama_index', 'gradio', 'faiss', 'numpy'} & sys.modules.keys()))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"


def test_values_have_the_fields_that_the_design_names() -> None:
    public = {
        kind: {one for one in dir(kind) if not one.startswith("_")} for kind in (Answer, Statement, Citation, Hit)
    }
    assert {"text", "short", "abstained", "reason", "confidence", "statements", "citations"} <= public[Answer]
    assert {"text", "support", "citations"} <= public[Statement]
    assert {"number", "quote", "title", "path", "page", "span"} <= public[Citation]
    assert {"score", "text", "title", "path", "page", "span"} <= public[Hit]
    assert [field.name for field in dataclasses.fields(Span)] == ["document_id", "start", "end"]
    assert {"added", "updated", "unchanged", "rejected", "gaps"} <= {
        one.name for one in dataclasses.fields(UpdateReport)
    }


def test_methods_take_the_arguments_that_the_design_names() -> None:
    def arguments(function: object) -> list[str]:
        return [name for name in inspect.signature(function).parameters if name != "self"]  # type: ignore[arg-type]

    assert arguments(Assistant.open)[:2] == ["index", "documents"]
    assert arguments(Assistant.ask) == arguments(Assistant.stream) == ["question", "history", "within"]
    assert arguments(Index.update)[0] == "given"
    assert arguments(Index.search)[:2] == ["query", "k"]
    assert arguments(Index.remove) == ["path"]
    assert arguments(Index.documents) == ["within"]
    assert arguments(Index.verify) == arguments(Assistant.as_query_engine) == []


def test_an_unknown_name_is_an_attribute_error() -> None:
    assert not hasattr(rag, "Chunk")
